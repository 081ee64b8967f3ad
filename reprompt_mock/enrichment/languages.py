"""The language of a name: that of its country if it is written in its script, else the usual one of the script."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import name as unicode_name

from reprompt_mock.enrichment.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the first word of a letter's Unicode name: the usual language, then others that are written so.
_SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "HIRAGANA": ("ja",),
        "KATAKANA": ("ja",),
        "HALFWIDTH": ("ja",),
        "HANGUL": ("ko",),
        "CJK": ("zh", "ja"),
        "CYRILLIC": ("ru", "uk", "bg", "sr", "mk", "mn", "tg", "be", "kk", "ky", "bs"),
        "GREEK": ("el",),
        "ARABIC": ("ar", "fa", "ur", "ps"),
        "HEBREW": ("he",),
        "THAI": ("th",),
        "DEVANAGARI": ("hi", "ne"),
        "BENGALI": ("bn",),
        "TAMIL": ("ta",),
        "TELUGU": ("te",),
        "GUJARATI": ("gu",),
        "GURMUKHI": ("pa",),
        "KANNADA": ("kn",),
        "MALAYALAM": ("ml",),
        "SINHALA": ("si",),
        "GEORGIAN": ("ka",),
        "ARMENIAN": ("hy",),
        "ETHIOPIC": ("am", "ti"),
        "KHMER": ("km",),
        "LAO": ("lo",),
        "MYANMAR": ("my",),
        "TIBETAN": ("dz",),
        "THAANA": ("dv",),
        "MONGOLIAN": ("mn",),
    }
)
_JAPANESE = ("HIRAGANA", "KATAKANA", "HALFWIDTH")
_OWN_SCRIPT = frozenset(language for languages in _SCRIPTS.values() for language in languages)
_NOT_LATIN = _OWN_SCRIPT - {"sr", "bs", "so"}
"""The languages that are not written in Latin letters too."""
_ENGLISH = "en"
_beyond_latin = re.compile(r"[^\0-\u024f]").search
"""Finds a character outside the range of Unicode in which no letter is of another script."""


def language_of(name: str, home: str) -> str:
    """Return the language of a name, as ISO 639-1 (two letters), given that of the place's country."""
    is_latin = name.isascii() or not _beyond_latin(name)  # most are, and this is found out fast
    scripts = () if is_latin else list(filter(None, map(_scripts.__getitem__, name)))
    if not scripts:
        return _ENGLISH if home in _NOT_LATIN else home
    languages = _SCRIPTS[next((one for one in scripts if one in _JAPANESE), scripts[0])]
    return home if home in languages else languages[0]


def _script(letter: str) -> str:
    """Return the script that a letter tells, "" for others."""
    script = unicode_name(letter, "").partition(" ")[0] if letter.isalpha() else ""
    return script if script in _SCRIPTS else ""


_scripts = Memo(_script)
