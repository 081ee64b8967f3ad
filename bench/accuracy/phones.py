"""Whether telephone numbers are valid, those of their area, and not soon the same.

python -m bench.accuracy.phones
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import phonenumbers

from bench.accuracy.figures import Row, at_least, table
from reprompt_mock.enrichment.facts import countries, data
from reprompt_mock.enrichment.finders.phones import numbers_at, numbers_of
from reprompt_mock.enrichment.given import Given
from reprompt_mock.enrichment.localities import localities
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLACES, _DISTINCT = 20_000, 10_000
_A_LOCALITY = 40
_EXPECTED_LEAST = 12_600
"""The size of a country's ranges from which `_PLACES` draws give `_DISTINCT` distinct numbers."""


def phone_of(place_id: str, inputs: dict[str, Any]) -> str | None:
    """Return the number of a place, None if it has none."""
    outputs: dict[str, Any] = {}
    subject = Subject(place_id, Given(inputs), seed=0)
    search_for("phoneNumbers").find(subject, 0, outputs, {}, {})
    phone: str | None = outputs["phone"]
    return phone


def places_of(code: str, many: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield places near all localities of a country."""
    rows = localities(code)
    for number in range(many):
        row = rows[number % len(rows)]
        at = {"latitude": row.latitude + number % 9 / 1000, "longitude": row.longitude - number % 7 / 1000}
        yield f"{code}-{number}", {"name": "Blue Door", "country_code": code, **at}


@cache
def has_plan(code: str) -> bool:
    """Return whether phonenumbers knows a plan of a country."""
    return code in phonenumbers.SUPPORTED_REGIONS


def is_valid(phone: str | None, code: str) -> bool:
    """Return whether a number is a valid one of a country, in E.164 form."""
    parsed = phonenumbers.parse(phone or "+1")
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return phonenumbers.is_valid_number_for_region(parsed, code) and phone == written


def _validity() -> Row:
    planned = [code for code in countries() if has_plan(code)]
    valid = (
        is_valid(phone_of(*place), code)
        for code in planned
        for place in places_of(code, _A_LOCALITY * len(localities(code)))
    )
    return at_least(f"valid numbers, of {len(planned)} countries", valid, 100)


def _areas() -> Row:
    """Compare the beginnings of numbers with the areas of their localities, where there are numbers of the area."""
    right = []
    for code, known in data("phones").items():
        areas = [area for group in known["areas"] for area in group.split()]
        for row in localities(code):
            if row.area and row.area.startswith(tuple(areas)):
                area = max((one for one in areas if row.area.startswith(one)), key=len)
                served = known.get("together", {}).get(area, [area])
                starts = tuple(known["prefix"] + one for one in served)
                right.append(all(one.startswith(starts) for one in (numbers_at(code, row) or ((), 0))[0]))
    return at_least("localities whose numbers are of their area", right, 100)


def _fiction() -> Row:
    reserved = ("US", "CA", "FR", "DE", "GB", "AU", "SE")
    return at_least(
        "countries whose fictional numbers are used", ("source" in data("phones")[one] for one in reserved), 100
    )


def _distinct(code: str) -> Row:
    found = len({phone_of(*place) for place in places_of(code, _PLACES)})
    return Row(
        f"distinct numbers of {_PLACES:,} places, {code}", f"{found:,}", f"at least {_DISTINCT:,}", found >= _DISTINCT
    )


def _capacity() -> Row:
    """Count the countries that have numbers for as many places; a range for fiction may be smaller."""
    sizes = {code: len(of[0]) * of[1] for code in data("phones") if (of := numbers_of(code))}
    free = [size >= _EXPECTED_LEAST for code, size in sizes.items() if "source" not in data("phones")[code]]
    return at_least(f"other countries with numbers for {_DISTINCT:,} (Niue has 9,000)", free, 99.5)


def _nowhere() -> Row:
    found = [phone_of(str(number), {"name": "Blue Door"}) or "" for number in range(1000)]
    fictional = ("55501" in one and is_valid(one, "US") for one in found)
    return at_least("fictional numbers where the country is unknown", fictional, 100)


TARGETS: dict[str, Callable[[], Row]] = {
    "validity": _validity,
    "areas": _areas,
    "fiction": _fiction,
    **{f"distinct-{code}": partial(_distinct, code) for code in ("US", "JP", "IN", "BR")},
    "capacity": _capacity,
    "nowhere": _nowhere,
}
"""What is measured: it takes seconds."""


def rows() -> list[Row]:
    """Measure all targets for telephone numbers."""
    return [measure() for measure in TARGETS.values()]


if __name__ == "__main__":
    print(table(rows()))
