"""How many addresses in national forms are read fully right, and whether the invented parts of an address agree.

python -m bench.accuracy.addresses
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.accuracy.written import CASES_A_COUNTRY, addresses
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.localities import localities
from reprompt_mock.enrichment.postal.forms import form_of
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.accuracy.written import Written

_READ = ("house", "street", "suburb", "city", "state", "postalCode", "country", "unit_number", "floor", "block", "km")
_ENOUGH = 7
"""Of the eight addresses of a country, as many as make it one whose addresses are read."""
_PLACES_A_COUNTRY = 40


class Row(NamedTuple):
    """A measured figure with its target."""

    name: str
    measured: str
    target: str
    met: bool


def rows() -> list[Row]:
    """Return the figures of addresses: read, and invented."""
    return [*_read_rows(), *_invented_rows()]


def found_address(place_id: str, code: str, **inputs: Any) -> dict[str, Any]:
    """Return what is found about the address of a place."""
    outputs: dict[str, Any] = {}
    subject = Subject(place_id, {"name": "A", "country_code": code, **inputs}, code, seed=0)
    search_for("address").find(subject, 0, outputs, {}, {})
    return outputs


def is_right(written: Written) -> bool:
    """Return whether all parts of an address are read, and none that it lacks."""
    found = found_address("p", written.code, full_address=written.text)["address"]
    expected = written.parts
    if "street" not in expected:
        return all(found[part] == expected[part] for part in expected)
    return all(found[part] == expected.get(part) for part in _READ)


def _read_rows() -> list[Row]:
    right = Counter(dict.fromkeys(countries(), 0))
    total = 0
    for written in addresses():
        total += 1
        right[written.code] += is_right(written)
    share, good = sum(right.values()) / total, sum(count >= _ENOUGH for count in right.values())
    return [
        Row("addresses in national forms read fully right", f"{share:.1%} of {total:,}", "90 %", share >= 0.9),
        Row(
            f"countries with {_ENOUGH} of {CASES_A_COUNTRY} right",
            f"{good} of {total // CASES_A_COUNTRY}",
            "220",
            good >= 220,
        ),
    ]


def invented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return invented addresses of all countries by code, at coordinates near and far from their localities."""
    for code in countries():
        for number in range(max(_PLACES_A_COUNTRY, 2 * len(localities(code)))):
            near = localities(code)[number % len(localities(code))]
            at = {"latitude": near.latitude + number % 7 / 10, "longitude": near.longitude - number % 5 / 10}
            yield code, found_address(f"p{number}", code, **at)


def _invented_rows() -> list[Row]:
    valid, agree = Counter[bool](), Counter[bool]()
    japan = Counter[bool]()
    for code, outputs in invented():
        details, form = outputs["address"], form_of(code)
        postcode = details["postalCode"]
        valid[bool(form.postcode is None or re.fullmatch(form.postcode.pattern, postcode or ""))] += 1
        if form.zips and postcode and details["state"]:
            agree[form.may_lie(postcode, details["state"])] += 1
        if code == "JP":
            localized = outputs["address_localized"]
            japan[form.may_lie(localized["postal_code"], localized["prefecture"])] += 1
    names = ("invented postcodes of the published pattern", "invented postcodes in their state", "Japan's prefectures")
    return [
        Row(name, f"{count[True] / count.total():.1%} of {count.total():,}", "100 %", not count[False])
        for name, count in zip(names, (valid, agree, japan), strict=True)
    ]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="  |  ")
