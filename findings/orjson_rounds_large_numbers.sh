#!/usr/bin/env bash
# Whole numbers beyond 64 bits, such as some systems have for ids, are read as doubles by orjson, without an error.
# Versions: orjson 3.13.0, msgspec 0.22.0, json of Python 3.11.
# Seen: orjson gives a rounded float; msgspec and Python's json keep every digit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check orjson==3.13.0 msgspec==0.22.0
cat >"$work/try.py" <<'PYTHON'
import json

import msgspec
import orjson

BODY = b'{"store": 123456789012345678901}'
for read in (orjson.loads, msgspec.json.decode, json.loads):
    print(read.__module__ or read.__qualname__, repr(read(BODY)["store"]))
PYTHON
cat >"$work/expected" <<'EXPECTED'
orjson 1.2345678901234568e+20
msgspec 123456789012345678901
json 123456789012345678901
EXPECTED
"$work/venv/bin/python" "$work/try.py" | sed 's/^msgspec[^ ]*/msgspec/' >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
