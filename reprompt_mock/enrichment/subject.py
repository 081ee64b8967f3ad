"""What finders see: a place, the facts about it, and its luck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.kinds import drawn_kinds, plain_kinds
from reprompt_mock.enrichment.luck import POSITIONS, below, first_page, luck_of, pick
from reprompt_mock.enrichment.position import Position

if TYPE_CHECKING:
    from reprompt_mock.enrichment.given import Given
    from reprompt_mock.enrichment.kinds import Kind
    from reprompt_mock.enrichment.localities import Locality

_IDENTITY, _COORDINATES, _LOCALITY = POSITIONS["identity"], POSITIONS["coordinates"], POSITIONS["locality"]
_NEAR = 3000
"""Meters from the middle of a city to where a place is put."""


class Subject:
    """A place under a seed; everything is derived from the seed, the place's id and what its inputs say.

    `category` is what outputs call it, `domain` is under the top-level domain reserved for examples, `known` caches
    what several attributes show, and without `beyond_core` there is luck for the core attributes only.
    """

    __slots__ = (
        "_locality",
        "_position",
        "category",
        "country",
        "country_code",
        "domain",
        "given",
        "inputs",
        "kind",
        "known",
        "label",
        "luck",
        "name",
        "page",
    )

    def __init__(self, place_id: str, given: Given, *, seed: int, beyond_core: bool = True) -> None:
        self.given = given
        self.inputs = given.inputs
        self.name = given.name
        self.country_code = given.country_code
        self.country = given.country
        self.page = first_page(seed, place_id)
        self.luck = luck_of(self.page, beyond_core=beyond_core)
        self.kind = given.kind or self._drawn_kind()
        self.category = given.category or self.kind.labels[0]
        self.label = given.label or self._label_by_kind()
        self.domain = self.label + ".example"
        self.known: dict[tuple[str, int], Any] = {}
        self._position: Position | None = None
        self._locality: Locality | None = None

    @property
    def position(self) -> Position:
        """The place's position: as given, else in its country, near its locality if there is land of the country."""
        if self._position is None:
            self._position = self.given.position or self._invented_position()
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
            rows = self.given.localities
            if rows:
                self._locality = pick(rows, self.luck[_LOCALITY]) if len(rows) > 1 else rows[0]
        return self._locality

    def _drawn_kind(self) -> Kind:
        return pick(plain_kinds() if self.given.category else drawn_kinds(), self.luck[_IDENTITY])

    def _label_by_kind(self) -> str:
        number = 1000 + below(9000, self.luck[_IDENTITY], at=16)
        return f"{self.kind.name.replace('_', '-')}-{(self.country.code or 'world').lower()}-{number}"
