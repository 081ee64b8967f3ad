"""Pins: what rules fixed of a search's results (contract F5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.attributes import ABSENT, CATALOGUE
from reprompt_mock.enrichment.reasons import about
from reprompt_mock.enrichment.search import NOTHING_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.enrichment.search import Search

_STATUS = "open_closed_status"
_FIXED = "A rule of the emulator fixed this value."


class Pins(NamedTuple):
    """What is written over what was found; `doubted` are the scores that must not be `NONE`, since a value is fixed."""

    outputs: Mapping[str, Any]
    reasoning: Mapping[str, str]
    scores: Mapping[str, str]
    doubted: Sequence[str]

    def write(self, outputs: dict[str, Any], reasoning: dict[str, str], scores: dict[str, str]) -> None:
        """Write what is fixed."""
        outputs.update(self.outputs)
        reasoning.update(self.reasoning)
        for key in self.doubted:
            if scores[key] == "NONE":
                scores[key] = "HIGH"
        scores.update(self.scores)


def pins_of(search: Search, outputs: Mapping[str, Any], scores: Mapping[str, str]) -> Pins | None:
    """Return what a rule's `outputs` and `confidence_scores` fix of a search, None if nothing."""
    fixed = {key: outputs[key] for key in search.outputs if key in outputs}
    levels = {key: scores[key] for key in search.scores if key in scores}
    if not (fixed or levels):
        return None
    about_fixed = [(key, fixed[about(key)]) for key in search.scores if about(key) in fixed]
    return Pins(
        fixed,
        {
            key: NOTHING_FOUND if _is_nothing(fixed[about(key)]) else _FIXED
            for key in search.reasoning
            if about(key) in fixed
        },
        {key: "NONE" for key, value in about_fixed if _is_nothing(value)} | levels,
        [key for key, value in about_fixed if not _is_nothing(value)],
    )


def _is_nothing(value: Any) -> bool:
    return value is None or value == ABSENT


def fixed_absence(outputs: Mapping[str, Any]) -> bool | None:
    """Return whether a rule's `outputs` say that a place is absent, None if they do not say."""
    return outputs[_STATUS] == ABSENT if outputs.get(_STATUS) is not None else None


def fixed_attributes(names: Iterable[str], outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the attributes that find something since a rule fixed one of their values."""
    return tuple(name for name in names if any(not _is_nothing(outputs.get(key)) for key in CATALOGUE[name].outputs))
