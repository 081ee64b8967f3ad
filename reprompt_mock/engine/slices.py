"""A big create in slices, so that other requests are answered between them; nobody sees a part.

Its jobs are decided before any transaction and written in slices, each in a short one. Until the last of these they
belong to a grave, a forgotten world that is not purged as long as they are written: that transaction moves their
submission to the world and adds the batch. What is not finished, as in a crash, is purged like anything forgotten.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.engine import batches, counts, requirements, submissions
from reprompt_mock.engine.documents import Documents
from reprompt_mock.engine.events import Kind
from reprompt_mock.engine.identifiers import identified, new_batch_id, next_batch_id
from reprompt_mock.engine.submissions import Submission
from reprompt_mock.store import batches as stored_batches
from reprompt_mock.store import jobs, worlds
from reprompt_mock.store import submissions as stored_submissions
from reprompt_mock.store.columns import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprompt_mock.engine.batches import BatchView
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.planning import Planned
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing, Written
    from reprompt_mock.scenario import Scenario
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.columns import NewJobs
    from reprompt_mock.store.worlds import WorldState
    from reprompt_mock.world_settings import WorldSettings

_SLICE_JOBS = 8_000
_MOST_DOCUMENTS = 64
"""The most new documents of a create in slices, each of which takes a transaction of its own."""


class _Unsuitable(Exception):
    """This create cannot be done in slices, since the batch exists or the world has changed meanwhile."""


class Draft:
    """A world as a big create sees it before it is stored: `deciding.Deciding` says what the attributes are.

    New documents are written at once, since it does not matter if nothing refers to them.

    Args:
        engine: the engine.
        world: the world.
        state: its state when the create came.
        now: the virtual time then, in microseconds.
    """

    def __init__(self, engine: Engine, world: World, state: WorldState, now: int) -> None:
        self.state = state
        self.scenario = state.scenario
        self.now = now
        self.acted: list[str] = []
        self.known: Mapping[Any, int] = world.documents
        self.interned: dict[Any, int] = {}
        self._engine, self._world = engine, world

    @property
    def settings(self) -> WorldSettings:
        """The settings in force."""
        return self.state.settings

    def set_scenario(self, scenario: Scenario) -> None:
        """Replace the rules and faults."""
        self.scenario = scenario

    def intern(self, token: Any, value: Any) -> int:
        """Find or write a document; return its key."""
        if len(self.interned) >= _MOST_DOCUMENTS:
            raise _Unsuitable
        return self._engine.write(self._world, _intern, self, token, value).value

    def document(self, key: int) -> Any:
        """Read no document: new jobs have no history."""
        raise LookupError(key)

    def check(self, writing: Writing) -> None:
        """Check that the world is still the one that was drafted; the first write gives it its key."""
        if self.state.key is None and not writing.world.forgotten:
            self.state = self.state._replace(key=writing.key)
        if self.state.key != writing.key or writing.world.forgotten:
            raise _Unsuitable


class _Reserved(NamedTuple):
    """The keys of what is written: the grave, the batch, its submission and the first of its jobs."""

    grave: int
    batch: int
    submission: int
    first_job: int


def is_worth(request: BatchToCreate) -> bool:
    """Return whether a create is big enough for slices."""
    return len(request.places) > _SLICE_JOBS


def create(engine: Engine, world: World, request: BatchToCreate, pause: Callable[[], None]) -> Written[BatchView]:
    """Create a batch in slices, or at once if it has to be; `batches.create` says what it raises.

    Args:
        engine: the engine.
        world: the world.
        request: the batch.
        pause: lets others write; called between slices.
    """
    try:
        return _created(engine, world, request, pause)
    except _Unsuitable:
        return engine.write(world, batches.create, request)


def _created(engine: Engine, world: World, request: BatchToCreate, pause: Callable[[], None]) -> Written[BatchView]:
    draft, batch = engine.read(world, _drafted, engine, request)
    places = identified(batch.id, request.places)
    planned = submissions.decide(draft, batch, places, kick_off=request.kick_off)
    with _reserved(engine, world, draft, len(places)) as keys:
        batch = batch._replace(pk=keys.batch)
        for part in _slices(_new_jobs(draft, keys, request, places, planned), len(places)):
            with engine.store.write() as session:
                jobs.insert(session, part)
            pause()
        return engine.write(world, _publish, draft, keys, request, batch, list(places), planned)


def _drafted(reading: Reading, engine: Engine, request: BatchToCreate) -> tuple[Draft, StoredBatch]:
    settings = reading.state.settings
    requirements.check(settings, request)
    if settings.places_move:
        raise _Unsuitable
    batch_id = request.batch_id or next_batch_id(reading, request.fingerprint)
    if reading.key and stored_batches.find(reading.session, reading.key, batch_id):
        raise _Unsuitable
    draft = Draft(engine, reading.world, reading.state, reading.now)
    return draft, stored_batches.new(batch_id, request.batch_name, reading.now)


def _intern(writing: Writing, draft: Draft, token: Any, value: Any) -> int:
    draft.check(writing)
    writing.be_quiet()
    return Documents(writing).key_of(token, value)


@contextmanager
def _reserved(engine: Engine, world: World, draft: Draft, size: int) -> Iterator[_Reserved]:
    """Reserve keys; the grave is purged after the block unless its submission has been published."""
    leased = engine.purge.leased
    keys = engine.write(world, _reserve, draft, size, leased).value
    try:
        yield keys
    finally:
        leased.discard(keys.grave)
        engine.purge.is_due = True


def _reserve(writing: Writing, draft: Draft, size: int, leased: set[int]) -> _Reserved:
    draft.check(writing)
    writing.be_quiet()
    grave = worlds.insert_grave(writing.session)
    batch = writing.keys.row()
    submission, first_job = stored_submissions.add(
        writing.session, writing.keys, draft.now, draft.settings, batch=batch, jobs=size, world=grave
    )
    leased.add(grave)
    return _Reserved(grave, batch, submission, first_job)


def _new_jobs(
    draft: Draft, keys: _Reserved, request: BatchToCreate, places: Mapping[str, PlaceToEnrich], planned: Planned
) -> NewJobs:
    submission = Submission(keys.submission, draft.state.row, keys.batch, attempt=1 if request.kick_off else 0)
    return submissions.new_jobs(submission, range(keys.first_job, keys.first_job + len(places)), places, {}, planned)


def _slices(new: NewJobs, size: int) -> Iterator[NewJobs]:
    return (cut(new, first, first + _SLICE_JOBS) for first in range(0, size, _SLICE_JOBS))


def _publish(
    writing: Writing,
    draft: Draft,
    keys: _Reserved,
    request: BatchToCreate,
    batch: StoredBatch,
    place_ids: list[str],
    planned: Planned,
) -> BatchView:
    """Move the submission to the world and add its batch."""
    draft.check(writing)
    session = writing.session
    generated = batch.id if request.batch_id else new_batch_id(writing, request.fingerprint)
    if generated != batch.id or stored_batches.find(session, writing.key, batch.id):
        raise _Unsuitable
    _take_over(writing, draft)
    due = counts.soonest(planned.timetables.queued_at)
    writing.expect(due)
    stored_batches.insert(session, writing.keys, batch, pending=len(place_ids), due=due)
    stored_submissions.move(session, keys.submission, writing.key)
    worlds.remove(session, keys.grave)
    writing.note(Kind.batch, batch.id)
    return batches.new_view(writing, batch, place_ids)


def _take_over(writing: Writing, draft: Draft) -> None:
    """Take over what rules have served, unless others were decided by the same rules meanwhile."""
    if draft.scenario is draft.state.scenario:
        return
    if writing.scenario is not draft.state.scenario:
        raise _Unsuitable
    writing.set_scenario(draft.scenario)
    writing.acted += draft.acted
