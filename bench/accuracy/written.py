"""Addresses written in the national forms of all countries from parts that are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import countries, data
from reprompt_mock.enrichment.given import Given
from reprompt_mock.enrichment.localities import localities, postcode_of
from reprompt_mock.enrichment.postal.forms import form_of
from reprompt_mock.enrichment.postal.town import WITHOUT_CITY
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprompt_mock.draws import Draw

UNINHABITED = frozenset({"AQ", "BV", "GS", "HM", "IO", "SJ", "TF", "UM"})
CASES_A_COUNTRY = 8
_READ = ("house", "street", "suburb", "city", "state", "postalCode", "country", "unit_number", "floor", "block", "km")
NATIVE = frozenset({"CN", "JP", "KR", "TW"})
_HOUSE_AFTER_COMMA = frozenset(["ES", "IT", "BR", "PT", "RU", "UA", "AR", "CL", "UY", "BY", "KZ"])
_UNITS = {"RU": "кв. %s", "UA": "кв. %s", "ES": "Apto %s", "BR": "Apto %s", "IN": "Flat %s", "HK": "Flat %s"}
# Municipalities, towns and postcodes of East Asia in Latin script.
_LATIN = {
    "JP": (
        ("Tokyo", "Chiyoda-ku", "Marunouchi", "100-0005"),
        ("Osaka", "Kita-ku", "Umeda", "530-0001"),
        ("Hokkaido", "Sapporo-shi", "Odori-nishi", "060-0042"),
        ("Kanagawa", "Kawasaki-shi", "Ekimae-honcho", "210-0007"),
    ),
    "KR": (
        ("Seoul", "Gangnam-gu", "Teheran-ro", "06236"),
        ("Busan", "Haeundae-gu", "Haeun-daero", "48094"),
        ("Gyeonggi-do", "Suwon-si", "Samseong-ro", "16677"),
        ("Incheon", "Namdong-gu", "Inju-daero", "21555"),
    ),
    "TW": (
        ("Taipei City", "Zhongzheng District", "Section 1, Zhongxiao East Road", "100"),
        ("Taipei City", "Xinyi District", "Songren Road", "110"),
        ("Taichung City", "Xitun District", "Taiwan Boulevard", "407"),
        ("Tainan City", "East District", "Shengli Road", "701"),
    ),
    "CN": (
        ("Beijing Shi", "Chaoyang Qu", "Jianguo Road", "100022"),
        ("Guangdong Sheng", "Shenzhen Shi", "Shennan Road", "518057"),
        ("Zhejiang Sheng", "Hangzhou Shi", "Wenyi Road", "310012"),
        ("Sichuan Sheng", "Chengdu Shi", "Renmin Road", "610041"),
    ),
}


class Written(NamedTuple):
    """An address in one line, and the parts from which it was made."""

    code: str
    text: str
    parts: dict[str, str]


def addresses(cities: Mapping[str, Sequence[str]]) -> Iterator[Written]:
    """Return eight addresses of each country in its national forms, with and without the parts that may be left out.

    `cities` are their cities by country; where there are none, they are in the localities of the emulator. With them,
    states are any of the country, and do not belong to the city.
    """
    for code in countries():
        if code not in UNINHABITED:
            for number in range(CASES_A_COUNTRY):
                yield _written(code, number, cities.get(code, ()))


def is_right(written: Written) -> bool:
    """Return whether all parts of an address are read, and none that it lacks."""
    found = found_address("p", written.code, full_address=written.text)["address"]
    expected = written.parts
    if "street" not in expected:  # it is invented
        return all(found[part] == expected[part] for part in expected)
    return all(found[part] == expected.get(part) for part in _READ)


def found_address(place_id: str, code: str, **inputs: Any) -> dict[str, Any]:
    """Return what is found about the address of a place."""
    outputs: dict[str, Any] = {}
    subject = Subject(place_id, Given({"name": "A", "country_code": code, **inputs}), seed=0)
    search_for("address").find(subject, 0, outputs, {}, {})
    return outputs


def _written(code: str, number: int, cities: Sequence[str]) -> Written:
    luck = draw(0, "written", code, number)
    is_latin = code in NATIVE and number >= CASES_A_COUNTRY // 2
    parts = _latin_parts(code, number) if is_latin else _parts(code, luck, number, cities)
    has_street = number != CASES_A_COUNTRY - 1 or code in NATIVE
    if not has_street:
        del parts["street"], parts["house"]
    elif code not in NATIVE:
        _add_details(code, parts, number)
    text = _native(code, parts) if code in NATIVE and not is_latin else _lines(code, parts, number, latin=is_latin)
    if number % 2 and has_street:
        return Written(code, text, {**parts, "country": str(countries()[code].name)})
    name = str(countries()[code].name)
    separator = " - " if code == "AE" else ", "
    return Written(code, f"{text}{separator}{name}", {**parts, "country": name})


def _parts(code: str, luck: Draw, number: int, cities: Sequence[str]) -> dict[str, str]:
    locality = luck.pick(localities(code))
    if cities and code not in NATIVE:
        locality = locality._replace(city=luck.pick(cities), state=_state(code, luck) or locality.state)
    house = str(1 + luck.below(180)) + ("a" if number == 2 and code not in NATIVE else "")
    parts = {"street": luck.pick(vocabulary(code).streets), "house": house, "city": locality.city}
    if form_of(code).order in WITHOUT_CITY:
        parts["city"] = str(countries()[code].name)
    form = data("postal")[code].get("form", "")
    if locality.state and "%S" in form:
        parts["state"] = locality.state
    if "%D" in form and number in {1, 4} and code not in NATIVE:
        parts["suburb"] = "Old Town"
    postcode = postcode_of(code, locality, number)
    if postcode:
        parts["postalCode"] = postcode
    return parts


def _state(code: str, luck: Draw) -> str | None:
    states = data("postal")[code].get("states")
    return luck.pick(luck.pick(states).split("~")[1:]) if states else None


def _latin_parts(code: str, number: int) -> dict[str, str]:
    state, city, street, postcode = _LATIN[code][number % 4]
    return {"street": street, "house": f"{number}-9" if code == "JP" else str(number), "city": city, "state": state} | {
        "postalCode": postcode
    }


def _add_details(code: str, parts: dict[str, str], number: int) -> None:
    if number == 3:
        parts["unit_number"] = "4" if code in {"RU", "UA"} else "4B"
    if number == 5:
        parts.update(_DETAILS.get(code, {}))
    if number == 6 and code == "MY":
        parts["km"] = "12"


_DETAILS = {
    "HK": {"unit_number": "A", "floor": "12", "block": "3"},
    "SG": {"unit_number": "12", "floor": "05"},
    "MY": {"floor": "5", "block": "B"},
    "AE": {"unit_number": "501"},
    "IN": {"floor": "3"},
    "US": {"floor": "5"},
}


def _native(code: str, parts: dict[str, str]) -> str:
    end = {"JP": "", "KR": "", "CN": "号", "TW": "號"}[code]
    gap = " " if code == "KR" else ""
    place = gap.join((parts["state"], parts["city"], parts["street"], parts["house"] + end))
    return {"JP": f"〒{parts['postalCode']} {place}", "KR": f"{place} ({parts['postalCode']})"}.get(
        code, f"{parts['postalCode']} {place}"
    )


def _lines(code: str, parts: dict[str, str], number: int, *, latin: bool) -> str:
    facts = data("postal")[code]
    form: str = facts.get("latin" if latin or code == "HK" else "form", facts.get("form", "%A\n%C"))
    if "%C" not in form and "%S" in form:
        form = form.replace("%S", "%C, %S") if parts.get("state") != parts["city"] else form
    values = {"A": _street(code, parts, number), "C": parts["city"], "D": parts.get("suburb", "")}
    values |= {"S": parts.get("state", ""), "Z": parts.get("postalCode", "")}
    if number == 6:
        form = re.sub("(?<=%[CS]) %Z", ", %Z", form)
    lines = (re.sub("%([ACDSZ])", lambda match: values[match[1]], line) for line in form.split("\n"))
    separator = " - " if code == "AE" else ", "
    return separator.join(stripped for line in lines if (stripped := line.strip(" ,-/")))


def _street(code: str, parts: dict[str, str], number: int) -> str:
    if "street" not in parts:
        return ""
    house, street = parts["house"], parts["street"]
    if form_of(code).house_first:
        line = f"{house} {street}"
    else:
        line = f"{street}, {house}" if code in _HOUSE_AFTER_COMMA and number > 1 else f"{street} {house}"
    return _with_details(code, line, parts)


def _with_details(code: str, line: str, parts: dict[str, str]) -> str:
    unit, floor = parts.get("unit_number"), parts.get("floor")
    if code == "SG" and unit and floor:
        return f"{line} #{floor}-{unit}"
    written = _UNITS.get(code, "Apt %s") % unit if unit else ""
    if code in {"HK", "IN"}:
        return ", ".join(filter(None, (written, floor and f"{floor}/F", _block(parts), line)))
    level = f"Level {floor}" if code == "MY" else f"{floor}th Floor"
    kilometre = f"KM {parts['km']}" if "km" in parts else ""
    return ", ".join(filter(None, (kilometre, line, written, level if floor else "", _block(parts))))


def _block(parts: dict[str, str]) -> str:
    return f"Block {parts['block']}" if "block" in parts else ""
