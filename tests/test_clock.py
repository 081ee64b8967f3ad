"""Virtual time as a function of real time; a lambda stands for real time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.clock import LATEST, SECOND, VirtualClock, day_bounds, http_date, iso, moment_of
from reprompt_mock.engine import batches, clock, worlds
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.errors import TimeOutOfRange
from reprompt_mock.settings import load

NOON = 1_800_000_000 * SECOND
REAL = 5_000 * SECOND

moments = st.integers(0, LATEST)
reals = st.integers(0, 2 * NOON)
speeds = st.floats(0.001, 1e6)
clocks = st.builds(VirtualClock, moments, reals, speeds, st.booleans())


def test_time_ends_with_the_year_9999_and_begins_with_1970() -> None:
    clock = VirtualClock(NOON, REAL)
    assert [clock.moved_to(moment, REAL).virtual for moment in (0, LATEST)] == [0, LATEST]
    for moment in (-1, LATEST + 1):
        with pytest.raises(TimeOutOfRange):
            clock.moved_to(moment, REAL)


@pytest.mark.parametrize(
    ("speed", "running", "passed", "moved"),
    [
        (1.0, True, 0, 0),
        (1.0, True, 7 * SECOND, 7 * SECOND),
        (60.0, True, 2 * SECOND, 120 * SECOND),
        (0.5, True, 3 * SECOND, SECOND * 3 // 2),
        (1e6, True, 1, SECOND),
        (1.0, False, 7 * SECOND, 0),
        (1.0, True, -7 * SECOND, 0),
    ],
)
def test_time_passes_with_real_time_at_its_speed(speed: float, running: bool, passed: int, moved: int) -> None:
    clock = VirtualClock(NOON, REAL, speed, running)
    assert clock.now(REAL + passed) == NOON + moved


@given(clocks, reals, reals)
def test_time_never_goes_back_while_real_time_goes_on(clock: VirtualClock, one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    assert clock.virtual <= clock.now(earlier) <= clock.now(later) <= LATEST


@given(clocks, reals, speeds | st.none(), st.none() | st.booleans())
def test_a_change_of_the_rate_is_no_jump(
    clock: VirtualClock, real: int, speed: float | None, running: bool | None
) -> None:
    changed = clock.changed(real, speed=speed, running=running)
    assert changed.now(real) == clock.now(real)
    assert changed.speed == (clock.speed if speed is None else speed)
    assert changed.running == (clock.running if running is None else running)


@given(clocks, reals, moments)
def test_a_jump_arrives_exactly_and_keeps_the_rate(clock: VirtualClock, real: int, virtual: int) -> None:
    moved = clock.moved_to(virtual, real)
    assert moved.now(real) == virtual
    assert (moved.speed, moved.running) == (clock.speed, clock.running)


@pytest.mark.parametrize("virtual", [-1, LATEST + 1])
def test_a_jump_beyond_what_can_be_written_is_refused(virtual: int) -> None:
    with pytest.raises(TimeOutOfRange):
        VirtualClock(NOON, REAL).moved_to(virtual, REAL)


def test_an_advance_counts_from_the_present() -> None:
    clock = VirtualClock(NOON, REAL, 10.0)
    assert clock.advanced(5, REAL + SECOND).now(REAL + SECOND) == NOON + 10 * SECOND + 5


def test_a_running_clock_stops_at_the_end_of_time() -> None:
    assert VirtualClock(NOON, 0, 1e6).now(2**62) == LATEST
    assert iso(LATEST) == "9999-12-31T23:59:59.000000Z"


@pytest.mark.parametrize(
    ("speed", "running", "virtual", "seconds"),
    [
        (1.0, True, NOON + 5 * SECOND, 5.0),
        (10.0, True, NOON + 5 * SECOND, 0.5),
        (1.0, True, NOON - 5 * SECOND, 0.0),
        (1.0, False, NOON + 5 * SECOND, None),
    ],
)
def test_how_long_until_a_moment_in_real_time(speed: float, running: bool, virtual: int, seconds: float | None) -> None:
    assert VirtualClock(NOON, REAL, speed, running).real_seconds_until(virtual, REAL) == seconds


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (NOON, "2027-01-15T08:00:00.000000Z"),
    ],
)
def test_times_are_written_with_microseconds_and_z(moment: int, text: str) -> None:
    """contract, head: times are UTC, ISO 8601 with microseconds and Z."""
    assert iso(moment) == text
    assert moment_of(datetime.fromisoformat(text)) == moment


@given(moments)
def test_what_is_written_is_read_as_the_same_moment(moment: int) -> None:
    assert moment_of(datetime.fromisoformat(iso(moment))) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (NOON + SECOND - 1, "Fri, 15 Jan 2027 08:00:00 GMT"),
        (LATEST, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_a_date_of_http_has_whole_seconds(moment: int, text: str) -> None:
    assert http_date(moment) == text


def test_a_zone_is_taken_into_account() -> None:
    there = datetime(2027, 1, 15, 10, 0, tzinfo=timezone(timedelta(hours=2)))
    assert moment_of(there) == NOON


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2028, 2, 29), date(9999, 12, 31), date(1, 1, 1)])
def test_a_day_is_half_open_and_has_24_hours(day: date) -> None:
    first, last = day_bounds(day)
    assert first == moment_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert last - first == 86_400 * SECOND


class Machine:
    """The machine's clock, set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@contextmanager
