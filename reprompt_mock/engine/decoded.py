"""A cache of what job rows refer to, decoded: lists of attributes, histories, pins, settings in force, standings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock import history
from reprompt_mock.enrichment.results import build
from reprompt_mock.enrichment.template import InForce, References, template_of
from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import documents, submissions
from reprompt_mock.store.jobs import StoredResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.enrichment.template import ResultTemplate
    from reprompt_mock.history import History
    from reprompt_mock.store.session import Session


K = TypeVar("K")
T = TypeVar("T")

Drawn = tuple["Sequence[int]", "Mapping[str, Sequence[int]]"]
"""The times of a timeline and the counts then, which no passing of time changes."""
_LARGEST_CACHE = 2_000
_MOST_TIMELINES = 20
_OWN = StoredResult._fields.index("status")
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
        self._templates: dict[Any, ResultTemplate] = {}
        self._timelines: dict[tuple[Any, ...], Drawn] = {}

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc] # as new

    def asked(self, session: Session, key: int) -> tuple[str, ...]:
        """Return a list of attributes."""
        return _cached(self._asked, key, lambda: tuple(documents.read(session, key)))

    def history(self, session: Session, key: int | None, submission: int) -> History:
        """Return a job's history, empty for None; `submission` is that of its current attempt."""
        if key is None:
            return {}
        return _cached(
            self._histories, (key, submission), lambda: history.read(documents.read(session, key), submission, key)
        )

    def timeline(self, key: tuple[Any, ...], draw: Callable[[], Drawn]) -> Drawn:
        """Return the timeline that a key stands for; `draw` makes it if it is not cached."""
        return _cached(self._timelines, key, draw, _MOST_TIMELINES)

    def result(
        self, session: Session, job: StoredResult, *, every_status: bool = False, read_once: bool = False
    ) -> dict[str, Any]:
        """Build the result of a stored job; what it holds is shared, not to be changed."""
        _, template = self._alike(session, job)
        return build(job, template, every_status=every_status, read_once=read_once)

    def alike(self, session: Session, job: StoredResult) -> tuple[Any, Mapping[str, str]]:
        """Return what a job has in common with others, hashable, and the attribute statuses that follow from it."""
        key, template = self._alike(session, job)
        return key, template.attribute_status

    def _alike(self, session: Session, job: StoredResult) -> tuple[Any, ResultTemplate]:
        key: Any = job[_OWN:]
        template = self._templates.get(key)
        if template is None:
            template = _cached(self._templates, key, lambda: self._template(session, job))
        return key, template

    def _template(self, session: Session, job: StoredResult) -> ResultTemplate:
        references = References(
            lambda submission: self._settings(session, submission),
            lambda pins: _cached(self._pins, pins, lambda: documents.read(session, pins)),
        )
        template = template_of(
            JobStatus(job.status),
            self.asked(session, job.asked),
            self.history(session, job.ran, job.submission),
            self.history(session, job.planned, job.submission),
            seed=self._settings(session, job.submission).seed,
            references=references,
        )
        return template.renamed(Hold.queued_deferred.name) if job.is_deferred else template

    def _settings(self, session: Session, submission: int) -> InForce:
        def read() -> InForce:
            settings = submissions.settings_of(session, submission)
            return InForce(settings.seed, settings.shares)

        return _cached(self._in_force, submission, read)


def _cached(cache: dict[K, T], key: K, read: Callable[[], T], most: int = _LARGEST_CACHE) -> T:
    found = cache.get(key)
    if found is None:
        found = read()
        if len(cache) >= most:
            cache.clear()
        cache[key] = found
    return found
