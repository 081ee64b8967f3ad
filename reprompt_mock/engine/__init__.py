"""Every use case: create, append, status, results, reprocess, list, delete, advance, settle, tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.engine import releasing, reprocessing, snapshot, submissions, timing, views
from reprompt_mock.engine.core import Core, Reading
from reprompt_mock.engine.recall import Recall
from reprompt_mock.errors import EnrichmentNotFound
from reprompt_mock.real_time import real_now
from reprompt_mock.store import batches, worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.engine.core import Writing
    from reprompt_mock.engine.reprocessing import ReprocessedPlaces, Wanted
    from reprompt_mock.engine.snapshot import Snapshot
    from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
    from reprompt_mock.engine.timing import Settled
    from reprompt_mock.engine.views import BatchPage, BatchView, ResultPage, ResultQuery
    from reprompt_mock.faults import Fault
    from reprompt_mock.reprocess import Scope
    from reprompt_mock.scenario import Scenario
    from reprompt_mock.settings import Settings, WorldSettings
    from reprompt_mock.world import World


class WorldSummary(NamedTuple):
    """A world's counts and time."""

    slug: str
    batches: int
    jobs: Counts
    now: int
    running: bool
    speed: float


class MarkedBatches(NamedTuple):
    """Which of the batches were marked, and which there are not."""

    updated: list[str]
    missing: list[str]