def _engine(machine: Machine, path: Path | None = None, speed: float = 1.0) -> Iterator[Engine]:
    engine = Engine(load({"db": path, "speed": speed}, environ={}), real=machine)
    try:
        yield engine
    finally:
        engine.close()


def test_a_new_world_starts_with_the_machine_and_runs_at_its_speed() -> None:
    machine = Machine()
    with _engine(machine, speed=60.0) as engine:
        world = engine.worlds.peek("acme")
        assert engine.write(world, clock.advance, 0).value.now == NOON
        machine.now += SECOND
        assert engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now == NOON + 60 * SECOND


def test_a_world_does_not_go_back_with_the_machine() -> None:
    machine = Machine()
    with _engine(machine) as engine:
        engine.write(engine.worlds.peek("acme"), clock.advance, 0)
        world = engine.worlds.peek("acme")
        machine.now += 100 * SECOND
        assert world.now() == NOON + 100 * SECOND
        machine.now -= 50 * SECOND
        assert world.now() == NOON + 100 * SECOND
        for change in ({"running": False}, {"running": True, "speed": 2.0}):
            assert engine.write(world, clock.change, **change).value.now >= NOON + 100 * SECOND


def test_pausing_and_resuming_keeps_the_time() -> None:
    machine = Machine()
    with _engine(machine) as engine:
        engine.write(engine.worlds.peek("acme"), clock.advance, 0)
        world = engine.worlds.peek("acme")
        machine.now += SECOND
        engine.write(world, clock.change, running=False)
        machine.now += 1000 * SECOND
        assert world.now() == NOON + SECOND
        engine.write(world, clock.change, running=True)
        machine.now += SECOND
        assert world.now() == NOON + 2 * SECOND


def test_a_running_clock_runs_on_while_the_server_is_down(tmp_path: Path) -> None:
    machine = Machine()
    with _engine(machine, tmp_path / "world.db") as engine:
        engine.write(engine.worlds.peek("fast"), clock.change, speed=10.0)
        engine.write(engine.worlds.peek("still"), clock.change, running=False)
    machine.now += 3600 * SECOND
    with _engine(machine, tmp_path / "world.db") as engine:
        assert engine.read(engine.worlds.peek("fast"), worlds.summary).clock.now == NOON + 36_000 * SECOND
        assert engine.read(engine.worlds.peek("still"), worlds.summary).clock.now == NOON
        assert [world.slug for world in engine.worlds] == ["fast", "still"]


@pytest.mark.parametrize("back", [SECOND, 3600 * SECOND, NOON])
@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_running_clock_goes_on_at_once_where_the_machine_was_set_back_while_the_server_was_down(
    tmp_path: Path, back: int, speed: float
) -> None:
    """The gap over a restart is never negative."""
    machine = Machine()
    with _engine(machine, tmp_path / "world.db", speed) as engine:
        engine.write(engine.worlds.peek("still"), clock.change, running=False)
        engine.write(engine.worlds.peek("acme"), clock.advance, 0)
    machine.now -= back
    with _engine(machine, tmp_path / "world.db") as engine:
        assert engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now == NOON
        machine.now += SECOND
        assert engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now == NOON + int(SECOND * speed)
        assert engine.read(engine.worlds.peek("still"), worlds.summary).clock.now == NOON


def test_what_was_seen_is_not_undone_where_the_machine_was_set_back_while_the_server_was_down(tmp_path: Path) -> None:
    """Also where it was set back to a time at which the world was there already."""
    machine = Machine()
    with _engine(machine, tmp_path / "world.db") as engine:
        _submit(engine, "acme")
        machine.now += 1000 * SECOND
        before = engine.read(engine.worlds.peek("acme"), worlds.summary)
        assert before.jobs.completed == 5
    machine.now -= 999 * SECOND
    with _engine(machine, tmp_path / "world.db") as engine:
        world = engine.worlds.peek("acme")
        assert engine.read(world, worlds.summary) == before
        assert engine.read(world, batches.status, "b").status.name == "completed"
        machine.now += SECOND
        assert world.now() == before.clock.now + SECOND


