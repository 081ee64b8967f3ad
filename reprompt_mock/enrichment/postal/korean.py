"""Korean addresses in Korean script, from the largest part to the smallest, separated by blanks."""

from __future__ import annotations

import re
from functools import lru_cache

from reprompt_mock.enrichment.facts import data


@lru_cache
def _form() -> re.Pattern[str]:
    states = {name for entry in data("postal")["KR"]["states"] for name in entry.split("~")[1:] if not name.isascii()}
    found = "|".join(sorted(states, key=len, reverse=True))
    return re.compile(
        rf"""
        (?:대한민국\s+)?(?:\(?(?P<early>\d{{5}})\)?\s+)?(?:(?P<state>(?:{found})(?:특별시|광역시|특별자치[시도]|도)?)\s+)?
        (?:(?P<city>\S+[시군구])\s+)?(?:(?P<suburb>\S+[구읍면동])\s+)?
        (?P<street>\S+?(?:대로|로|길)(?:\s?\d+번?[가나다]?길)?|\S+[동리가])?\s*
        (?P<house>\d+(?:-\d+)?)?(?:번지)?(?P<more>.*)
        """,
        re.VERBOSE,
    )


_POSTCODE = re.compile(r"[\s,]*\(?(?P<code>\d{5})\)?$")
_FLOOR = re.compile(r"(?:지하\s?)?(?P<floor>\d+)층|(?P<unit_number>\d+)호|(?P<block>\d+)동")


def read(text: str) -> dict[str, str]:
    """Split a Korean address into its parts."""
    text = " ".join(text.replace(",", " ").removesuffix("대한민국").split())
    late = _POSTCODE.search(text)
    if late and late.start():
        text = text[: late.start()]
    match = _form().match(text)
    found = {} if match is None else match.groupdict()
    more = (found.pop("more", None) or "").strip()
    postcode = found.pop("early", None) or (late["code"] if late and late.start() else None)
    parts = {name: value for name, value in found.items() if value}
    if postcode:
        parts["postalCode"] = postcode
    for detail in _FLOOR.finditer(more):
        parts.update({name: value for name, value in detail.groupdict().items() if value})
    building = _FLOOR.sub("", more).strip(" ()")
    return {**parts, "building": building} if building else parts