class Engine:
    """The emulator without HTTP: all worlds and what can be done in them.

    Args:
        settings: the emulator's.
        real: reads real time in microseconds.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings, *, real: Callable[[], int] = real_now) -> None:
        self.settings = settings
        self.core = Core(settings, real=real)
        self.worlds = self.core.worlds
        self._recall = Recall()

    def close(self) -> None:
        """Give the database back."""
        self.core.close()

    # Batches

    def create_batch(self, world: World, request: BatchToCreate) -> BatchView:
        """Create a batch or append to it (contract D)."""
        with self.core.writing(world) as writing:
            created = submissions.create(writing, request)
            if created.batch.counts.total:
                return views.batch_status(writing.reading, self._recall, created.batch.id)
            return views.new_batch(created.batch, created.place_ids)

    def batch_status(self, world: World, batch_id: str, attributes: Sequence[str] | None = None) -> BatchView:
        """Describe a batch (contract E), after the clock moved by `poll_advance`."""
        if world.settings.poll_advance:
            with self.core.writing(world) as writing:
                timing.poll(self.core, writing, batch_id)
        version = world.views.version
        with self.core.reading(world) as reading:
            view = views.batch_status(reading, self._recall, batch_id, attributes)
        if attributes is None:
            world.views.keep(version, batch_id, view, weight=view.batch.counts.total)
        return view

    def look_at_batch(self, world: World, batch_id: str) -> BatchView:
        """Describe a batch as `batch_status` does, but let no time pass for it.

        Raises:
            BatchNotFound: the world has no batch of this id.
        """
        with self.core.reading(world) as reading:
            return views.batch_status(reading, self._recall, batch_id)

    def kept_status(self, world: World, batch_id: str) -> BatchView | None:
        """Give a batch's description where it was read already and holds still."""
        if world.settings.poll_advance or world.is_due():
            return None
        kept: BatchView | None = world.views.find(batch_id)
        return kept

    def batch_size(self, world: World, batch_id: str) -> int:
        """Count a batch's jobs, quickly.

        Raises:
            BatchNotFound: the world has no batch of this id.
        """
        with self.core.database.read() as connection:
            reading = Reading(connection, world, world.key, world.now())
            return views.find_batch(reading, batch_id).counts.total

    def list_batches(self, world: World, query: str, *, limit: int, offset: int) -> BatchPage:
        """List batches, newest first (contract H)."""
        with self.core.reading(world) as reading:
            return views.batch_page(reading, query, limit=limit, offset=offset)

    def reprocess_batch(self, world: World, batch_id: str, scope: Scope, wanted: Wanted) -> int:
        """Run jobs of a batch again; gives how many (contract G)."""
        with self.core.writing(world) as writing:
            return reprocessing.reprocess_batch(writing, batch_id, scope, wanted)

    def delete_batch(self, world: World, batch_id: str) -> None:
        """Delete a batch and its jobs (contract I1), whose rows are removed by later ticks."""

        def delete() -> None:
            with self.core.writing(world) as writing:
                batches.delete(writing.connection, views.find_batch(writing.reading, batch_id).pk)
                self.core.has_purge = True

        self.core.relieve(delete)

    def update_batch(self, world: World, batch_id: str, *, name: str | None, refresh: bool | None) -> None:
        """Rename a batch or mark it for refresh; what is None stays (contract I1)."""
        with self.core.writing(world) as writing:
            batch = views.find_batch(writing.reading, batch_id)
            batches.update(writing.connection, batch.pk, name=name, refresh=refresh)

    def mark_batches(self, world: World, batch_ids: Sequence[str], *, refresh: bool) -> MarkedBatches:
        """Mark batches for refresh, or no longer (contract I1)."""
        with self.core.writing(world) as writing:
            marked = MarkedBatches([], [])
            for batch_id in dict.fromkeys(batch_ids):
                batch = batches.find(writing.connection, writing.key, batch_id)
                if batch is not None:
                    batches.update(writing.connection, batch.pk, name=None, refresh=refresh)
                (marked.updated if batch else marked.missing).append(batch_id)
            return marked

    # Jobs

    def results(self, world: World, query: ResultQuery, *, limit: int, offset: int) -> ResultPage:
        """Give a page of results (contract F1, F2)."""
        with self.core.reading(world) as reading:
            return views.result_page(reading, self._recall, query, limit=limit, offset=offset)

    def days(self, world: World, query: ResultQuery, *, limit: int, offset: int) -> BatchPage:
        """Give a page of synthetic batches, one per day (contract F2)."""
        with self.core.reading(world) as reading:
            return views.day_page(reading, query, limit=limit, offset=offset)

    def result_of_place(self, world: World, place_id: str) -> dict[str, Any]:
        """Give the result of a place's last submitted job (contract F8)."""
        with self.core.reading(world) as reading:
            return views.result_of_place(reading, self._recall, place_id)

    def submit_job(self, world: World, place: PlaceToEnrich) -> dict[str, Any]:
        """Submit a job that belongs to no batch; gives its result as it stands (contract I2)."""
        with self.core.writing(world) as writing:
            place_id = submissions.submit_alone(writing, place)
            return views.result_of_place(writing.reading, Recall(), place_id)

    def enrich(self, world: World, place: PlaceToEnrich) -> dict[str, Any]:
        """Submit a job that finishes at once; gives its result (contract I3).

        Raises:
            EnrichmentNotFound: it fails; nothing of it is stored but what it took of rules' `times`.
        """
        with self.core.writing(world) as writing:
            result = self._enriched(writing, place)
        if isinstance(result, EnrichmentNotFound):
            raise result
        return result

    def _enriched(self, writing: Writing, place: PlaceToEnrich) -> dict[str, Any] | EnrichmentNotFound:
        before = writing.world.scenario
        writing.connection.execute("SAVEPOINT enrichment")
        try:
            place_id = submissions.enrich(writing, place)
        except EnrichmentNotFound as failure:
            if writing.world.scenario is before:
                raise
            writing.connection.execute("ROLLBACK TO enrichment")
            worlds.save(writing.connection, writing.key, writing.world)
            return failure
        self.core.apply_due(writing)
        return views.result_of_place(writing.reading, Recall(), place_id)

    def delete_jobs(self, world: World, place_id: str) -> int:
        """Delete all jobs of a place; gives how many (contract F8)."""

        def delete() -> int:
            with self.core.writing(world) as writing:
                self.core.has_purge = True
                return submissions.delete_jobs(writing, place_id)

        return self.core.relieve(delete)

    def reprocess_jobs(self, world: World, place_ids: Sequence[str], wanted: Wanted) -> ReprocessedPlaces:
        """Run the last submitted job of each place again (contract G9)."""
        with self.core.writing(world) as writing:
            return reprocessing.reprocess_places(writing, place_ids, wanted)

    # Worlds and time

    def summary(self, world: World) -> WorldSummary:
        """Count what is in a world, without making it."""
        if world.is_due():
            self.core.catch_up(world)
        with self.core.database.read() as connection:
            counted = (0, Counts()) if world.key is None else worlds.counts(connection, world.key)
        return WorldSummary(world.slug, *counted, world.now(), world.clock.running, world.clock.speed)

    def change_settings(self, world: World, changes: Mapping[str, Any]) -> WorldSettings:
        """Change settings for what is submitted from now on; `clock` and `speed` change the clock."""
        with self.core.writing(world) as writing:
            current = writing.world
            current.settings = current.settings.model_copy(update=dict(changes))
            clock = changes.get("clock")
            current.set_rate(speed=changes.get("speed"), running=clock and clock == "running")
            self.core.move_time(writing)
            return current.settings

    def change_clock(
        self, world: World, *, now: int | None = None, running: bool | None = None, speed: float | None = None
    ) -> WorldSummary:
        """Set a world's time, pause or resume it, change its speed.

        Raises:
            TimeGoesBack: `now` lies before the world's time, and the world has jobs.
        """
        with self.core.writing(world) as writing:
            timing.change_clock(self.core, writing, now=now, running=running, speed=speed)
            return self.summary(writing.world)

    def advance(self, world: World, microseconds: int) -> WorldSummary:
        """Move a world's clock forward; what is due by then has happened when it answers."""
        with self.core.writing(world) as writing:
            writing.world.advance(microseconds)
            self.core.move_time(writing)
            return self.summary(writing.world)

    def settle(self, world: World, batch_id: str | None = None) -> Settled:
        """Advance just far enough for every job of a world or batch that moves by itself to finish.

        Raises:
            BatchNotFound: the world has no such batch.
        """
        with self.core.writing(world) as writing:
            return timing.settle(self.core, writing, batch_id)

    # Rules and faults

    def change_scenario(self, world: World, change: Callable[[Scenario], Scenario]) -> Scenario:
        """Change a world's rules or faults; gives them as they are then."""
        with self.core.writing(world) as writing:
            writing.world.scenario = change(writing.world.scenario)
            worlds.save(writing.connection, writing.key, writing.world)
            return writing.world.scenario

    def meet_fault(self, world: World, method: str, path: str, operation: str | None, *, digest: str) -> Fault | None:
        """Count a request for a world's faults; gives the one that hits it."""
        with self.core.writing(world) as writing:
            fault = writing.world.meet_fault(method, path, operation, digest=digest)
            worlds.save(writing.connection, writing.key, writing.world)
            return fault

    def release(self, world: World, *, place_id: str | None, batch: str | None) -> int:
        """Let held jobs go on, those that the globs match; gives how many."""
        with self.core.writing(world) as writing:
            return releasing.release(writing, place_id=place_id, batch=batch)

    def snapshot(self, world: World) -> dict[str, Any]:
        """Write a whole world as JSON-ready data."""
        if world.is_due():
            self.core.catch_up(world)
        with self.core.database.read() as connection:
            return snapshot.take(Reading(connection, world, world.key, world.now()))

    def restore(self, world: World, document: Snapshot) -> WorldSummary:
        """Make a world what a snapshot says, in place of what it was."""
        with self.core.writing(world) as writing:
            snapshot.restore(writing, document)
            self.core.has_purge = True
            return self.summary(writing.world)

    def forget(self, world: World) -> None:
        """Forget a world at once, as if it had never been used; its rows are removed by later ticks."""
        self.core.forget(world)

    def reset(self) -> None:
        """Forget all worlds."""
        for world in self.worlds:
            self.forget(world)

    def has_work(self) -> bool:
        """Tell whether a tick would do anything, at the cost of a comparison per world."""
        return self.core.has_purge or any(world.is_due() for world in self.worlds)

    def tick(self) -> None:
        """Make happen what is due in any world, and remove some rows of forgotten ones."""
        self.core.tick()
