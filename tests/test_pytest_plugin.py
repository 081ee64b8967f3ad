"""The pytest plugin, as a project that has it installed sees it: sessions in processes of their own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx2
import pytest

from reprompt_mock import RepromptMock

pytest_plugins = ["pytester"]

# A session may be one of the plugin xdist; the order of the tests is that of the file.
OPTIONS = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:faker", "-rA")

HELPERS = """
import os
import pathlib
import httpx2
import pytest

PLACE = {"name": "A", "latitude": 1, "longitude": 2}

def create(mock, *place_ids):
    body = {"batch_id": "b", "batch_name": "B", "attribute_set": "core",
            "jobs": [{"place_id": place_id, "inputs": PLACE} for place_id in place_ids]}
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    httpx2.post(url, json=body, headers={"apiKey": mock.api_key}, trust_env=False).raise_for_status()
"""

CONFIGURED = """
[tool.reprompt-mock]
failure_rate = 1
seed = 5
db = "never-made.db"

[[tool.reprompt-mock.rules]]
match = { place_id = "good-*" }
then = { outcome = "completed" }
"""


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load all that an emulator and its clients need: what is imported while a `pytester` lives is dropped with it."""
    with RepromptMock() as mock:
        httpx2.get(f"{mock.url}/_mock/health", trust_env=False).raise_for_status()


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPROMPT_MOCK_URL", "REPROMPT_API_KEY", "REPROMPT_ORG_SLUG", "REPROMPT_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def dead_url() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_a_test_gets_a_fresh_world_that_its_marker_sets_up(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(CONFIGURED)
    pytester.makepyfile(
        HELPERS
        + """
seen = []

@pytest.mark.parametrize("number", range(3))
def test_every_test_has_a_world_of_its_own(reprompt_mock, number):
    assert sum(reprompt_mock.counts().values()) == 0
    assert reprompt_mock.clock.running is False
    assert reprompt_mock.org_slug not in seen
    if seen:
        assert sum(reprompt_mock.org(seen[-1]).counts().values()) == 0
    seen.append(reprompt_mock.org_slug)
    create(reprompt_mock, "a")

def test_the_configuration_holds(reprompt_mock):
    assert reprompt_mock.settings.get()["seed"] == 5
    assert not os.path.exists("never-made.db")
    create(reprompt_mock, "a", "good-1")
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("b", failed=1, completed=1)
    assert len(reprompt_mock.org("another-org").rules.list()) == 1

@pytest.mark.reprompt_mock(failure_rate=0, clock="running", speed=60)
def test_the_marker_comes_before_the_configuration(reprompt_mock):
    settings = reprompt_mock.settings.get()
    assert (settings["failure_rate"], settings["seed"]) == (0, 5)
    assert (reprompt_mock.clock.running, reprompt_mock.clock.speed) == (True, 60)

def test_the_environment_is_set_for_the_test(reprompt_mock_env, reprompt_mock):
    assert reprompt_mock_env is reprompt_mock
    assert os.environ["REPROMPT_API_KEY"] == reprompt_mock.api_key
    assert os.environ["REPROMPT_ORG_SLUG"] == reprompt_mock.org_slug
    assert os.environ["REPROMPT_BASE_URL"] == reprompt_mock.base_url

def test_the_environment_is_as_before_afterwards(reprompt_mock):
    assert not [name for name in os.environ if name in {"REPROMPT_API_KEY", "REPROMPT_BASE_URL"}]

@pytest.mark.reprompt_mock(falure_rate=1)
def test_of_a_mistaken_marker(reprompt_mock):
    pass

def test_that_fails(reprompt_mock):
    create(reprompt_mock, "a")
    reprompt_mock.faults.add(then={"abort": "reset"})
    with pytest.raises(httpx2.TransportError):
        create(reprompt_mock, "a")
    assert reprompt_mock.counts() == "the last line of the report"

@pytest.fixture
def stores(reprompt_mock):
    create(reprompt_mock, "a")
    raise RuntimeError("the fixture is broken")

def test_whose_fixture_fails(stores):
    pass

def test_that_fails_without_an_emulator():
    assert not "an emulator"
"""
    )

    result = pytester.runpytest_subprocess(*OPTIONS, "--strict-markers", "-W", "error")

    result.assert_outcomes(passed=7, failed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of test_of_a_mistaken_marker _*",
            "*ControlError: body: unknown key 'falure_rate'; did you mean failure_rate?",
            "*_ ERROR at setup of test_whose_fixture_fails _*",
            "* requests that reprompt-mock saw *",
            "1 POST /v1/t-*/place_enrichment/batches → 200",
            "*_ test_that_fails _*",
            "* requests that reprompt-mock saw *",
            "1 POST /v1/t-*/place_enrichment/batches → 200",
            "2 POST /v1/t-*/place_enrichment/batches → aborted by fault-2",
            "*_ test_that_fails_without_an_emulator _*",
        ]
    )
    assert str(result.stdout).count("requests that reprompt-mock saw") == 3


