"""The search for a place's attributes: values, reasons and confidence scores."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.draws import digest
from reprompt_mock.enrichment.finders.catalogue import FINDERS
from reprompt_mock.enrichment.luck import POSITIONS
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.reasons import TURNS, Reasons, about, may_be_absent

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprompt_mock.enrichment.subject import Subject

_VOICE = POSITIONS["voice"]
_MOODS = 64
_LEVELS = (("VERY_HIGH",) * 5 + ("HIGH",) * 6 + ("MEDIUM",) * 3 + ("LOW",) * 2) * 4
NOTHING_FOUND = "The sources that were searched say nothing about this."


class Search:
    """A search for some attributes, prepared once and run for many places.

    `outputs`, `reasoning` and `scores` are the values if nothing is found (contract F5). What it writes may be shared
    between results, so never mutate it.
    """

    __slots__ = (
        "_absent",
        "_finders",
        "_nothing",
        "_reasons",
        "_scores",
        "_unsure",
        "attributes",
        "beyond_core",
        "outputs",
        "reasoning",
        "scores",
    )

    def __init__(self, attributes: tuple[str, ...]) -> None:
        self.attributes = attributes
        known = [CATALOGUE[name] for name in attributes]
        self.beyond_core = not set(attributes).issubset(CORE)
        self.outputs: dict[str, Any] = dict.fromkeys(key for one in known for key in one.outputs)
        self._absent: dict[str, Any] = {}
        for one in known:
            self.outputs.update(one.nothing)
            self._absent.update(one.absent)
        self.reasoning = dict.fromkeys((key for one in known for key in one.reasoning), NOTHING_FOUND)
        self.scores = dict.fromkeys((key for one in known for key in one.confidence), "NONE")
        self._nothing = {
            one.name: (dict.fromkeys(one.reasoning, NOTHING_FOUND), dict.fromkeys(one.confidence, "NONE"))
            for one in known
        }
        self._unsure = [(key, about(key)) for key in self.scores if may_be_absent(key)]
        self._finders = [(name, FINDERS[name], POSITIONS[name]) for name in attributes]
        self._reasons: Memo[int, Reasons] = Memo(lambda turn: Reasons(attributes, turn))
        self._scores: Memo[int, dict[str, str]] = Memo(
            lambda mood: {key: _level(one.name, mood) for one in known for key in one.confidence}
        )

    def find_nothing(self, outputs: dict[str, Any], reasoning: dict[str, str], scores: dict[str, str]) -> None:
        """Write the values for an attribute that finds nothing."""
        outputs.update(self.outputs)
        reasoning.update(self.reasoning)
        scores.update(self.scores)

    def find(
        self,
        subject: Subject,
        generation: int,
        outputs: dict[str, Any],
        reasoning: dict[str, str],
        scores: dict[str, str],
        *,
        lost: Collection[str] = (),
        is_absent: bool = False,
    ) -> None:
        """Write what a generation finds about a place, with reasons and scores; nothing of the `lost` attributes."""
        luck, lost = subject.luck, frozenset(lost)
        outputs.update(self.outputs)
        for name, finder, position in self._finders:
            if name not in lost:
                finder(subject, luck[position], generation, outputs)
        if is_absent and self._absent:
            outputs.update(self._absent)
        voice = luck[_VOICE] + generation * (1 + TURNS)
        reasoning.update(self.reasoning)
        self._reasons[voice % TURNS].tell(subject.name, outputs, reasoning, lost)
        scores.update(self._scores[voice // TURNS % _MOODS])
        for key, output in self._unsure:
            if outputs[output] is None:
                scores[key] = "NONE"
        for name in lost:
            reasons, levels = self._nothing[name]
            reasoning.update(reasons)
            scores.update(levels)


@lru_cache(maxsize=1024)
def search_for(*attributes: str) -> Search:
    """Return the prepared search for known attributes."""
    return Search(attributes)


@lru_cache(maxsize=len(CATALOGUE) * _MOODS)
def _level(attribute: str, mood: int) -> str:
    """Choose a level: over all moods as frequent as in `_LEVELS`, but not in step with other attributes."""
    return _LEVELS[_shuffled(attribute)[mood]]


@lru_cache
def _shuffled(attribute: str) -> list[int]:
    return sorted(range(_MOODS), key=lambda mood: digest(0, "mood", attribute, mood))
