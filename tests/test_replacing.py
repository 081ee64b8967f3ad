"""Appends that replace jobs: whether they are many or few, the batch ends up the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reprompt_mock.engine import batches, clock, reprocess, scenario
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.reprocess import Wanted
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.reprocess import scope_of
from reprompt_mock.specs import RuleSpec
from reprompt_mock.store import jobs
from tests.test_slices import whole

NOW = 1_770_000_000_000_000
HELD = RuleSpec.model_validate({"match": {"place_id": "p1*"}, "then": {"hold": "queued"}, "times": 40})


def append(engine: Engine, world: World, numbers: range, name: str, attributes: tuple[str, ...]) -> batches.BatchView:
    places = [PlaceToEnrich(f"p{number}", orjson.dumps({"name": f"{name} {number}"}), attributes) for number in numbers]
    return engine.write(world, batches.create, BatchToCreate("b", "B", places, kick_off=bool(attributes))).value


def appended(engine: Engine, slug: str, later: range, attributes: tuple[str, ...]) -> tuple[Any, Any]:
    """Append places to a batch of 30, of which some have finished; return its view, and all of its world."""
    world = engine.arrive(slug)
    engine.write(world, clock.change, now=NOW)
    engine.write(world, scenario.change, lambda current: current.with_rules([HELD]))
    append(engine, world, range(30), "Old", ("websites", "menu"))
    engine.write(world, clock.advance, 20_000_000)
    view = append(engine, world, later, "New", attributes)
    return view, whole(engine, world)


@pytest.mark.parametrize("later", [range(30), range(10, 20), range(20, 90), range(29, -1, -1), range(5, 80, 3)])
@pytest.mark.parametrize("attributes", [("phone",), ()])
def test_what_replaces_many_jobs_does_as_what_replaces_few(
    engine: Engine, later: range, attributes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = appended(engine, "few", later, attributes)
    monkeypatch.setattr(jobs, "_MANY", 1)
    many = appended(engine, "many", later, attributes)

    assert many[0]._replace(batch=few[0].batch) == few[0]
    assert many[1] == few[1]
    assert sum(map(len, many[0].jobs.values())) == len({*range(30), *later})


@pytest.mark.parametrize("attribute", ["hotelTier", "coordinates"])  # asked for the first time, run by some only
@pytest.mark.parametrize("refresh", [False, True])
def test_many_jobs_that_run_again_do_as_few(
    engine: Engine, refresh: bool, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for slug, most in (("few", 500), ("many", 1)):
        monkeypatch.setattr(jobs, "_MANY", most)
        world = engine.arrive(slug)
        appended(engine, slug, range(20, 60), ("phone",))
        for _ in range(2):
            engine.write(world, clock.advance, 30_000_000)
            engine.write(world, reprocess.batch, "b", scope_of(False, False), Wanted((attribute,), refresh, False))
        engine.write(world, clock.settle)
        seen.append(whole(engine, world))
    assert seen[0] == seen[1]
