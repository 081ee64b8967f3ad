#!/usr/bin/env bash
# The zone of a point is no guide to its country: the time zone database has merged zones with equal clocks since 1970,
# so that places lie in a zone that is named after a city of another country, and Antarctica in zones of others.
# Version: tzfpy 2.1.1.
# Seen: Hanoi in Asia/Bangkok, Pristina in Europe/Belgrade, a point in Antarctica in Africa/Johannesburg.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tzfpy==2.1.1
cat >"$work/try.py" <<'PYTHON'
from tzfpy import get_tz

POINTS = {"Hanoi": (105.85, 21.03), "Haiphong": (106.68, 20.86), "Ho Chi Minh City": (106.7, 10.78),
          "Pristina": (21.17, 42.66), "75 degrees south": (0.0, -75.0)}
for name, (longitude, latitude) in POINTS.items():
    print(f"{name}: {get_tz(longitude, latitude)}")
PYTHON
cat >"$work/expected" <<'EXPECTED'
Hanoi: Asia/Bangkok
Haiphong: Asia/Bangkok
Ho Chi Minh City: Asia/Ho_Chi_Minh
Pristina: Europe/Belgrade
75 degrees south: Africa/Johannesburg
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
