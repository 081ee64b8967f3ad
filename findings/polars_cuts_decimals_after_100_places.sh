#!/usr/bin/env bash
# polars takes the columns of a list of dicts from its first 100. Where these have whole numbers, the decimals of all later
# ones are cut off, and keys that only later ones have are dropped, without an error.
# Versions: polars 2.1.0; pandas 3.1.1 keeps both, and so does polars with `infer_schema_length=None`.
# Seen: a place after 100 with whole numbers moves from 48.8584, 2.2945 to 48, 2, and its website is gone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pandas==3.1.1
cat >"$work/try.py" <<'PYTHON'
import pandas
import polars

places = [{"place_id": str(number), "latitude": 48, "longitude": 2} for number in range(100)]
places.append({"place_id": "tower", "latitude": 48.8584, "longitude": 2.2945, "website": "https://example.com"})

print("polars", polars.DataFrame(places).row(-1))
print("polars, all rows", polars.DataFrame(places, infer_schema_length=None).row(-1))
print("pandas", tuple(pandas.DataFrame(places).iloc[-1].to_dict().values()))
PYTHON
cat >"$work/expected" <<'EXPECTED'
polars ('tower', 48, 2)
polars, all rows ('tower', 48.8584, 2.2945, 'https://example.com')
pandas ('tower', 48.8584, 2.2945, 'https://example.com')
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
