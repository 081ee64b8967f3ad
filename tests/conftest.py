"""What the tests share: one emulator in this process, and a fresh organization for every test."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from reprompt_mock import server
from reprompt_mock.engine import doors
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.world import World
from reprompt_mock.event_loop import new_loop
from reprompt_mock.settings import load
from tests.stores import IS_SHARED, MISSING, WANTED, emulator, on_server
from tests.trust.scale import SOAK

pytest_plugins = ["tests.sessions"]

# How long an example takes depends on what else the machine does.
settings.register_profile(
    "busy",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")

_slugs = (f"org-{number}" for number in itertools.count())

if IS_SHARED:
    server.create_app = emulator  # type: ignore[attr-defined, assignment] # two are asked for no more than one is
if WANTED:
    doors.opened = on_server  # type: ignore[attr-defined] # as it is called there

LONDON = {"name": "London Heathrow Airport", "latitude": 51.4706, "longitude": -0.46194}


@dataclass
class Org:
    """An organization of an emulator: the service's API, and the control API of its world."""

    http: TestClient
    slug: str
    headers: dict[str, str]

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Call an operation of the service; gives the response."""
        headers = {**self.headers, **options.pop("headers", {})}
        url = f"/v1/{self.slug}/place_enrichment{path}"
        return self.http.request(method, url, headers=headers, **options)

    def get(self, path: str, **params: Any) -> Any:
        """Read something that exists; gives the JSON."""
        response = self.call("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None) -> Any:
        """Post something acceptable; gives the JSON."""
        response = self.call("POST", path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def create(self, *place_ids: str, attributes: list[str] | None = None, **fields: Any) -> Any:
        """Create a batch of some places, with the core attributes where none are named; gives the JSON."""
        jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
        wanted = {"attributes": attributes} if attributes is not None else {"attribute_set": "core"}
        return self.post("/batches", {"batch_name": "Places", "jobs": jobs, **wanted, **fields})

    def batch(self, batch_id: str, **params: Any) -> Any:
        """Read a batch's status."""
        return self.get(f"/batches/{batch_id}", **params)

    def results(self, batch_id: str) -> dict[str, Any]:
        """Read all results of a batch, by place id."""
        return {job["place_id"]: job for job in self.get("/jobs", batchId=batch_id)["jobs"]}

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        """Call the control API of this world; gives the response."""
        return self.http.request(method, f"/_mock/orgs/{self.slug}{path}", json=body)

    def set(self, **settings: Any) -> None:
        """Change settings."""
        response = self.control("PATCH", "/settings", settings)
        assert response.status_code == 200, response.text

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        response = self.control("POST", "/clock/advance", {"seconds": seconds})
        assert response.status_code == 200, response.text

    def settle(self, batch_id: str | None = None) -> Any:
        """Advance until every job that moves by itself has finished."""
        response = self.control("POST", "/clock/settle", {"batch_id": batch_id})
        assert response.status_code == 200, response.text
        return response.json()

    def other(self) -> Org:
        """Give another fresh organization of the same emulator."""
        return Org(self.http, next(_slugs), self.headers)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out in turn what takes a client's connection to one emulator."""
    for item in items:
        if IS_SHARED and "test_a_client_that_breaks_a_rule_is_told_so" in item.name:
            item.add_marker(pytest.mark.skip(reason="one client on two emulators may be two clients"))


def pytest_collection_finish() -> None:
    """Spare the collector of garbage the tests themselves, which last as long as the session."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the figures that tests noted by `record_property`, where much is tried."""
    left_out = [report for report in terminalreporter.getreports("skipped") if MISSING in str(report.longrepr)]
    if left_out:
        terminalreporter.line(f"{len(left_out)} tests, and others' runs on PostgreSQL, were left out: {MISSING}")
    if not SOAK:
        return
    terminalreporter.section("figures")
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call":
            for name, value in report.user_properties:
                terminalreporter.line(f"{report.nodeid.rpartition('::')[2]}: {name}: {value}")


@pytest.fixture(scope="session")
def http() -> Iterator[TestClient]:
    """An emulator in this process, whose worlds start with a paused clock, and show the attributes that were asked for.

    By default results show all attributes, which contract F4 tries, and all that runs the emulator itself.
    """
    # On a loop whose clock other tests of this process cannot patch.
    with TestClient(
        emulator(load({"clock": "paused", "attribute_status": "asked"}, environ={})),
        raise_server_exceptions=False,
        backend_options={"loop_factory": new_loop},
    ) as client:
        yield client


@pytest.fixture
def org(http: TestClient) -> Org:
    """A fresh organization."""
    return Org(http, next(_slugs), {"apiKey": "test-key"})


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine without HTTP, whose clocks stand."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    yield engine
    engine.close()


@pytest.fixture
def world(engine: Engine) -> World:
    """A world of it that nobody has used."""
    return engine.worlds.peek("acme")
