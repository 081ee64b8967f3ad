"""Random clients that behave well are never accused; those that commit one misdeed always are, and of nothing worse."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from reprompt_mock import real_time
from reprompt_mock.app import create_app
from reprompt_mock.conduct.rules import NAMES, RULES
from reprompt_mock.event_loop import new_loop
from reprompt_mock.settings import load
from tests.conduct.model import Client, Misdoer, WithConnections, run
from tests.conftest import Org
from tests.trust.scale import tries

MISDEEDS = 10**6
RUNS = tries(60, 2000)
NOT_RANDOM = {"no_user_agent", "new_connections"}
"""What a client does all the time or never: tests/conduct/test_rules.py has it."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"then": {"status": 500}},
    {"then": {"status": 502, "body": "Bad gateway"}, "when": "after"},
    {"then": {"status": 503, "headers": {"Retry-After": "2"}}},
    {"then": {"status": 429, "headers": {"Retry-After": "1"}}},
    {"then": {"status": 503}, "match": {"operation": "get_batch"}},
    {"then": {"status": 500}, "match": {"operation": "create_batch"}, "when": "after"},
    {"then": {"status": 504}, "match": {"operation": "get_jobs"}, "when": "after"},
    {"then": {"status": 500}, "match": {"operation": "reprocess_batch"}, "when": "after"},
    {"then": {"status": 408}, "match": {"method": "GET"}},
)
RULES_OF_JOBS: tuple[dict[str, Any], ...] = (
    {"match": {"attempt": 1}, "then": {"outcome": "failed"}, "times": 2},
    {"then": {"seconds": 20}, "times": 3},
    {"then": {"attributes": {"websites": "ERROR"}}},
)


class Time:
    """Real time, which a test lets pass without waiting for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def wait(self, seconds: float) -> None:
        offset = real_time._OFFSET_NS + round(seconds * 1e9)
        self._monkeypatch.setattr(real_time, "_OFFSET_NS", offset)


@pytest.fixture(scope="module")
def emulator() -> Iterator[TestClient]:
    app = WithConnections(create_app(load({}, environ={})))
    with TestClient(app, backend_options={"loop_factory": new_loop}) as client:
        yield client


def world(
    seed: int, emulator: TestClient, time: Time
) -> tuple[random.Random, Org, float, float, Callable[[float], None]]:
    """A random world: what is drawn from, the world, its interval, how long its seconds take, and how they pass."""
    draw = random.Random(seed)
    org = Org(emulator, f"{'good' if seed < MISDEEDS else 'bad'}-{seed}", {"apiKey": "key"})
    clock, interval = draw.choice(("running", "running", "paused", "stepped")), draw.choice((1.0, 5.0, 12.0))
    speed = draw.choice((0.5, 1.0, 20.0, 300.0)) if clock == "running" else 1.0
    org.set(
        poll_advance=3 if clock == "stepped" else 0,
        failure_rate=draw.choice((0, 0, 0.3)),
        attribute_error_rate=draw.choice((0, 0.1)),
        rate_limit=draw.choice((0, 0, 5)),
        conduct_poll_seconds=interval,
    )
    org.control("PATCH", "/clock", {"running": clock == "running", "speed": speed})
    for fault in draw.sample(FAULTS, draw.randrange(4)):
        added = {**fault, "times": draw.randint(1, 3), "skip": draw.randrange(4), "probability": draw.choice((1, 0.5))}
        assert org.control("POST", "/faults", added).status_code == 201
    for rule in draw.sample(RULES_OF_JOBS, draw.randrange(2)):
        assert org.control("POST", "/rules", rule).status_code == 201

    def wait(seconds: float) -> None:
        time.wait(seconds)
        if (clock == "paused" or (clock == "stepped" and seed >= MISDEEDS)) and seconds:
            org.advance(seconds)

    return draw, org, interval, 1 / speed, wait


def found(org: Org) -> dict[str, str]:
    verdict = org.control("GET", "/conduct").json()
    assert verdict["judged"] > 0
    return {finding["rule"]: f"{finding['severity']}: {finding['message']}" for finding in verdict["findings"]}


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_client_that_behaves_well_is_never_accused(
    seed: int, emulator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, org, interval, pace, wait = world(seed, emulator, Time(monkeypatch))
    clients = []
    for number in range(draw.choice((1, 1, 2, 3))):
        style = draw.choice(("kept", "each", "pooled"))
        # Of clients with one key only those can be told apart that keep their connections.
        own = Org(emulator, org.slug, {"apiKey": "key" if style == "kept" else f"key-{number}"})
        clients.append(Client(own, draw, interval, pace, style).work(f"b{number}"))

    run(clients, wait)

    accused = {rule: message for rule, message in found(org).items() if not message.startswith("note: ")}
    assert accused == {}


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_misdeed_is_always_found_and_nothing_worse(
    seed: int, emulator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    misdeeds = [name for name in NAMES if name not in NOT_RANDOM]
    misdeed = misdeeds[seed % len(misdeeds)]
    severity = next(rule.severity for rule in RULES if rule.name == misdeed)
    draw, org, interval, pace, wait = world(MISDEEDS + seed, emulator, Time(monkeypatch))
    if misdeed == "polled_too_fast":
        org.set(poll_advance=0)
        org.control("PATCH", "/clock", {"running": True, "speed": 1})
        pace = 1.0
    client = Misdoer(org, draw, interval, pace, draw.choice(("kept", "each")), misdeed)

    run([client.work("b")], wait)

    accused = found(org)
    assert misdeed in accused
    worse = {rule for rule, message in accused.items() if message.startswith("error: ")} - {misdeed}
    assert worse == set()
    assert severity == "note" or not {rule for rule in accused if accused[rule].startswith("warning: ")} - {misdeed}
