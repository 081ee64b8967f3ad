#!/usr/bin/env bash
# Well-known text as databases write it, read by a library for it: a measure (M) becomes a height (Z), a ring that is
# not closed is closed without a word, while a point with both (ZM), a sign or a tab is refused.
# Versions: pygeoif 1.6.0; shapely 2.1.2 refuses the open ring and reads the rest.
# Seen: as listed below.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pygeoif==1.6.0 shapely==2.1.2
cat >"$work/try.py" <<'PYTHON'
import pygeoif
import shapely

TEXTS = ["POINT M (1 2 3)", "POLYGON((0 0, 4 0, 4 4))", "POINT ZM (1 2 3 4)", "POINT(+1 2)", "POINT\t(1 2)"]


def read(library, text):
    try:
        return library.from_wkt(text).wkt
    except Exception as error:
        return type(error).__name__


for text in TEXTS:
    print(repr(text), read(pygeoif, text), read(shapely, text), sep=" | ")
PYTHON
cat >"$work/expected" <<'EXPECTED'
'POINT M (1 2 3)' | POINT Z (1 2 3) | POINT M (1 2 3)
'POLYGON((0 0, 4 0, 4 4))' | POLYGON ((0 0, 4 0, 4 4, 0 0)) | GEOSException
'POINT ZM (1 2 3 4)' | WKTParserError | POINT ZM (1 2 3 4)
'POINT(+1 2)' | WKTParserError | POINT (1 2)
'POINT\t(1 2)' | WKTParserError | POINT (1 2)
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
