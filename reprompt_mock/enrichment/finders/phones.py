"""Phone numbers: from a country's ranges reserved for fiction if it has any, else modeled on its example number."""

from __future__ import annotations

from functools import lru_cache

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import below, pick

_US_AREAS = (
    201,
    202,
    206,
    212,
    213,
    214,
    303,
    305,
    312,
    404,
    415,
    503,
    512,
    602,
    615,
    617,
    702,
    713,
    718,
    720,
)
_CA_AREAS = (204, 306, 403, 416, 418, 506, 514, 604, 613, 780, 902, 905)
_GB_EXCHANGES = (207946, 113496, 121496, 131496, 141496, 151496, 161496, 117496, 114496, 116496, 118496)

# Ranges that regulators reserve for fiction: the prefixes, and how many digits follow.
_FICTION: dict[str, tuple[tuple[str, ...], int]] = {
    "US": (tuple(f"+1{area}55501" for area in _US_AREAS), 2),
    "CA": (tuple(f"+1{area}55501" for area in _CA_AREAS), 2),
    "GB": (tuple(f"+44{area}0" for area in _GB_EXCHANGES), 3),
    "AU": (
        ("+6125550", "+6127010", "+6135550", "+6137010", "+6175550", "+6177010", "+6185550", "+6187010"),
        4,
    ),
    "FR": (("+3319900", "+3326191", "+3335301", "+3346571", "+3353649"), 4),
    "DE": (("+493023125", "+494066969", "+496990009", "+492214710", "+498999998"), 3),
    "SE": (("+468465004", "+463139006", "+464062804", "+469803192"), 2),
}


# The numbers available in a country: prefixes, and how many numbers begin with each.
Range = tuple[tuple[str, ...], int]


@lru_cache(maxsize=512)
def numbers_of(code: str | None) -> Range | None:
    """Return the range of a country's numbers, None if it has none."""
    if code in _FICTION:
        prefixes, digits = _FICTION[code]
        return prefixes, 10**digits
    return _by_example(code) if code else None


def number(of: Range, luck: int, step: int) -> str:
    """Return a number in E.164 form; adjacent steps give different numbers."""
    prefixes, size = of
    # Adding a leading digit and cutting it off is faster than formatting with leading zeros.
    return pick(prefixes, luck) + str(size + below(size, (luck >> 12) + step * 7))[1:]


def _by_example(code: str) -> Range | None:
    found = data("phones").get(code)
    return ((found[0],), 10 ** found[1]) if found else None
