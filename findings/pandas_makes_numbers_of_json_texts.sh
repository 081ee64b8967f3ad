#!/usr/bin/env bash
# pandas.read_json makes numbers of a column of JSON strings that all look like numbers: ids, postal codes and phones lose
# zeros and signs, and long ids are rounded, so that two places have one id. Another text in the column keeps them all.
# Version: pandas 3.1.1. `pandas.DataFrame(json.load(file))`, `dtype=False` and `dtype={"place_id": str}` keep the texts.
# Seen: 0017 becomes 17, which another place is; the phone and the postal code are numbers; two long ids are one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1
cat >"$work/try.py" <<'PYTHON'
import io
import json

import pandas

FIELDS = ("place_id", "postalCode", "phone", "store")
places = [
    dict(zip(FIELDS, ("0017", "02134", "+12125550123", "12345678901234567891"))),
    dict(zip(FIELDS, ("17", "02138", "+12125550124", "12345678901234567892"))),
]
other = dict(zip(FIELDS, ("north", "EC1A 1BB", "none", "main")))


def read(places, **options):
    return pandas.read_json(io.StringIO(json.dumps(places)), **options)


def show(what, frame):
    print(f"{what}:", *frame.to_dict("records")[0].values(), "- different:", *(frame[:2][key].nunique() for key in FIELDS))


show("DataFrame", pandas.DataFrame(places))
show("read_json", read(places))
show("read_json of three", read([*places, other]))
show("read_json, dtype=False", read(places, dtype=False))
show("read_json, dtype=str", read(places, dtype={field: str for field in FIELDS}))
PYTHON
cat >"$work/expected" <<'EXPECTED'
DataFrame: 0017 02134 +12125550123 12345678901234567891 - different: 2 2 2 2
read_json: 17 2134 12125550123 1.2345678901234567e+19 - different: 1 2 2 1
read_json of three: 0017 02134 +12125550123 12345678901234567891 - different: 2 2 2 2
read_json, dtype=False: 0017 02134 +12125550123 12345678901234567891 - different: 2 2 2 2
read_json, dtype=str: 0017 02134 +12125550123 12345678901234567891 - different: 2 2 2 2
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
