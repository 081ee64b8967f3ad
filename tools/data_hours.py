"""Generates `hours.json`: by how many days a country's week is earlier than one that begins on Monday, and its midday.

    pip install babel==2.19.0
    python -m tools.data_hours

Weekends are those of CLDR. When shops and restaurants close around midday is this project's own list.
"""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale, UnknownLocaleError

DATA = Path(__file__).parents[1] / "reprompt_mock" / "enrichment" / "data"
_SUNDAY = 6
_MIDDAY = {
    "FR": {"shops": "12:30-14:00", "restaurants": "14:30-19:00"},
    "ES": {"shops": "14:00-17:00", "restaurants": "16:00-20:00"},
    "IT": {"shops": "13:00-15:30", "restaurants": "15:00-19:00"},
    "PT": {"shops": "13:00-15:00", "restaurants": "15:00-19:00"},
    "GR": {"shops": "14:30-17:30", "restaurants": "16:30-19:30"},
    "IN": {"restaurants": "15:30-19:00"},
    "JP": {"restaurants": "14:30-17:00"},
}


def main() -> None:
    """Write the file; a week is as much earlier as its weekend ends before Sunday."""
    countries = json.loads((DATA / "countries.json").read_text(encoding="utf-8"))
    ends = {code: _weekend_end(code) for code in countries}
    facts = {
        "earlier": {code: _SUNDAY - end for code, end in sorted(ends.items()) if end != _SUNDAY},
        "midday": _MIDDAY,
    }
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items())
    (DATA / "hours.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _weekend_end(code: str) -> int:
    try:
        return int(Locale.parse(f"und_{code}").weekend_end)
    except UnknownLocaleError:  # such as Antarctica
        return _SUNDAY


if __name__ == "__main__":
    main()
