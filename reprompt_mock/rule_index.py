"""Rule index: which rules may match which jobs, found without trying every rule on every job."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reprompt_mock.globs import Globs, is_exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.rules import Match

Label = tuple[str | None, str | None]
"""A batch's id and name, None for jobs without a batch."""
_KEPT = 16
"""The number of indexes kept, each for one list of rules."""


class Jobs(Protocol):
    """The jobs of one submission, by position; names and labels are looked up only where a rule needs them."""

    @property
    def place_ids(self) -> Sequence[str]:
        """The ids of the jobs' places."""

    @property
    def attempts(self) -> Sequence[int]:
        """The numbers of the attempts that the jobs begin, from 1."""

    def names(self, positions: Iterable[int], /) -> Sequence[str]:
        """Return the names of some jobs' places."""

    def label(self, position: int, /) -> Label:
        """Return the label of a job's batch."""


class _Circumstances(NamedTuple):
    """The conditions of a rule that many jobs of a submission share."""

    attempt: int | None
    batch: str | None


class _Group:
    """The rules with equal circumstances, each by its more telling condition; `anyone` has no other condition.

    Args:
        matches: the rules' conditions by the rules' positions.
    """

    def __init__(self, matches: Mapping[int, Match]) -> None:
        ids: list[tuple[int, str]] = []
        names: list[tuple[int, str]] = []
        self.anyone: list[int] = []
        for position, match in matches.items():
            if match.place_id is not None and (match.name is None or _worth(match.place_id) >= _worth(match.name)):
                ids.append((position, match.place_id))
            elif match.name is not None:
                names.append((position, match.name))
            else:
                self.anyone.append(position)
        self.ids = Globs(ids) if ids else None
        self.names = Globs(names) if names else None


def _worth(glob: str) -> tuple[bool, int]:
    return is_exact(glob), len(glob.strip("*"))


class RuleIndex:
    """An index of rules.

    Args:
        matches: what the rules match, oldest first.
    """

    def __init__(self, matches: Iterable[Match]) -> None:
        grouped: defaultdict[_Circumstances, dict[int, Match]] = defaultdict(dict)
        for position, match in enumerate(matches):
            grouped[_Circumstances(match.attempt, match.batch)][position] = match
        self._circumstances = list(grouped)
        self._groups = [_Group(matches) for matches in grouped.values()]
        self._anywhere = [at for at, key in enumerate(grouped) if key.batch is None]
        self._batches = Globs((at, key.batch) for at, key in enumerate(grouped) if key.batch is not None)

    def candidates(self, jobs: Jobs) -> dict[int, list[int]]:
        """Return the positions of the rules that may match, in any order, by the position of the job.

        Each of them fits a job by its attempt, its batch and either its id or its name. Jobs without any are left out.
        """
        found: defaultdict[int, list[int]] = defaultdict(list)
        for numbers, positions in self._by_groups(jobs).items():
            groups = [self._groups[at] for at in numbers]
            ids = [jobs.place_ids[position] for position in positions]
            names = jobs.names(positions) if any(group.names for group in groups) else []
            for group in groups:
                _add(found, positions, group.ids, ids)
                _add(found, positions, group.names, names)
                for position in positions if group.anyone else ():
                    found[position] += group.anyone
        return found

    def _by_groups(self, jobs: Jobs) -> dict[tuple[int, ...], Sequence[int]]:
        """Return the positions of the jobs by the groups of rules whose circumstances they are in."""
        everyone = range(len(jobs.place_ids))
        if self._circumstances == [(None, None)]:
            return {(0,): everyone}
        alike: defaultdict[tuple[int, Label], list[int]] = defaultdict(list)
        for position, attempt in zip(everyone, jobs.attempts, strict=True):
            alike[attempt, jobs.label(position)].append(position)
        together: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for (attempt, label), positions in alike.items():
            together[self._groups_for(attempt, label)] += positions
        return dict(together)

    def _groups_for(self, attempt: int, label: Label) -> tuple[int, ...]:
        matching = self._batches.matching(text for text in label if text is not None)
        fitting = {at for numbers in matching.values() for at in numbers}.union(self._anywhere)
        return tuple(at for at in sorted(fitting) if self._circumstances[at].attempt in {None, attempt})


def _add(
    found: defaultdict[int, list[int]], positions: Iterable[int], globs: Globs | None, strings: Iterable[str]
) -> None:
    """Add the rules whose globs match a job's string, in the order of the positions."""
    matching = globs.matching(strings) if globs else {}
    if matching:
        for position, string in zip(positions, strings, strict=True):
            if string in matching:
                found[position] += matching[string]


@lru_cache(maxsize=_KEPT)
def index_of_rules(matches: tuple[Match, ...]) -> RuleIndex:
    """Return the index of rules, the same one after they have served, and in other worlds."""
    return RuleIndex(matches)
