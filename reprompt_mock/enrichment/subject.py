"""What finders see: a place, the facts about it, and its luck."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from reprompt_mock.enrichment.categories import kind_of_category
from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.facts import country, data
from reprompt_mock.enrichment.kinds import drawn_kinds, plain_kinds, recognised
from reprompt_mock.enrichment.localities import locality_of
from reprompt_mock.enrichment.luck import POSITIONS, below, first_page, luck_of, pick
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.position import Position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.kinds import Kind
    from reprompt_mock.enrichment.localities import Locality

_IDENTITY, _COORDINATES = POSITIONS["identity"], POSITIONS["coordinates"]
_NEAR = 3000
"""Meters from the middle of a city to where a place is put."""
_LABEL_LENGTH = 40
_KEPT = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_DROPPED = b"'`"


class Subject:
    """A place under a seed; everything is derived from the seed and the place alone.

    `inputs` are as echoed, `category` is what outputs call it, `domain` is under the top-level domain reserved for
    examples, `known` caches what several attributes show, and without `beyond_core` there is luck for the core
    attributes only.
    """

    __slots__ = (
        "_locality",
        "_position",
        "category",
        "country",
        "country_code",
        "domain",
        "inputs",
        "kind",
        "known",
        "label",
        "luck",
        "name",
        "page",
    )

    def __init__(
        self,
        place_id: str,
        inputs: Mapping[str, Any],
        country_code: str | None,
        *,
        seed: int,
        beyond_core: bool = True,
    ) -> None:
        self.inputs = inputs
        self.name: str = inputs.get("name") or ""
        self.country_code = country_code
        self.country = country(country_code)
        self.page = first_page(seed, place_id)
        self.luck = luck_of(self.page, beyond_core=beyond_core)
        self.kind, self.category = self._kind_and_category()
        self.label = label_of(self.name) or self._label_by_kind()
        self.domain = self.label + ".example"
        self.known: dict[tuple[str, int], Any] = {}
        self._position: Position | None = None
        self._locality: Locality | None = None

    @property
    def position(self) -> Position:
        """The place's position: as given, else in its country, near its locality if there is land of the country."""
        if self._position is None:
            latitude, longitude = self.inputs.get("latitude"), self.inputs.get("longitude")
            if latitude is None or longitude is None:
                self._position = self._invented_position()
            else:
                self._position = Position(latitude, longitude)
        return self._position

    def _invented_position(self) -> Position:
        locality, luck = self.locality, self.luck[_COORDINATES]
        if locality:
            near = Position(locality.latitude, locality.longitude).near(luck, min(_NEAR, self.country.radius))
            if country_at(near.longitude, near.latitude) == self.country_code:
                return near
        return Position(*self.country.centre).near(luck, self.country.radius)

    @property
    def locality(self) -> Locality | None:
        """The locality that the place names, else the nearest, else a drawn one; None if its country is unknown."""
        if self._locality is None:
            self._locality = locality_of(self)
        return self._locality

    def _kind_and_category(self) -> tuple[Kind, str]:
        unheard = ""
        for key in ("category", "type"):
            given = self.inputs.get(key)
            if given and isinstance(given, str):
                kind = kind_of_category(given)
                if kind is not None:
                    return kind, unheard or kind.labels[0]
                unheard = unheard or given.strip()
        kind = recognised(self.name, self.country.language)
        kind = kind or pick(plain_kinds() if unheard else drawn_kinds(), self.luck[_IDENTITY])
        return kind, unheard or kind.labels[0]

    def _label_by_kind(self) -> str:
        number = 1000 + below(9000, self.luck[_IDENTITY], at=16)
        return f"{self.kind.name.replace('_', '-')}-{(self.country.code or 'world').lower()}-{number}"


def label_of(name: str) -> str:
    """Convert a name to a label of a domain name, "" if too little of it can be written in ASCII."""
    return _labels[name]


def _label(name: str) -> str:
    spelt = name.encode() if name.isascii() else _romanized(name)
    label = b"-".join(spelt.translate(_KEPT, _DROPPED).split()).decode()
    if len(label) > _LABEL_LENGTH:
        label = label[:_LABEL_LENGTH].strip("-")
    return label if len(label) > 2 else ""


_labels = Memo(_label)


def _romanized(name: str) -> bytes:
    spelt = name.lower()
    if not _letters().isdisjoint(spelt):  # few names have such letters
        spelt = spelt.translate(_spellings())
    return normalize("NFKD", spelt).encode("ascii", "ignore")


@lru_cache
def _letters() -> frozenset[str]:
    """Return the letters that do not decompose into a Latin letter and an accent."""
    return frozenset(data("letters"))


@lru_cache
def _spellings() -> dict[int, str]:
    return str.maketrans(data("letters"))
