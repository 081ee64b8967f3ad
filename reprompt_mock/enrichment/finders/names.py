"""The names of a place."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import one_in

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_WITHOUT_LEGAL_FORM = frozenset(
    ("school", "university", "hospital", "station", "park", "place_of_worship", "library", "city", "airport")
)


@lru_cache(maxsize=8192)
def _company(code: str | None, kind: str) -> tuple[str, str]:
    """Return the text before and after the name of a company."""
    form = data("national")["legal_forms"].get(code, "{name}")
    if kind in _WITHOUT_LEGAL_FORM:
        return "", ""
    before, _, after = form.rpartition("{name}") if "{name}" in form else ("", "", f" {form}")
    return before, after


def names(subject: Subject, luck: int, _generation: int, outputs: dict[str, Any]) -> None:
    """Find the names of a place, which are the same in every generation."""
    name, country = subject.name, subject.country
    outputs["name"] = name
    language = subject.given.language
    outputs["multilingual_names"] = {language: name, "en": name} if name.isascii() else {language: name}
    outputs["official_name"] = name if one_in(4, luck, at=2) else name.join(_company(country.code, subject.kind.name))
    if one_in(4, luck, at=4):
        outputs["brand_name"] = name
    short = _short(name) if one_in(4, luck) else None
    if short:
        outputs["alt_name"] = short
        outputs["common_names"] = [name, short]
    else:
        outputs["common_names"] = [name]


def _short(name: str) -> str | None:
    words = name.split()
    return " ".join(words[:2]) if len(words) > 2 else None