def test_a_time_that_was_shown_is_not_undone_where_the_machine_was_set_back_while_the_server_was_down(
    tmp_path: Path,
) -> None:
    machine = Machine()
    with _engine(machine, tmp_path / "world.db", 60.0) as engine:
        engine.write(engine.worlds.peek("acme"), clock.advance, 0)
        machine.now += 100 * SECOND
        shown = engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now
    machine.now -= 50 * SECOND
    with _engine(machine, tmp_path / "world.db") as engine:
        assert engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now == shown == NOON + 6000 * SECOND
        machine.now += SECOND
        assert engine.read(engine.worlds.peek("acme"), worlds.summary).clock.now == shown + 60 * SECOND


def test_time_goes_on_from_the_last_submission_where_the_machine_was_set_back(tmp_path: Path) -> None:
    machine = Machine()
    with _engine(machine, tmp_path / "world.db") as engine:
        engine.write(engine.worlds.peek("acme"), clock.advance, 0)
        machine.now += 100 * SECOND
        _submit(engine, "acme")
    machine.now -= 50 * SECOND
    with _engine(machine, tmp_path / "world.db") as engine:
        world = engine.worlds.peek("acme")
        assert world.now() == NOON + 100 * SECOND
        machine.now += SECOND
        assert world.now() == NOON + 101 * SECOND


def _submit(engine: Engine, slug: str, size: int = 5) -> None:
    places = [PlaceToEnrich(f"store-{number}", b'{"name":"A","city":"Lyon"}', ("websites",)) for number in range(size)]
    engine.write(
        engine.worlds.peek(slug), batches.create, BatchToCreate("b", "B", places, kick_off=True, fingerprint="")
    )


@pytest.mark.parametrize("ticking", [False, True])
def test_jobs_of_a_running_world_move_by_themselves_whether_or_not_anybody_ticks(ticking: bool) -> None:
    """design: a read first applies what is due, so answers never depend on how late the ticker is."""
    machine = Machine()
    with _engine(machine, speed=2.0) as engine:
        _submit(engine, "acme")
        seen = []
        for _ in range(80):
            if ticking:
                is_due = engine.worlds.peek("acme").is_due() or engine.purge.is_due
                assert engine.has_work() is (is_due or engine.store.is_shared)
                engine.tick()
            view = engine.read(engine.worlds.peek("acme"), batches.status, "b")
            assert engine.read(engine.worlds.peek("acme"), batches.status, "b") == view
            seen.append(view.status.name)
            machine.now += 50_000
        assert list(dict.fromkeys(seen)) == ["pending", "queued", "in_progress", "completed"]
        assert seen.index("completed") * 0.05 * 2 > 2


def test_a_read_ends_though_something_is_due_again_whenever_what_was_due_has_been_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It shows the world at the moment of the change that it caused, as a large world on a slow machine."""

    class Racing(Machine):
        def __call__(self) -> int:
            self.now += 50_000  # within which some of so many jobs always move
            return self.now

    with _engine(Racing()) as engine:
        _submit(engine, "acme", size=300)
        world = engine.worlds.peek("acme")
        applied: list[int] = []
        catch_up = engine.catch_up

        def counted(due: World) -> None:
            applied[-1] += 1
            catch_up(due)

        monkeypatch.setattr(engine, "catch_up", counted)
        moments, statuses = list[int](), list[str]()
        while not statuses or statuses[-1] != "completed":
            applied.append(0)
            moments.append(engine.read(world, lambda reading: reading.now))
            statuses.append(engine.read(world, batches.status, "b").status.name)

    assert moments == sorted(moments)
    assert statuses.count("in_progress") > 3
    assert max(applied) == 2


def test_a_paused_world_waits_and_goes_on_where_it_was() -> None:
    machine = Machine()
    with _engine(machine) as engine:
        _submit(engine, "acme")
        world = engine.worlds.peek("acme")
        machine.now += SECOND
        engine.write(world, clock.change, running=False)
        before = engine.read(world, worlds.summary)
        machine.now += 1000 * SECOND
        assert engine.read(world, worlds.summary) == before
        assert not world.is_due()
        assert world.real_seconds_to_next() is None
        engine.write(world, clock.change, running=True)
        assert engine.read(world, worlds.summary).jobs == before.jobs
        machine.now += 1000 * SECOND
        assert engine.read(world, worlds.summary).jobs.completed == 5


def test_settling_a_running_world_arrives_at_the_last_finish() -> None:
    machine = Machine()
    with _engine(machine) as engine:
        _submit(engine, "acme")
        settled = engine.write(engine.worlds.peek("acme"), clock.settle).value
        assert settled.unfinished == 0
        assert settled.now == NOON + settled.advanced
        machine.now += SECOND
        assert engine.worlds.peek("acme").now() == settled.now + SECOND
