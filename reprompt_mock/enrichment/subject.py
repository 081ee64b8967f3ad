"""What the producers of values see: a place, what is known about it, and its luck."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING
from unicodedata import normalize

from reprompt_mock.draws import digest
from reprompt_mock.enrichment.facts import country, data
from reprompt_mock.enrichment.kinds import Kind, drawn_kinds, recognised
from reprompt_mock.enrichment.position import Position
from reprompt_mock.enrichment.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from reprompt_mock.enrichment.places import Place

# Eight words of luck come from one digest; a name added at the end of a page changes no other name's luck.
_PAGES = (
    (
        "identity",
        "closed_permanently",
        "websites",
        "phoneNumbers",
        "openingHours",
        "names",
        "address",
        "categories",
    ),
    (
        "user_reviews",
        "menu",
        "price_tier",
        "cuisine",
        "available_services",
        "one_line_summary",
        "storefrontImages",
        "coordinates",
    ),
    (
        "socialHandles",
        "tiktok",
        "social_media_profile",
        "instagram_statistics",
        "chain",
        "reprompt_id",
        "located_within",
        "place_existence",
    ),
    (
        "building_footprint",
        "parking_spaces",
        "signage",
        "building_condition",
        "entrances",
        "primary_turns",
        "traffic_control",
        "site_quality",
    ),
    (
        "approximate_user_reviews",
        "naics",
        "merchant",
        "reprompt_core_attributes",
        "apple_business_attributes",
    ),
)
_PAGE_OF = {name: page for page, names in enumerate(_PAGES) for name in names}
_CORE_PAGE = _PAGES[0]
_words = Struct("<8Q").unpack

_LABEL_LENGTH = 40
_KEPT = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_DROPPED = b"'`"


class Luck(dict[str, int]):
    """64 bits for each attribute and for the identity of a place, drawn a page at a time when first looked at.

    By convention values use the lowest 48 bits, sentences the next 8, confidence the highest 8.
    """

    __slots__ = ("_place_id", "_seed")

    def __init__(self, seed: int, place_id: str) -> None:
        # The first page is that of the core attributes: nearly always wanted, and quicker drawn at once.
        self.update(zip(_CORE_PAGE, _words(digest(seed, place_id, "luck"))))  # noqa: B905 - a keyword costs
        self._seed = seed
        self._place_id = place_id

    def __missing__(self, what: str) -> int:
        page = _PAGE_OF[what]
        words = _words(digest(self._seed, self._place_id, "luck", page))
        self.update(zip(_PAGES[page], words, strict=False))
        return self[what]


class Subject:
    """A place as seen under a seed: everything follows from the seed and the place alone."""

    __slots__ = ("_domain", "_kind", "_position", "country", "luck", "place")

    def __init__(self, place: Place, seed: int) -> None:
        self.place = place
        self.luck = Luck(seed, place.place_id)
        self.country = country(place.country_code)
        self._kind: Kind | None = None
        self._domain: str | None = None
        self._position: Position | None = None

    @property
    def kind(self) -> Kind:
        """The kind of place: by its category or type, else by its name, else drawn."""
        if self._kind is None:
            self._kind = self._find_kind()
        return self._kind

    @property
    def domain(self) -> str:
        """The place's own domain, under the top-level domain that is reserved for examples."""
        if self._domain is None:
            self._domain = f"{label_of(self.place.name) or self._label_by_kind()}.example"
        return self._domain

    @property
    def position(self) -> Position:
        """Where the place lies: as given, else near the main city of its country."""
        if self._position is None:
            place = self.place
            if place.latitude is None or place.longitude is None:
                self._position = Position(*self.country.centre).near(self.luck["coordinates"] >> 24)
            else:
                self._position = Position(place.latitude, place.longitude)
        return self._position

    @property
    def vocabulary(self) -> Vocabulary:
        """The pools of names of the place's country."""
        return vocabulary(self.place.country_code)

    def _find_kind(self) -> Kind:
        kind = self._said_kind() or recognised(self.place.name, self.country.language)
        if kind:
            return kind
        common = drawn_kinds()
        return common[self.luck["identity"] % len(common)]

    def _said_kind(self) -> Kind | None:
        inputs = self.place.inputs
        said = inputs.get("category") or inputs.get("type")
        return recognised(said, "en") if isinstance(said, str) else None

    def _label_by_kind(self) -> str:
        number = 1000 + (self.luck["identity"] >> 16) % 9000
        return f"{self.kind.name.replace('_', '-')}-{(self.country.code or 'world').lower()}-{number}"


def label_of(name: str) -> str:
    """Turn a name into a label of a domain name; empty where too little of it can be spelt in ASCII."""
    spelt = name.encode() if name.isascii() else _romanized(name)
    label = b"-".join(spelt.translate(_KEPT, _DROPPED).split()).decode()
    if len(label) > _LABEL_LENGTH:
        label = label[:_LABEL_LENGTH].strip("-")
    return label if len(label) > 2 else ""


def _romanized(name: str) -> bytes:
    return normalize("NFKD", name.lower().translate(_letters())).encode("ascii", "ignore")


@lru_cache
def _letters() -> dict[int, str]:
    """Give the letters that do not decompose into a Latin letter and an accent, with their spelling."""
    return str.maketrans(data("letters"))
