"""How addresses are written in a country: the order of their parts, its postcodes and its states."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import combining, normalize

from reprompt_mock.enrichment.facts import country, data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HOUSE_FIRST = frozenset({"us", "gb", "fr"})
_SIGNS = str.maketrans(dict.fromkeys(".,'’()-–_/", " "))
_KINDS = re.compile(
    r"^(?:county|co|state of|province of|provincia de|departamento de)\s+"
    r"|\s+(?:province|prefecture|governorate|state|county|region|oblast|sheng|shi|do|ken|fu|to|zizhiqu|emirate)$"
)


class Form(NamedTuple):
    """The customs of a country: `order` has A for the street, D the suburb, C the city, S the state, Z the postcode.

    `postcode` finds a code as group `code`; `states` are the usual names of states by any folded name, `zips` what the
    postcodes of states begin with, the narrowest first, `cities` some folded names; `house_first` is whether the number
    stands before the street.
    """

    code: str | None
    order: str
    postcode: re.Pattern[str] | None
    states: Mapping[str, str]
    zips: Sequence[tuple[str, str]]
    cities: frozenset[str]
    needs_state: bool
    house_first: bool

    def has(self, first: str, second: str) -> bool:
        """Return whether one part stands before another."""
        return -1 < self.order.find(first) < self.order.find(second)

    def is_state(self, name: str) -> bool:
        """Return whether a state has a name, however it is spelled."""
        return bool(self.states) and bare(name) in self.states

    def is_city(self, name: str) -> bool:
        """Return whether a name is that of a city that is known."""
        return folded(name) in self.cities

    def state_of(self, postcode: str) -> str | None:
        """Return the usual name of the state in which a postcode lies, None if it is not known."""
        found = _beginnings(self.code).match(postcode) if self.zips else None
        return self.zips[int(found.lastgroup[1:])][1] if found and found.lastgroup else None

    def may_lie(self, postcode: str, state: str) -> bool:
        """Return whether a postcode may be one of a state."""
        zips = [beginning for beginning, one in self.zips if one == self.states.get(bare(state))]
        return not zips or any(re.match(beginning, postcode) for beginning in zips)


@lru_cache(maxsize=512)
def _beginnings(code: str | None) -> re.Pattern[str]:
    """Return a pattern for what a country's postcodes begin with: the group `s3` matches those of the fourth row."""
    return re.compile("|".join(f"(?P<s{row}>{beginning})" for row, (beginning, _) in enumerate(form_of(code).zips)))


def _state_of(zips: Sequence[tuple[str, str]], postcode: str) -> str | None:
    return next((state for beginning, state in zips if re.match(beginning, postcode)), None)


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """Return a name without case, accents and signs."""
    letters = normalize("NFKD", name.casefold())
    return " ".join("".join(sign for sign in letters if not combining(sign)).translate(_SIGNS).split())


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """Return the folded name of a state, without the word for its kind."""
    return _KINDS.sub("", folded(name))


@lru_cache(maxsize=512)
def form_of(code: str | None) -> Form:
    """Return the customs of a country, or the most usual ones if it is unknown."""
    facts: dict[str, Any] = data("postal").get(code, {})
    order = "".join(re.findall("%([ADCSZ])", facts.get("form", "%A%D%C%S%Z" if code is None else "%A%C")))
    entries = [entry.split("~") for entry in facts.get("states", ())]
    states = {bare(name): names[0] for _, *names in entries for name in names}
    zips = tuple((zips, names[0]) for zips, *names in entries if zips)
    rows = data("localities").get(code, ())
    cities = frozenset(folded(row[0]) for row in rows)
    if states:  # the localities have some names of states that others do not have
        for _, state, postcodes, *_ in rows:
            if state and bare(state) not in states:
                states[bare(state)] = _state_of(zips, postcodes or "") or state
    needs_state = "S" in facts.get("requires", "")
    return Form(code, order, _finder(facts), states, zips, cities, needs_state, country(code).form in _HOUSE_FIRST)


def _finder(facts: Mapping[str, Any]) -> re.Pattern[str] | None:
    if "postcode" not in facts:
        return None
    prefix = re.search("([A-Z]{1,2})[- ]?%Z", facts["form"])
    written = rf"(?:{prefix[1]}[- ]?|[A-Z]{{1,2}}-|〒\s?)?" if prefix else r"(?:[A-Z]{1,2}-|〒\s?)?"
    return re.compile(rf"(?<![\w#/.])(?<!\d-){written}(?P<code>{facts['postcode']})(?![\w/]|-\d)")
