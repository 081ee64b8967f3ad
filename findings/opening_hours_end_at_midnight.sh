#!/usr/bin/env bash
# Hours by day, joined with semicolons as opening hours of OpenStreetMap, lose what is past midnight: a rule replaces its
# whole day, with the night that began the day before. Joined with commas they keep it.
# Versions: opening_hours_py 2.1.4, Python 3.11; opening_hours 3.15.0 of npm, any supported Node.js.
# Seen: a bar that is open until 02:00 every day is closed at 01:00 on each, in JavaScript on all but the first; it is
# open if its days are joined with commas, or written as one range.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is needed: apt-get install npm" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check opening_hours_py==2.1.4
npm install --silent --no-fund --no-audit --prefix "$work" opening_hours@3.15.0 >/dev/null
cat >"$work/try.py" <<'PYTHON'
import sys
from datetime import datetime

from opening_hours import OpeningHours

for hours in sys.argv[1:]:
    week = OpeningHours(hours)
    print("Python:", *("open" if week.is_open(datetime(2026, 1, day, 1)) else "closed" for day in range(5, 12)))
PYTHON
cat >"$work/try.mjs" <<'NODE'
import opening_hours from "opening_hours";

for (const hours of process.argv.slice(2)) {
  const week = new opening_hours(hours);
  const days = [5, 6, 7, 8, 9, 10, 11].map((day) => (week.getState(new Date(2026, 0, day, 1)) ? "open" : "closed"));
  console.log("JavaScript:", ...days);
}
NODE
semicolons=$(printf '; %s 20:00-02:00' Mo Tu We Th Fr Sa Su)
semicolons=${semicolons#; }
cat >"$work/expected" <<'EXPECTED'
Python: closed closed closed closed closed closed closed
Python: open open open open open open open
Python: open open open open open open open
JavaScript: open closed closed closed closed closed closed
JavaScript: open open open open open open open
JavaScript: open open open open open open open
EXPECTED
hours=("$semicolons" "${semicolons//;/,}" "Mo-Su 20:00-02:00")
{
  "$work/venv/bin/python" "$work/try.py" "${hours[@]}"
  node "$work/try.mjs" "${hours[@]}"
} >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
