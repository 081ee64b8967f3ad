"""A cache of what job rows refer to, decoded: lists of attributes, histories, pins, settings in force, standings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock import history
from reprompt_mock.enrichment.results import Job, build
from reprompt_mock.enrichment.standing import InForce, References, standing_of
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprompt_mock.enrichment.standing import Standing
    from reprompt_mock.history import History
    from reprompt_mock.store.jobs import StoredResult
    from reprompt_mock.store.session import Session


K = TypeVar("K")
T = TypeVar("T")

_LARGEST_CACHE = 2_000
_OWN = len(Job._fields)
"""The number of leading fields of a stored result that are the job's own; many jobs share the values of the others."""


class Decoded:
    """A cache shared by many reads, which is safe because a committed key never changes its meaning.

    A write uses its own cache, since its keys are reused if it is rolled back.
    """

    def __init__(self) -> None:
        self._asked: dict[int, tuple[str, ...]] = {}
        self._histories: dict[tuple[int, int], History] = {}
        self._pins: dict[int, Mapping[str, Any]] = {}
        self._in_force: dict[int, InForce] = {}
        self._standings: dict[Any, Standing] = {}
        self._parts: dict[Any, Standing] = {}

    def asked(self, session: Session, key: int) -> tuple[str, ...]:
        """Return a list of attributes."""
        return _cached(self._asked, key, lambda: tuple(worlds.document(session, key)))

    def history(self, session: Session, key: int | None, submission: int) -> History:
        """Return a job's history, empty for None; `submission` is that of its current attempt."""
        if key is None:
            return {}
        return _cached(
            self._histories, (key, submission), lambda: history.read(worlds.document(session, key), submission)
        )

    def result(self, session: Session, job: StoredResult, *, only: frozenset[str] | None = None) -> dict[str, Any]:
        """Build the result of a stored job, or only its part for some attributes; do not change the shared values."""
        _, standing = self._alike(session, job)
        if only is not None:
            standing = _cached(self._parts, (job[_OWN:], only), lambda: standing.only(only))
        return build(Job._make(job[:_OWN]), standing)

    def alike(self, session: Session, job: StoredResult) -> tuple[Any, Mapping[str, str]]:
        """Return a hashable key of what a job shares with others, and the attribute statuses that follow from it."""
        key, standing = self._alike(session, job)
        return key, standing.attribute_status

    def _alike(self, session: Session, job: StoredResult) -> tuple[Any, Standing]:
        key: Any = job[_OWN:]
        standing = self._standings.get(key)
        if standing is None:
            standing = _cached(self._standings, key, lambda: self._standing(session, job))
        return key, standing

    def _standing(self, session: Session, job: StoredResult) -> Standing:
        references = References(
            lambda submission: self._settings(session, submission),
            lambda pins: _cached(self._pins, pins, lambda: worlds.document(session, pins)),
        )
        return standing_of(
            JobStatus(job.status),
            self.asked(session, job.asked),
            self.history(session, job.ran, job.submission),
            self.history(session, job.planned, job.submission),
            seed=self._settings(session, job.submission).seed,
            references=references,
        )

    def _settings(self, session: Session, submission: int) -> InForce:
        def read() -> InForce:
            settings = worlds.submission_settings(session, submission)
            return InForce(settings.seed, settings.not_found_rate)

        return _cached(self._in_force, submission, read)


def _cached(cache: dict[K, T], key: K, read: Callable[[], T]) -> T:
    if key not in cache:
        if len(cache) >= _LARGEST_CACHE:
            cache.clear()
        cache[key] = read()
    return cache[key]
