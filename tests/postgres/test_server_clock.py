"""The clock of a server: what is known of it between two answers."""

from __future__ import annotations

import pytest

from reprompt_mock.store.server_clock import ServerClock

SECOND = 1_000_000
AHEAD = 1_790_000_000 * SECOND


class Local:
    """The machine's own clock."""

    now = 5 * SECOND

    def __call__(self) -> int:
        return self.now * 1000


@pytest.fixture
def local() -> Local:
    return Local()


def test_it_goes_on_between_answers(local: Local) -> None:
    clock = ServerClock(local)
    clock.set(AHEAD + local.now)
    local.now += 3 * SECOND
    assert clock.now() == AHEAD + local.now


def test_answers_that_came_late_are_not_believed_however_long_it_runs(local: Local) -> None:
    clock = ServerClock(local)
    for _ in range(1000):
        clock.set(AHEAD + local.now)
        local.now += SECOND // 10
        clock.set(AHEAD + local.now - SECOND)
        assert clock.now() == AHEAD + local.now


def test_it_follows_a_server_that_is_set_back_without_going_back(local: Local) -> None:
    clock = ServerClock(local)
    clock.set(AHEAD + local.now)
    shown = clock.now()
    for _ in range(200):
        local.now += SECOND // 10
        clock.set(AHEAD + local.now - 5 * SECOND)
        assert clock.now() >= shown
        shown = clock.now()
    assert shown == AHEAD + local.now - 5 * SECOND
