"""The sentences that explain values, one for each reasoning key of a result (contract F5)."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.draws import digest
from reprompt_mock.enrichment.facts import data

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

TURNS = 16

# The output that a reason is about, if its name differs.
_ABOUT = MappingProxyType(
    {
        "reprompt_core": "reprompt_core_attributes",
        "cuisine": "cuisines",
        "approximate_user_reviews": "approximate_review_count",
        "chain": "chain_name",
        "merchant": "merchant_category_code",
        "menu": "menu_url_official",
        "parking_spaces": "parking_spaces_total",
        "signage": "signage_summary",
        "entrances": "visibility_rating",
        "primary_turns": "min_turns",
    }
)
# How outputs that are neither strings nor numbers are put into words; what is null gets a reason of its own afterwards.
_IN_WORDS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "address": lambda address: address and address["full_address"],
        **dict.fromkeys(
            ("categories", "place_definition", "place_reality", "cuisines"), lambda names: ", ".join(names or ())
        ),
    }
)

_Around = tuple[str, str]
_Telling = tuple[str, str, str, str, str, str]
_Wordy = tuple[_Telling, "Callable[[Any], str]"]


def about(key: str) -> str:
    """Return the output that a reason or a score is about, by the key of the reason or score."""
    return _ABOUT.get(key, key)


def may_be_absent(key: str) -> bool:
    """Return whether the output that a reason is about can be null although something was found."""
    return key in data("sentences")["absent"]


class Reasons:
    """The sentences of some attributes in one wording, split around the name of the place.

    A telling sentence has an attribute, a key, the output that it is about, and three parts; a wordy one also has a
    function that puts the output into words. An output may be null if the data have a sentence for its absence.
    """

    __slots__ = ("_absent", "_plain", "_plain_keys", "_telling", "_wordy")

    def __init__(self, attributes: Iterable[str], turn: int) -> None:
        self._plain_keys: list[str] = []
        self._plain: list[_Around] = []
        self._telling: list[_Telling] = []
        self._wordy: list[_Wordy] = []
        self._absent: list[tuple[str, str, _Around]] = []
        for name in attributes:
            for key in CATALOGUE[name].reasoning:
                self._add(name, key, turn)

    def _add(self, attribute: str, key: str, turn: int) -> None:
        output, absent = about(key), _absent(key, turn)
        before, middle, after = _parts(key, turn)
        if after is None:
            self._plain_keys.append(key)
            self._plain.append((before, middle))
        elif output in _IN_WORDS:
            self._wordy.append(((attribute, key, output, before, middle, after), _IN_WORDS[output]))
        else:
            self._telling.append((attribute, key, output, before, middle, after))
        if absent is not None:
            self._absent.append((key, output, absent))

    def tell(self, name: str, outputs: Mapping[str, Any], reasoning: dict[str, str], lost: Collection[str]) -> None:
        """Add the sentence of each reasoning key to `reasoning`; those of `lost` attributes mean nothing."""
        reasoning.update(zip(self._plain_keys, map(name.join, self._plain), strict=True))
        for attribute, key, output, before, middle, after in self._telling:
            if attribute not in lost:
                reasoning[key] = f"{before}{name}{middle}{outputs[output]}{after}"
        for (attribute, key, output, before, middle, after), in_words in self._wordy:
            if attribute not in lost:
                reasoning[key] = f"{before}{name}{middle}{in_words(outputs[output])}{after}"
        for key, output, absent in self._absent:
            if outputs[output] is None:
                reasoning[key] = name.join(absent)


@lru_cache(maxsize=1024)
def _parts(key: str, turn: int) -> tuple[str, str, str | None]:
    """Split a sentence around its name and, if it has one, its value."""
    before, _, rest = _wording(key, data("sentences")["reasons"][key], turn).partition("{name}")
    middle, value, after = rest.partition("{value}")
    return before, middle, after if value else None


@lru_cache(maxsize=1024)
def _absent(key: str, turn: int) -> _Around | None:
    sentences = data("sentences")["absent"].get(key)
    if sentences is None:
        return None
    before, _, after = _wording(key, sentences, turn).partition("{name}")
    return before, after


def _wording(key: str, sentences: Sequence[str], turn: int) -> str:
    """Choose a sentence such that all are equally frequent, but not in step with those of other keys."""
    shuffled = sorted(range(TURNS), key=lambda one: digest(0, "wording", key, one))
    return sentences[shuffled[turn] % len(sentences)]