REMOTE = """
def test_of_a_running_emulator(reprompt_mock, number):
    assert reprompt_mock.url == URL
    assert reprompt_mock.settings.get()["seed"] == 5
    assert reprompt_mock.clock.running is False
    create(reprompt_mock, "a", "good-1")
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("b", failed=1, completed=1)
"""


def test_workers_share_a_running_emulator_whose_worlds_are_set_up_and_forgotten(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, dead_url: str
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_URL", dead_url)
    monkeypatch.setenv("REPROMPT_MOCK_CONTROL_TOKEN", "t0ken")
    pytester.makepyprojecttoml(CONFIGURED)
    with RepromptMock(clock="running", control_token="t0ken") as shared:
        marker = '@pytest.mark.parametrize("number", range(12))'
        pytester.makepyfile(HELPERS + f"URL = {shared.url!r}\n\n{marker}{REMOTE}")

        result = pytester.runpytest_subprocess(*OPTIONS, "-n2", "--reprompt-mock-url", f"{shared.url}/")

        result.assert_outcomes(passed=12)
        worlds = shared._client.get("/_mock/orgs").json()["orgs"]
    assert worlds == []


def test_workers_without_a_shared_emulator_have_their_own_also_where_a_file_is_configured(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_DB", str(pytester.path / "never-made.db"))
    pytester.makepyfile(
        HELPERS
        + """
@pytest.mark.parametrize("number", range(6))
def test_that_works(reprompt_mock, worker_id, number):
    create(reprompt_mock, "a")
    pathlib.Path(f"{worker_id}-{reprompt_mock.url.rpartition(':')[2]}").touch()
"""
    )

    result = pytester.runpytest_subprocess(*OPTIONS, "-n2", "--dist", "each")

    result.assert_outcomes(passed=12)
    servers = [file.name.split("-") for file in pytester.path.glob("gw?-*")]
    assert sorted(worker for worker, _ in servers) == ["gw0", "gw1"]
    assert len({port for _, port in servers}) == 2
    assert not (pytester.path / "never-made.db").exists()


def test_where_the_named_emulator_does_not_answer_one_sentence_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, dead_url: str
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_URL", dead_url)
    pytester.makepyfile("def test_that_has_no_emulator(reprompt_mock): pass")

    result = pytester.runpytest_subprocess(*OPTIONS)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*ControlError: no emulator answers at {dead_url}*"])


def test_an_unknown_key_of_the_configuration_is_told_in_one_line_with_the_nearest(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.reprompt-mock]\nfalure_rate = 1\n")
    pytester.makepyfile("def test_with(reprompt_mock): pass\ndef test_without(): pass")

    result = pytester.runpytest_subprocess(*OPTIONS)

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["reprompt-mock: unknown key in *pyproject.toml falure_rate; did you mean failure_rate?"]
    )
    assert "Traceback" not in str(result.stdout)
    assert "settings.py" not in str(result.stdout)


def test_a_session_that_does_not_use_the_fixture_imports_no_framework(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import sys

HEAVY = {"fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "pydantic", "faker", "httpx2", "orjson"}

def test_that_uses_no_emulator(request):
    assert request.config.pluginmanager.has_plugin("reprompt_mock")
    assert [line for line in request.config.getini("markers") if line.startswith("reprompt_mock(**settings): ")]
    assert not HEAVY & {name.partition(".")[0] for name in sys.modules}
"""
    )

    result = pytester.runpytest_subprocess(*OPTIONS)

    result.assert_outcomes(passed=1)
