"""Generates the table of telephone numbers that the emulator picks from.

    pip install phonenumbers==9.0.43
    python -m tools.data_phones

Every number of every range in it is valid. A country whose regulator reserves numbers for fiction has only those; the
others have ranges of the areas of their localities and, for places elsewhere, of mobile numbers, or of numbers like
the example that phonenumbers has for the country where its plan has no areas.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "reprompt_mock" / "enrichment" / "data"
_DIGITS = "0123456789"
_DEEPEST, _MANY, _MOST, _TRIED = 4, 30_000, 8, 3
_ENOUGH = 20_000
"""The least numbers of an area; a smaller one would soon have two places with the same number."""
_FEWEST = 3
"""The least digits that follow an area and what it begins with."""

Starts = tuple[tuple[str, ...], int]
"""What numbers begin with, and how many digits are free then."""

# What regulators reserve for fiction. By country: the source, the numbers by area, and those that have no area. Left
# out is what phonenumbers does not take for a number of the country: Ireland's 020 91, France's 06 39 98, and Britain's
# 0115 496 0, 01632 960 and 07700 900.
Reserved = tuple[str, dict[str, Starts], Starts | None]
_GB_CITIES: dict[str, Starts] = dict.fromkeys(
    ("113", "114", "116", "117", "118", "121", "131", "141", "151", "161"), (("4960",), 3)
)
_FICTION: dict[str, Reserved] = {
    "GB": (
        "Ofcom: telephone numbers for use in TV and radio drama programmes",
        {
            **_GB_CITIES,
            "20": (("79460",), 3),
            "191": (("4980",), 3),
            "28": (("96496",), 3),
            "29": (("20180",), 3),
        },
        (("3069990",), 3),
    ),
    "AU": (
        "ACMA: phone numbers for use in TV shows, films and creative works",
        dict.fromkeys("2378", (("5550", "7010"), 4)),
        None,
    ),
    "FR": (
        "ARCEP: decision 2018-0881, numbers for audiovisual works",
        {"1": (("9900",), 4), "2": (("6191",), 4), "3": (("5301",), 4), "4": (("6571",), 4), "5": (("3649",), 4)},
        None,
    ),
    "DE": (
        "Bundesnetzagentur: Mitteilung 148/2021, Rufnummern für Medienproduktionen",
        {
            "30": (("23125",), 3),
            "40": (("66969",), 3),
            "69": (("90009",), 3),
            "221": (("4710",), 3),
            "89": (("99998",), 3),
        },
        (("17139200", "176040690"), 2),
    ),
    "SE": (
        "PTS: telephone numbers for use in books and films",
        {"31": (("39006",), 2), "40": (("62804",), 2), "8": (("465004",), 2), "980": (("3192",), 2)},
        (tuple(f"7017406{digit}" for digit in range(1, 10)), 1),
    ),
}
_NORTH_AMERICA = "NANPA: 555-0100 to 555-0199"
_EXCHANGE = ("55501", 2)
# Areas over the same ground, of which the localities name one.
_OVERLAYS = """212 332 646 917|718 347 929 917|213 323 738|312 872 773|713 281 346 621 832|214 469 945 972
404 470 678 770 943|215 267 445|602 480 623|619 858|408 669|415 628|510 341|305 786 645|407 689 321|813 656|303 720 983
617 857|202 771|410 443 667|512 737|210 726|702 725|503 971|704 980|919 984|615 629|412 878|614 380|513 283|206 564
416 437 647 942|514 438 263|604 778 236 672|403 587 825 368|780 587 825 368|613 343 753|418 581 367|204 431 584
905 289 365 742|519 226 548 382|902 782|306 639 474|819 873|506 428|709 879|317 463|816 975|918 539|801 385|919 984"""


def phones() -> dict[str, dict[str, Any]]:
    """Return the ranges of each country that has a plan."""
    return {code: found for code in sorted(_read("countries")) if (found := ranges(code))}


def ranges(code: str) -> dict[str, Any] | None:
    """Return the ranges of a country: by area, and for places elsewhere; each is the free digits, then what is before.

    Where `elsewhere` is empty, the ranges of all areas are for places elsewhere. `together` are areas over the same
    ground.
    """
    if PhoneMetadata.metadata_for_region(code) is None:
        return None
    areas = sorted({row[5] for row in _read("localities").get(code, ()) if row[5]})
    found = _reserved(code) or _american(code) or _plain(code, areas)
    return {"prefix": f"+{phonenumbers.country_code_for_region(code)}", **found}


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _reserved(code: str) -> dict[str, Any] | None:
    if code not in _FICTION:
        return None
    source, areas, elsewhere = _FICTION[code]
    return {
        "source": source,
        "areas": _grouped({area: [digits, *starts] for area, (starts, digits) in areas.items()}),
        "elsewhere": [elsewhere[1], *elsewhere[0]] if elsewhere else [],
    }


def _grouped(areas: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Write areas with the same numbers together."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for area, starts in areas.items():
        groups.setdefault(tuple(starts), []).append(area)
    return {" ".join(group): list(starts) for starts, group in groups.items()}


def _american(code: str) -> dict[str, Any] | None:
    """Return the areas of a country in the North American plan, each with those over the same ground."""
    if phonenumbers.country_code_for_region(code) != 1:
        return None
    rest, digits = _EXCHANGE
    areas = [area for area in map(str, range(200, 1000)) if _is_geographic(code, area + rest + "00")]
    if not areas:
        return None
    together: dict[str, list[str]] = {area: [area] for area in areas}
    for group in re.split(r"[|\n]", _OVERLAYS):
        for area in set(group.split()) & set(areas):
            together[area] = sorted({*together[area], *group.split()} & set(areas))
    return {
        "source": _NORTH_AMERICA,
        "areas": {" ".join(areas): [digits, rest]},
        "together": {area: group for area, group in together.items() if len(group) > 1},
        "elsewhere": [],
    }


def _is_geographic(code: str, national: str) -> bool:
    number = phonenumbers.parse(national, code)
    return (
        phonenumbers.is_valid_number_for_region(number, code)
        and phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE_OR_MOBILE
    )


def _plain(code: str, areas: list[str]) -> dict[str, Any]:
    by_area = {area: found for area in areas if _count(found := _starts(code, area, "fixed_line")) >= _ENOUGH}
    kinds = ("mobile", "fixed_line") if by_area else ("fixed_line", "mobile")
    elsewhere = max((_anywhere(code, kind) for kind in kinds), key=lambda found: min(_count(found), _MANY))
    return {"areas": _grouped(by_area), "elsewhere": elsewhere}


def _anywhere(code: str, kind: str) -> list[Any]:
    # An island of the North American plan is one area, so that what tells its numbers apart comes late in them.
    shared = _example(code, kind)[:3] if phonenumbers.country_code_for_region(code) == 1 else ""
    return [shared + one if isinstance(one, str) else one for one in _starts(code, shared, kind)]


def _count(found: list[Any]) -> int:
    return len(found[1:]) * 10 ** found[0] if found else 0


def _starts(code: str, area: str, kind: str) -> list[Any]:
    """Return how many digits are free, and what numbers of a kind in an area begin with; [] if there are none."""
    best: list[Any] = []
    for length in _lengths(code, kind):
        for depth in range(0 if area else 1, _DEEPEST + 1):
            free = length - len(area) - depth
            if free < _FEWEST:
                break
            starts = [start for start in _tried(code, area, depth, kind) if _all_valid(code, area + start, free, kind)]
            found = [free, *starts]
            if starts and _count(found) > _count(best):
                best = found
            if _count(best) >= _MANY:
                return [best[0], *best[1 : 1 + max(_MOST, -(-_MANY // 10 ** best[0]))]]
    return best


def _tried(code: str, area: str, depth: int, kind: str) -> Iterator[str]:
    """Yield what might follow an area, first what is like the country's example of the kind."""
    example = _example(code, kind)
    like = example[len(area) : len(area) + depth] if example.startswith(area) else "2" * depth
    yield from sorted(map("".join, product(_DIGITS, repeat=depth)), key=lambda start: _unlike(start, like))


