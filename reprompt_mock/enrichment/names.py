"""What a place is called."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_WITHOUT_LEGAL_FORM = frozenset(
    ("school", "university", "hospital", "station", "park", "place_of_worship", "library", "city", "airport")
)


@lru_cache(maxsize=512)
def _company(code: str | None) -> tuple[str, str] | None:
    """Give what stands before and after the name of a company."""
    form = data("national")["legal_forms"].get(code)
    if form is None:
        return None
    before, _, after = form.rpartition("{name}") if "{name}" in form else ("", "", f" {form}")
    return before, after


def names(subject: Subject, _generation: int) -> dict[str, Any]:
    """Give the names of a place; they never change."""
    name, luck, language = subject.place.name, subject.luck["names"], subject.country.language
    translations = {language: name}
    if name.isascii():
        translations["en"] = name
    short = _short(name) if luck & 3 == 0 else None
    company = _company(subject.country.code) if luck & 12 else None
    if company and subject.kind.name in _WITHOUT_LEGAL_FORM:
        company = None
    return {
        "name": name,
        "multilingual_names": translations,
        "alt_name": short,
        "official_name": f"{company[0]}{name}{company[1]}" if company else name,
        "brand_name": name if luck & 48 == 0 else None,
        "common_names": [name, short] if short else [name],
    }


def _short(name: str) -> str | None:
    words = name.split()
    return " ".join(words[:2]) if len(words) > 2 else None
