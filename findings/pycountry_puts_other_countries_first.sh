#!/usr/bin/env bash
# The first country that pycountry's `search_fuzzy` finds can be another one even for a name or a code of the standard,
# since it adds up points for parts of the names of countries and of their regions. `lookup` has the right one.
# Version: pycountry 26.2.16.
# Seen: Niger becomes Nigeria, Curaçao the Netherlands, the codes RE and MO become GB and MC. Korea becomes North Korea.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pycountry==26.2.16
cat >"$work/try.py" <<'PYTHON'
from pycountry import countries


def looked_up(text):
    try:
        return countries.lookup(text).alpha_2
    except LookupError:
        return "none"


for text in ("Niger", "Curaçao", "Korea", "RE", "MO", "BL", "AI", "MUS", "Mali", "NA"):
    print(f"{text}: first found {countries.search_fuzzy(text)[0].alpha_2}, looked up {looked_up(text)}")
PYTHON
cat >"$work/expected" <<'EXPECTED'
Niger: first found NG, looked up NE
Curaçao: first found NL, looked up CW
Korea: first found KP, looked up none
RE: first found GB, looked up RE
MO: first found MC, looked up MO
BL: first found RU, looked up BL
AI: first found KN, looked up AI
MUS: first found TR, looked up MU
Mali: first found ML, looked up ML
NA: first found NA, looked up NA
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
