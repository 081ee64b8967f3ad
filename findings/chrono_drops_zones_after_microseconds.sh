#!/usr/bin/env bash
# chrono knows up to four digits after the second. From the fifth on it drops them and the zone that follows, and reads
# the rest as local time; four it takes for milliseconds, so that a tenth of a millisecond moves the second.
# Version: chrono-node 2.10.3 of npm, any supported Node.js; JavaScript's own Date reads all of them rightly.
# Seen: in New York a UTC time with microseconds moves by five hours, with Z as with an offset; one with .1234 by a second.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is needed: apt-get install npm" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" chrono-node@2.10.3 >/dev/null
cat >"$work/try.mjs" <<'NODE'
import { parseDate, strict } from "chrono-node";

for (const end of ["Z", ".123Z", ".1234Z", ".123456Z", ".123456+00:00"]) {
  const time = `2026-01-30T09:30:00${end}`;
  const read = [parseDate(time), strict.parseDate(time), new Date(time)].map((date) => date.toISOString().slice(11));
  console.log(`${end}: chrono ${read[0]}, strict ${read[1]}, Date ${read[2]}`);
}
NODE
cat >"$work/expected" <<'EXPECTED'
Z: chrono 09:30:00.000Z, strict 09:30:00.000Z, Date 09:30:00.000Z
.123Z: chrono 09:30:00.123Z, strict 09:30:00.123Z, Date 09:30:00.123Z
.1234Z: chrono 09:30:01.234Z, strict 09:30:01.234Z, Date 09:30:00.123Z
.123456Z: chrono 14:30:00.000Z, strict 14:30:00.000Z, Date 09:30:00.123Z
.123456+00:00: chrono 14:30:00.000Z, strict 14:30:00.000Z, Date 09:30:00.123Z
EXPECTED
TZ=America/New_York node "$work/try.mjs" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
