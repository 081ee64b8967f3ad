"""The language of a name: that of its country if it is written in its script, else the usual one of the script."""

from __future__ import annotations

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
_LATIN_TOO = frozenset(("sr", "bs", "so"))
_ENGLISH = "en"


def language_of(name: str, home: str) -> str:
    """Return the language of a name, as ISO 639-1 (two letters), given that of the place's country."""
    return _languages[name, home]


def _language(key: tuple[str, str]) -> str:
    name, home = key
    scripts = [_script(letter) for letter in name if letter.isalpha()]
    foreign = [script for script in scripts if script in _SCRIPTS]
    if not foreign:
        return _ENGLISH if home in _OWN_SCRIPT - _LATIN_TOO else home
    kana = [script for script in foreign if script in _JAPANESE]
    languages = _SCRIPTS[(kana or foreign)[0]]
    return home if home in languages else languages[0]


def _script(letter: str) -> str:
    return "" if letter.isascii() else unicode_name(letter, "").partition(" ")[0]


_languages = Memo(_language)
