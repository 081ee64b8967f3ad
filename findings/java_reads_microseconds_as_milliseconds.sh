#!/usr/bin/env bash
# Java's SimpleDateFormat takes the digits after the second for a number of milliseconds, however many there are: a time
# with microseconds is read as one that is as much as 16 minutes later, without an error, so that times change their order.
# Version: Java 17, where `Instant.parse` reads them rightly. With `setLenient(false)` only some are refused.
# Seen: 09:30:00.999999 becomes 09:46:39.999, later than 09:40; strict, 0.000999 seconds still become 0.999.
set -euo pipefail
command -v javac >/dev/null || { echo "Java is needed: apt-get install openjdk-17-jdk-headless" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/Try.java" <<'JAVA'
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.time.Instant;

public class Try {
    public static void main(String[] times) {
        for (boolean lenient : new boolean[] {true, false}) {
            SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSX");
            format.setLenient(lenient);
            System.out.println(lenient ? "as it is" : "strict");
            for (String time : times) {
                String read;
                try {
                    read = format.parse(time).toInstant().toString();
                } catch (ParseException error) {
                    read = "refused";
                }
                System.out.println(Instant.parse(time) + " " + read);
            }
        }
    }
}
JAVA
cat >"$work/expected" <<'EXPECTED'
as it is
2026-01-30T09:30:00.999999Z 2026-01-30T09:46:39.999Z
2026-01-30T09:30:00.000999Z 2026-01-30T09:30:00.999Z
2026-01-30T09:40:00.000001Z 2026-01-30T09:40:00.001Z
strict
2026-01-30T09:30:00.999999Z refused
2026-01-30T09:30:00.000999Z 2026-01-30T09:30:00.999Z
2026-01-30T09:40:00.000001Z 2026-01-30T09:40:00.001Z
EXPECTED
java "$work/Try.java" 2026-01-30T09:30:00.999999Z 2026-01-30T09:30:00.000999Z 2026-01-30T09:40:00.000001Z >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
