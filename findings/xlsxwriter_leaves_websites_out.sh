#!/usr/bin/env bash
# XlsxWriter makes links of texts that are web addresses, of which a sheet can have 65,530. The cells of further ones are
# left empty, not just without a link, as are those of addresses above 2,079 characters. It warns, and writes the file.
# Versions: XlsxWriter 3.3.1 under pandas 3.1.1 and polars 2.1.0, read with openpyxl 3.1.5.
# Seen: a long website and the last 10 of 65,540 others are missing; with `strings_to_urls` off all are there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  xlsxwriter==3.3.1 pandas==3.1.1 polars==2.1.0 openpyxl==3.1.5
cat >"$work/try.py" <<'PYTHON'
import itertools
import sys

import openpyxl
import pandas
import polars

websites = ["https://example.com/" + "x" * 2060, *(f"https://example.com/{number}" for number in range(65540))]


def missing(name):
    sheet = openpyxl.load_workbook(f"{sys.argv[1]}/{name}.xlsx", read_only=True).active
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2, max_col=1, values_only=True)]
    return [number for number, pair in enumerate(itertools.zip_longest(websites, cells)) if pair[0] != pair[1]]


def tell(name):
    gone = missing(name)
    print(name, "lacks", len(gone), gone[:1], gone[-1:])


frame = pandas.DataFrame({"website": websites})
frame.to_excel(f"{sys.argv[1]}/pandas.xlsx", index=False, engine="xlsxwriter")
tell("pandas")
plain = {"options": {"strings_to_urls": False}}
frame.to_excel(f"{sys.argv[1]}/plain.xlsx", index=False, engine="xlsxwriter", engine_kwargs=plain)
tell("plain")
polars.DataFrame({"website": websites}).write_excel(f"{sys.argv[1]}/polars.xlsx")
tell("polars")
PYTHON
cat >"$work/expected" <<'EXPECTED'
pandas lacks 11 [0] [65540]
plain lacks 0 [] []
polars lacks 11 [0] [65540]
EXPECTED
"$work/venv/bin/python" -W ignore "$work/try.py" "$work" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