def _unlike(start: str, like: str) -> tuple[int, int]:
    same = next((at for at, (one, other) in enumerate(zip(start, like, strict=False)) if one != other), len(start))
    return len(start) - same, abs(int(start or 0) - int(like or 0))


@cache
def _lengths(code: str, kind: str) -> list[int]:
    """Return the lengths of a country's numbers of a kind, that of its example first."""
    lengths = getattr(PhoneMetadata.metadata_for_region(code), kind).possible_length
    usual = len(_example(code, kind))
    return sorted((length for length in lengths if length > 0), key=lambda length: (length != usual, length))


@cache
def _example(code: str, kind: str) -> str:
    number = phonenumbers.example_number_for_type(code, getattr(PhoneNumberType, kind.upper()))
    return phonenumbers.national_significant_number(number) if number else ""


def _all_valid(code: str, start: str, free: int, kind: str) -> bool:
    """Return whether numbers are valid whatever the free digits are, of which the first four are tried in full."""
    pattern = _pattern(code, kind)
    varied = min(free, _TRIED)
    tails = {digit * (free - varied) for digit in _DIGITS}
    middles = ("".join(digits) for digits in product(_DIGITS, repeat=varied))
    if not all(pattern.fullmatch(start + middle + tail) for middle in middles for tail in tails):
        return False
    return all(_is_valid(code, start + digit * free) for digit in _DIGITS)


@cache
def _pattern(code: str, kind: str) -> re.Pattern[str]:
    return re.compile(getattr(PhoneMetadata.metadata_for_region(code), kind).national_number_pattern)


def _is_valid(code: str, national: str) -> bool:
    number = phonenumbers.parse(f"+{phonenumbers.country_code_for_region(code)}{national}")
    return phonenumbers.is_valid_number_for_region(number, code)


def written(table: dict[str, Any]) -> str:
    """Return a table as JSON, one row per line."""
    rows = (f"{json.dumps(key)}: {json.dumps(row, ensure_ascii=False)}" for key, row in table.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def files() -> dict[str, str]:
    """Return the contents of the data files by name."""
    return {"phones.json": written(phones())}


if __name__ == "__main__":
    for name, text in files().items():
        (DATA / name).write_text(text, encoding="utf-8")
