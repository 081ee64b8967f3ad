"""The kind that a given category means: a label, or a code of Overture, Google, OpenStreetMap or Foursquare."""

from __future__ import annotations

import re

from reprompt_mock.enrichment.kinds import Kind, by_words, kinds, phrases, singular
from reprompt_mock.enrichment.memo import Memo

_ALTERNATIVES, _LEVELS = re.compile(r"[;,|]"), re.compile(r"[>›»/]")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPELLINGS = str.maketrans(dict.fromkeys('_-:=()+#"', " ") | dict.fromkeys("'’`.") | {"&": " and "})
_BRITISH = {"centre": "center", "theatre": "theater", "jewellery": "jewelry"}
_LONGEST = 5
"""Words at the end of a category that may name a kind together."""
_KEYS = {
    "aeroway": "airport",
    "amenity": None,
    "craft": "contractor",
    "healthcare": "doctor",
    "historic": "attraction",
    "industrial": "industrial",
    "leisure": "sports_venue",
    "military": "government_office",
    "natural": "geographic_feature",
    "office": "office",
    "place": "city",
    "railway": "station",
    "shop": "store",
    "sport": "sports_venue",
    "tourism": "attraction",
    "waterway": "geographic_feature",
}
"""What the keys of OpenStreetMap mean where the value is unheard of."""


def kind_of_category(text: str) -> Kind | None:
    """Return the kind that a category means, by the last known level of a path; None if it is unknown."""
    return _kinds_of_categories[text]


def _kind_of_category(text: str) -> Kind | None:
    levels = (level for one in _ALTERNATIVES.split(text) for level in reversed(_LEVELS.split(one)))
    return next((kind for level in levels if (kind := _kind_of_level(level))), None)


_kinds_of_categories = Memo(_kind_of_category)


def _kind_of_level(level: str) -> Kind | None:
    words = spelt(level)
    known = phrases()
    for start in range(max(0, len(words) - _LONGEST), len(words)):
        kind = known.get(" ".join(words[start:]))
        if kind is not None:
            return kind
    key = _KEYS.get(words[0]) if "=" in level and words else None
    return kinds()[key] if key else by_words(level, "en")


def spelt(category: str) -> list[str]:
    """Return the words of a category in one spelling: lower case, American, singular by a rough rule."""
    apart = _CAPITAL.sub(" ", category) if not category.islower() else category
    return [_BRITISH.get(one := singular(word), one) for word in apart.casefold().translate(_SPELLINGS).split()]
