#!/usr/bin/env bash
# geopy reads coordinates from texts, and loses the minus of zero degrees with minutes, and what is before the last part
# that it understands: an exponent, as Python writes small numbers, decimal commas, minutes without signs.
# Versions: geopy 2.5.0; lat-lon-parser 1.3.1 reads all halves but the exponent rightly.
# Seen: Quito moves to the north of the equator, a place in Uganda by five degrees, Paris into tropical seas. No error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check geopy==2.5.0 lat-lon-parser==1.3.1
cat >"$work/try.py" <<'PYTHON'
import lat_lon_parser
from geopy import Point

PLACES = {
    "Nairobi": ("-1° 17' 0\"", "36° 49' 0\""),
    "Quito": ("-0° 11' 0\"", "-78° 28' 0\""),
    "Uganda": (str(0.0001), str(32.04)),
    "Uganda, nearer": (str(0.00005), str(32.04)),
    "Paris": ("48.8584", "2.2945"),
    "Paris, commas": ("48,8584", "2,2945"),
    "Paris, minutes": ("48 51 30", "2 17 40"),
}
for name, halves in PLACES.items():
    point = Point(", ".join(halves))
    other = [round(lat_lon_parser.parse(half), 4) for half in halves]
    print(f"{name}: geopy {round(point.latitude, 4)} {round(point.longitude, 4)}, lat-lon-parser", *other)
PYTHON
cat >"$work/expected" <<'EXPECTED'
Nairobi: geopy -1.2833 36.8167, lat-lon-parser -1.2833 36.8167
Quito: geopy 0.1833 -78.4667, lat-lon-parser -0.1833 -78.4667
Uganda: geopy 0.0001 32.04, lat-lon-parser 0.0001 32.04
Uganda, nearer: geopy -5.0 32.04, lat-lon-parser 5.0833 32.04
Paris: geopy 48.8584 2.2945, lat-lon-parser 48.8584 2.2945
Paris, commas: geopy 2.0 65.0, lat-lon-parser 48.8584 2.2945
Paris, minutes: geopy 17.0 40.0, lat-lon-parser 48.8583 2.2944
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
