"""Reads an address in one line by the customs and the script of its country."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from reprompt_mock.enrichment.country_named import country_named
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.postal import chinese, general, japan, korean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")


_READERS: dict[str | None, tuple[re.Pattern[str], Callable[[str], dict[str, str]]]] = {
    "JP": (_HAN, japan.read),
    "KR": (_HANGUL, korean.read),
    **{code: (_HAN, partial(chinese.read, code=code)) for code in chinese.CODES},
}
_LONGEST = 300
"""Signs of an address that is taken apart; what is longer stays whole."""


def _read(given: tuple[str, str | None, str | None]) -> Mapping[str, str]:
    text, code, city = given
    if len(text) > _LONGEST:
        return {"street": text}
    if code in _READERS and not text.isascii():
        script, read = _READERS[code]
        native, country = _without_country(text)
        if script.search(native) and (parts := read(native)):
            return {**parts, "country": country} if country else parts
    return general.read(text, code, city)


def _without_country(text: str) -> tuple[str, str | None]:
    """Cut a country's name from the end of an address."""
    native, comma, last = text.rpartition(",")
    return (native, last.strip()) if comma and country_named(last) else (text, None)


parsed = Memo(_read, 4096)
"""The parts of an address by its text, its country code and its city, where they are known."""
