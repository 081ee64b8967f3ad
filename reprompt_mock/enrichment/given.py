"""What the inputs of a place say about it by themselves, whatever the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.categories import kind_of_category
from reprompt_mock.enrichment.countries import country_of
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.kinds import recognised
from reprompt_mock.enrichment.labels import label_of
from reprompt_mock.enrichment.languages import language_of
from reprompt_mock.enrichment.localities import located
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.places import echoed, inputs_of
from reprompt_mock.enrichment.position import Position
from reprompt_mock.enrichment.postal.parts import given_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.enrichment.kinds import Kind
    from reprompt_mock.enrichment.localities import Locality
    from reprompt_mock.enrichment.postal.parts import GivenAddress

_MOST = 51_200
"""How many places are kept: more than a request has, so that reading them again in the same order finds them."""


class Given:
    """What a place's inputs say; all results of the place share it, so never change any of it.

    Args:
        inputs: the inputs as echoed.

    Attributes:
        country_code: the country that they show, None if they show none.
        country: what is known of it.
        name: the name, "" if there is none.
        language: the language of the name, as ISO 639-1 (two letters).
        kind: the kind of place, None if they do not tell.
        category: what outputs call it: the given category if it is unheard of, else a label of the kind, if any.
        label: the name as a label of a domain name, "" if too little of it can be written in ASCII.
    """

    __slots__ = (
        "_address",
        "_localities",
        "_position",
        "category",
        "country",
        "country_code",
        "inputs",
        "kind",
        "label",
        "language",
        "name",
    )

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.inputs = inputs
        self.country_code = country_of(inputs)
        self.country = country(self.country_code)
        self.name: str = inputs.get("name") or ""
        self.language = language_of(self.name, self.country.language)
        self.kind, self.category = self._kind_and_category()
        self.label = label_of(self.name)
        self._position: Position | None = None
        self._localities: Sequence[Locality] | None = None
        self._address: GivenAddress | None = None

    def _kind_and_category(self) -> tuple[Kind | None, str | None]:
        unheard = None
        for key in ("category", "type"):
            given = self.inputs.get(key)
            if given and isinstance(given, str):
                kind = kind_of_category(given)
                if kind is not None:
                    return kind, unheard or kind.labels[0]
                unheard = unheard or given.strip()
        kind = recognised(self.name, self.country.language)
        return kind, unheard or (kind.labels[0] if kind else None)

    @property
    def position(self) -> Position | None:
        """The place's position, None if it is not given."""
        if self._position is None:
            latitude, longitude = self.inputs.get("latitude"), self.inputs.get("longitude")
            if latitude is None or longitude is None:
                return None
            self._position = Position(latitude, longitude)
        return self._position

    @property
    def localities(self) -> Sequence[Locality]:
        """The locality that the place names, else the nearest, else those to draw from; none if there is no country."""
        if self._localities is None:
            self._localities = located(self.inputs, self.country_code)
        return self._localities

    @property
    def address(self) -> GivenAddress:
        """The parts of the address that are given."""
        if self._address is None:
            self._address = given_address(self.inputs, self.country)
        return self._address


def _given(place: bytes) -> Given:
    return Given(echoed(place))


given = Memo(_given, _MOST)
"""What the inputs of a stored place say, kept for other results of the place."""


def inputs_once(place: bytes) -> Mapping[str, Any]:
    """Return the inputs of a stored place, echoed or as sent, without keeping anything."""
    known = given.get(place)
    return known.inputs if known else inputs_of(place)


def given_once(place: bytes) -> Given:
    """Return what the inputs of a stored place say, without keeping it: a long export would push out all others."""
    return given.get(place) or _given(place)
