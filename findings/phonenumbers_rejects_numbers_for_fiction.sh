#!/usr/bin/env bash
# Regulators reserve telephone numbers for films and examples. Some of these are invalid by the library that most
# clients check numbers with, others are valid, so test data need to be chosen country by country.
# Version: phonenumbers 9.0.43. Reserved by Ofcom (GB), ARCEP (FR), ComReg (IE), NANPA (US), ACMA (AU) and PTS (SE).
# Seen: the numbers of GB, FR and IE are invalid, those of US, AU and SE valid.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
cat >"$work/try.py" <<'PYTHON'
import phonenumbers

NUMBERS = ["+447700900123", "+33639981234", "+353209112345", "+12125550123", "+61491570156", "+46701740605"]
for number in NUMBERS:
    parsed = phonenumbers.parse(number)
    print(phonenumbers.region_code_for_country_code(parsed.country_code), phonenumbers.is_valid_number(parsed))
PYTHON
cat >"$work/expected" <<'EXPECTED'
GB False
FR False
IE False
US True
AU True
SE True
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
