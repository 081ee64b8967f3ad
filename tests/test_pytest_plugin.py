"""The pytest plugin, as a project that has it installed sees it: sessions in processes of their own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx2
import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.handle.own import SERVER_KINDS, ServerKind
from reprompt_mock.plugin.environment import variables
from tests.sessions import Run

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


def test_a_test_gets_a_fresh_world_that_its_marker_sets_up(pytester: pytest.Pytester, afresh: Run) -> None:
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
    create(reprompt_mock, "a", "good-1")
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("b", failed=1, completed=1)
    assert len(reprompt_mock.org("another-org").rules.list()) == 1

@pytest.mark.reprompt_mock(failure_rate=0, clock="running", speed=60)
def test_the_marker_comes_before_the_configuration(reprompt_mock):
    settings = reprompt_mock.settings.get()
    assert (settings["failure_rate"], settings["seed"]) == (0, 5)
    assert (reprompt_mock.clock.running, reprompt_mock.clock.speed) == (True, 60)

def test_time_stands_still_from_the_beginning(reprompt_mock):
    assert reprompt_mock.clock.now == reprompt_mock.clock.now

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

    result = afresh("--strict-markers", "-W", "error")

    result.assert_outcomes(passed=8, failed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of test_of_a_mistaken_marker _*",
            "reprompt-mock: falure_rate is not a setting of a world; did you mean failure_rate?",
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
    assert str(result.stdout).count("requests that reprompt-mock saw") == 2


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
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, dead_url: str, session: Run
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_URL", dead_url)
    monkeypatch.setenv("REPROMPT_MOCK_CONTROL_TOKEN", "t0ken")
    pytester.makepyprojecttoml(CONFIGURED)
    with RepromptMock(clock="running", control_token="t0ken") as shared:
        marker = '@pytest.mark.parametrize("number", range(12))'
        pytester.makepyfile(HELPERS + f"URL = {shared.url!r}\n\n{marker}{REMOTE}")

        result = session("-n2", "--reprompt-mock-url", f"{shared.url}/")

        result.assert_outcomes(passed=12)
        headers = {"Authorization": "Bearer t0ken"}
        worlds = httpx2.get(f"{shared.url}/_mock/orgs", headers=headers, trust_env=False).json()["orgs"]
    assert worlds == []


def test_workers_without_a_shared_emulator_have_their_own_also_where_a_file_is_configured(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, session: Run
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

    result = session("-n2", "--dist", "each")

    result.assert_outcomes(passed=12)
    servers = [file.name.split("-") for file in pytester.path.glob("gw?-*")]
    assert sorted(worker for worker, _ in servers) == ["gw0", "gw1"]
    assert len({port for _, port in servers}) == 2
    assert not (pytester.path / "never-made.db").exists()


def test_where_the_named_emulator_does_not_answer_one_sentence_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, dead_url: str, session: Run
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_URL", dead_url)
    pytester.makepyfile("def test_that_has_no_emulator(reprompt_mock): pass")

    result = session()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"reprompt-mock: no emulator answers at {dead_url}: *"])
    assert "Traceback" not in str(result.stdout)


def test_an_unknown_key_of_the_configuration_is_told_in_one_line_with_the_nearest(
    pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyprojecttoml("[tool.reprompt-mock]\nfalure_rate = 1\n")
    pytester.makepyfile("def test_with(reprompt_mock): pass\ndef test_without(): pass")

    result = session()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["reprompt-mock: unknown key in *pyproject.toml falure_rate; did you mean failure_rate?"]
    )
    assert "Traceback" not in str(result.stdout)
    assert "settings.py" not in str(result.stdout)


USES_NONE = """
import sys
import threading

HEAVY = {"fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "pydantic", "faker", "httpx2", "orjson"}

def test_that_uses_no_emulator(request):
    assert request.config.pluginmanager.has_plugin("reprompt_mock")
    assert [line for line in request.config.getini("markers") if line.startswith("reprompt_mock(**settings): ")]
    assert not HEAVY & {name.partition(".")[0] for name in sys.modules}
    assert not [name for name in sys.modules if name.startswith(("reprompt_mock.handle", "reprompt_mock.plugin."))]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reprompt-mock")]
"""


def test_a_session_that_does_not_use_the_fixture_imports_no_framework_and_starts_nothing(
    pytester: pytest.Pytester, afresh: Run
) -> None:
    pytester.makepyfile(USES_NONE)

    afresh().assert_outcomes(passed=1)


def test_a_test_that_is_deselected_starts_nothing(pytester: pytest.Pytester, afresh: Run) -> None:
    pytester.makepyfile(
        USES_NONE, test_another="def test_that_is_not_run(reprompt_mock_env, reprompt_mock_factory): pass"
    )

    afresh("-k", "uses_no_emulator").assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan", "--fixtures", "--fixtures-per-test"])
def test_a_session_that_runs_no_test_starts_nothing(option: str, pytester: pytest.Pytester, session: Run) -> None:
    pytester.makeconftest(THREADS_AT_THE_END)
    pytester.makepyfile("def test_with(reprompt_mock): pass")

    result = session(option, "-s")

    result.stdout.fnmatch_lines(["threads: *MainThread*"])
    assert "reprompt-mock'" not in str(result.stdout)


THREADS_AT_THE_END = """
import threading

def pytest_unconfigure():
    print("threads:", [thread.name for thread in threading.enumerate()])
"""


# When it starts

HOSTILE = """
import builtins
import pathlib
import socket
import time
import pytest

@pytest.fixture(scope="{scope}", autouse=True)
def hostile():
    def refuse(*_, **__):
        raise RuntimeError("a test of this session has no such thing")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", refuse)
        patch.setattr(socket, "socketpair", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(pathlib.Path, "read_text", refuse)
        patch.setattr(pathlib.Path, "open", refuse)
        yield
"""
USES = {
    "the fixture": "def test_it(reprompt_mock): reprompt_mock.clock.settle()",
    "another fixture's": """
@pytest.fixture
def mine(reprompt_mock): return reprompt_mock

def test_it(mine): mine.clock.settle()
""",
    "usefixtures": """
@pytest.mark.usefixtures("reprompt_mock_env")
def test_it(request): request.getfixturevalue("reprompt_mock").clock.settle()
""",
    "the factory": "def test_it(reprompt_mock_factory): reprompt_mock_factory(seed=1).clock.settle()",
    "a test case": """
import unittest

class OfUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, reprompt_mock): self.mock = reprompt_mock

    def test_it(self): self.mock.clock.settle()
""",
}


@pytest.mark.parametrize("server", SERVER_KINDS)
@pytest.mark.parametrize("use", USES)
def test_it_starts_before_any_test_patches_anything(
    use: str, server: ServerKind, pytester: pytest.Pytester, session: Run, afresh: Run
) -> None:
    pytester.makepyprojecttoml(f'[tool.reprompt-mock]\nserver = "{server}"\n')
    pytester.makeconftest(HOSTILE.format(scope="session"))
    pytester.makepyfile(f"import pytest\n\n{USES[use]}")

    run = afresh if use == "the fixture" else session
    run().assert_outcomes(passed=1)


def test_a_fixture_that_is_asked_for_as_a_test_runs_starts_it_then(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile('def test_it(request): request.getfixturevalue("reprompt_mock").clock.settle()')

    session().assert_outcomes(passed=1)


def test_a_failure_to_start_is_told_by_each_test_and_tried_again(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makeconftest(
        """
import pytest
from reprompt_mock.handle import own

class Broken(own.InThread):
    broken = 3

    def _start(self):
        if Broken.broken:
            Broken.broken -= 1
            super()._close()
            raise OSError(24, "Too many open files")
        super()._start()

own.InThread = Broken
"""
    )
    pytester.makepyfile(
        """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_it(reprompt_mock, number): pass

def test_of_the_factory(reprompt_mock_factory): reprompt_mock_factory()
"""
    )

    result = session()

    # Once before the first test, then by each.
    result.assert_outcomes(errors=2, passed=3)
    # As a line of its own: in CI the summary repeats it.
    assert result.outlines.count("reprompt-mock: [Errno 24] Too many open files") == 2
    assert "Traceback" not in str(result.stdout)


def test_with_workers_only_they_start_one(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makeconftest(
        """
import pathlib
import threading

def pytest_sessionfinish(session):
    kind = "worker" if hasattr(session.config, "workerinput") else "controller"
    pathlib.Path(f"threads-{kind}").write_text(" ".join(thread.name for thread in threading.enumerate()))
"""
    )
    pytester.makepyfile("def test_it(reprompt_mock): pass")

    session("-n1").assert_outcomes(passed=1)

    threads = {file.name: "reprompt-mock" in file.read_text().split() for file in pytester.path.glob("threads-*")}
    assert threads == {"threads-worker": True, "threads-controller": False}


# Marks

MARKED = """
import pytest

pytestmark = pytest.mark.reprompt_mock(seed=7, failure_rate=1, workers=2)
GOOD = {"match": {"place_id": "good-*"}, "then": {"outcome": "completed"}}

def ended(mock, *place_ids):
    create(mock, *place_ids)
    mock.clock.settle()
    counts = mock.counts()
    return counts["completed"], counts["failed"]

@pytest.mark.reprompt_mock(workers=3, rules=[GOOD])
class TestOfAClass:
    def test_that_adds_nothing(self, reprompt_mock):
        settings = reprompt_mock.settings.get()
        assert (settings["seed"], settings["failure_rate"], settings["workers"]) == (7, 1, 3)
        assert ended(reprompt_mock, "a", "good-1") == (1, 1)

    @pytest.mark.reprompt_mock(failure_rate=0, seed=8)
    @pytest.mark.reprompt_mock(seed=9, speed=2)
    def test_that_has_two(self, reprompt_mock):
        settings = reprompt_mock.settings.get()
        assert [settings[name] for name in ("seed", "failure_rate", "workers", "speed")] == [9, 0, 3, 2]

    @pytest.mark.reprompt_mock(rules=[])
    def test_whose_rules_are_its_own(self, reprompt_mock):
        assert reprompt_mock.rules.list() == []

    @pytest.mark.reprompt_mock(clock="running")
    def test_that_is_made_afresh(self, reprompt_mock):
        before = reprompt_mock.settings.get()
        create(reprompt_mock, "a")
        reprompt_mock.rules.clear()
        reprompt_mock.settings.update(seed=1, failure_rate=0, clock="paused")
        for _ in range(2):
            reprompt_mock.fresh()
            assert reprompt_mock.settings.get() == before
            assert reprompt_mock.clock.running
            assert [rule["then"] for rule in reprompt_mock.rules.list()] == [{"outcome": "completed"}]
            assert ended(reprompt_mock, "a", "good-1") == (1, 1)

def test_of_the_module(reprompt_mock):
    assert reprompt_mock.settings.get()["workers"] == 2
    assert ended(reprompt_mock, "a", "good-1") == (0, 2)
"""


def test_marks_of_module_class_and_function_merge_and_take_rules(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(HELPERS + MARKED)

    session().assert_outcomes(passed=5)


BAD_MARKS = {
    "0.3": "the mark reprompt_mock takes settings by keyword, not 0.3: write @pytest.mark.reprompt_mock(*)",
    '{"seed": 1}': "the mark reprompt_mock takes settings by keyword, not {'seed': 1}: write *",
    "sed=1": "sed is not a setting of a world; did you mean seed?",
    "rule=[]": "rule is not a setting of a world; did you mean rules?",
    "port=1": "port is not a setting of a world: it applies to the whole emulator; set it in [[]tool.reprompt-mock]",
    "failure_rate=2": "body.failure_rate: Input should be less than or equal to 1",
    'rules=[{"then": {"outcom": "failed"}}]': "body.0.then: unknown key 'outcom'; did you mean outcome?",
}


def test_a_mark_that_cannot_be_meant_is_answered_with_a_sentence(pytester: pytest.Pytester, session: Run) -> None:
    bad = [
        f"@pytest.mark.reprompt_mock({mark})\ndef test_{number}(reprompt_mock): pass\n"
        for number, mark in enumerate(BAD_MARKS)
    ]
    pytester.makepyfile("import pytest\n\n" + "\n".join(bad) + "\ndef test_another(reprompt_mock): pass\n")

    result = session()

    result.assert_outcomes(errors=len(BAD_MARKS), passed=1)
    for sentence in BAD_MARKS.values():
        result.stdout.fnmatch_lines([f"reprompt-mock: {sentence}"])
    assert "Traceback" not in str(result.stdout)


# The table

TABLES = {
    "an underscore": ("[tool.reprompt_mock]\nseed = 1\n", "[[]tool.reprompt_mock] in *: write [[]tool.reprompt-mock]"),
    "no tool": ("[reprompt-mock]\nseed = 1\n", "[[]reprompt-mock] in * is not read: write [[]tool.reprompt-mock]"),
    "a slip": ("[tool.reprompt-mok]\nseed = 1\n", "[[]tool.reprompt-mok] in *: write [[]tool.reprompt-mock]"),
    "no table": ("[tool]\nreprompt-mock = 1\n", "reprompt-mock must be a table in *"),
    "a port": ("[tool.reprompt-mock]\nport = 8780\n", "leave out port in *: *uses a free port; *--reprompt-mock-url"),
    "a host": ('[tool.reprompt-mock]\nhost = "::"\n', "leave out host in *: *listens on 127.0.0.1"),
    "a file": ('[tool.reprompt-mock]\ndb = "x.db"\n', "leave out db in *: *nothing is kept"),
    "a server": ('[tool.reprompt-mock]\nserver = "proces"\n', 'server in *"thread" or "process"*did you mean process?'),
    "a key": ("[tool.reprompt-mock]\nsed = 1\n", "unknown key in *pyproject.toml sed; did you mean seed?"),
    "a value": ("[tool.reprompt-mock]\nfailure_rate = 2\n", "setting failure_rate: input should be less than *"),
    "no key for tests": (
        '[tool.reprompt-mock]\napi_keys = { "k-1" = "acme", "k-2" = "*" }\nrevoked_api_keys = ["k-2"]\n',
        'no key in api_keys is valid for the worlds of tests*such as api_keys = { "any" = "[*]" }',
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_cannot_be_followed_is_answered_with_a_sentence(
    table: str, pytester: pytest.Pytester, session: Run
) -> None:
    written, sentence = TABLES[table]
    pytester.makepyprojecttoml(written)
    pytester.makepyfile("def test_with(reprompt_mock): pass\ndef test_without(): pass")

    result = session()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"reprompt-mock: {sentence}"])
    assert "Traceback" not in str(result.stdout)
    assert not (pytester.path / "x.db").exists()


FOLDERS = {
    "above the root": ("pyproject.toml", {"services/a/pytest.ini": "[pytest]\n"}, ()),
    "above a table of others": (
        "services/pyproject.toml",
        {"services/a/pyproject.toml": "[tool.pytest]\n", "pyproject.toml": "[tool.reprompt-mock]\nseed = 1\n"},
        (),
    ),
    "beside the named file": ("other/pyproject.toml", {"other/pytest.ini": "[pytest]\n"}, ("-c", "other/pytest.ini")),
    "in the named file": ("other/settings.toml", {}, ("-c", "other/settings.toml", "--rootdir", ".")),
}  # fmt: skip


@pytest.mark.parametrize("where", FOLDERS)
def test_the_nearest_table_is_found(where: str, pytester: pytest.Pytester, session: Run) -> None:
    place, files, options = FOLDERS[where]
    for name, text in {**files, place: "[tool.reprompt-mock]\nseed = 11\n[tool.pytest.ini_options]\n"}.items():
        file = pytester.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    folder = pytester.path / ("services/a" if options == () else ".")
    (folder / "test_it.py").write_text(
        "def test_it(reprompt_mock):\n    assert reprompt_mock.settings.get()['seed'] == 11\n"
    )

    session(*options, str(folder)).assert_outcomes(passed=1)


def test_a_file_above_that_is_none_of_ours_is_no_hindrance(pytester: pytest.Pytester, session: Run) -> None:
    (pytester.path / "pyproject.toml").write_bytes(b"reprompt\xff = [")
    folder = pytester.mkdir("a")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text("def test_it(reprompt_mock): pass\n")

    session(str(folder)).assert_outcomes(passed=1)


def test_a_key_that_opens_every_organization_is_the_fixtures(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyprojecttoml('[tool.reprompt-mock]\napi_keys = { "of-acme" = "acme", "of-all" = "*" }\n')
    pytester.makepyfile(
        HELPERS
        + """
def test_it(reprompt_mock, reprompt_mock_factory):
    assert reprompt_mock.api_key == "of-all"
    create(reprompt_mock, "a")
    create(reprompt_mock_factory(), "a")
"""
    )

    session().assert_outcomes(passed=1)


# Names

NAMINGS = {
    "in a conftest": ('pytest_plugins = ["reprompt_mock.pytest_plugin"]', ()),
    "on the command line": ("", ("-p", "reprompt_mock.pytest_plugin")),
    "by both names": ("", ("-p", "reprompt_mock", "-p", "reprompt_mock.pytest_plugin", "-p", "reprompt_mock")),
}


@pytest.mark.parametrize("naming", NAMINGS)
def test_the_plugin_may_be_named_beside_its_entry_point(naming: str, pytester: pytest.Pytester, session: Run) -> None:
    conftest, options = NAMINGS[naming]
    pytester.makeconftest(conftest)
    pytester.makepyfile("def test_it(reprompt_mock): pass")

    session(*options).assert_outcomes(passed=1)


def test_the_plugin_can_be_left_out(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile("def test_it(reprompt_mock): pass")

    result = session("-p", "no:reprompt_mock")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'reprompt_mock' not found"])


@pytest.mark.parametrize("form", ["{url}/v1", "{address}", "{address}/v1/"])
def test_a_running_emulators_address_is_understood_however_it_is_written(
    form: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, session: Run
) -> None:
    with RepromptMock() as shared:
        written = form.format(url=shared.url, address=shared.url.removeprefix("http://"))
        monkeypatch.setenv("REPROMPT_MOCK_URL", written)
        pytester.makepyfile(
            f"def test_it(reprompt_mock):\n    assert reprompt_mock.base_url == {shared.base_url!r}\n"
            "    reprompt_mock.clock.settle()\n"
        )

        session().assert_outcomes(passed=1)


def test_what_is_no_address_is_answered_with_one(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile("def test_it(reprompt_mock): pass")

    result = session("--reprompt-mock-url", "ftp://x")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["reprompt-mock: 'ftp://x' is not the address * write one such as http://localhost:8780"]
    )


# The factory

FACTORY = """
@pytest.fixture(scope="module")
def failing(reprompt_mock_factory):
    good = {"match": {"place_id": "ok"}, "then": {"outcome": "completed"}}
    mock = reprompt_mock_factory(failure_rate=1, rules=[good])
    create(mock, "a", "ok")
    mock.clock.settle()
    return mock

slugs = set()

@pytest.mark.parametrize("number", range(2))
def test_of_a_wider_fixture(failing, reprompt_mock, number):
    failing.assert_batch("b", failed=1, completed=1)
    assert failing.settings.get()["seed"] == 5
    assert sum(reprompt_mock.counts().values()) == 0
    slugs.update((failing.org_slug, reprompt_mock.org_slug))
    assert len(slugs) == 2 + number
    pathlib.Path("slug").write_text(failing.org_slug)

def test_that_its_settings_are_checked(reprompt_mock_factory):
    for wrong in ({"falure_rate": 1}, {"failure_rate": 2}, {"rules": [{"than": {}}]}, {"port": 1}):
        with pytest.raises(Exception, match=r"failure_rate|did you mean then|whole emulator"):
            reprompt_mock_factory(**wrong)
"""


@pytest.mark.parametrize("is_shared", [False, True])
def test_the_factory_gives_worlds_that_last_as_long_as_the_session(
    is_shared: bool, pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyprojecttoml("[tool.reprompt-mock]\nseed = 5\n")
    pytester.makepyfile(HELPERS + FACTORY)
    with RepromptMock() as shared:
        options = ("--reprompt-mock-url", shared.url) if is_shared else ()

        session(*options).assert_outcomes(passed=3)

        slug = (pytester.path / "slug").read_text()
        assert shared.org(slug).counts()["failed"] == 0
        assert httpx2.get(f"{shared.url}/_mock/orgs", trust_env=False).json()["orgs"] == []


# Reports

FAILING = """
def test_that_fails(reprompt_mock):
    create(reprompt_mock, "a")
    raise AssertionError

def test_that_fails_without_a_traceback(reprompt_mock):
    create(reprompt_mock, "a")
    pytest.fail("in one line", pytrace=False)

@pytest.fixture
def stores(reprompt_mock):
    create(reprompt_mock, "a")
    raise RuntimeError

def test_whose_fixture_fails(stores): pass

def test_that_passes(reprompt_mock): create(reprompt_mock, "a")
"""


@pytest.mark.parametrize("options", [(), ("-n1",), ("--tb=native",), ("--tb=short", "--show-capture=no")])
def test_the_junit_file_has_the_last_requests_of_a_failing_test(
    options: tuple[str, ...], pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyfile(HELPERS + FAILING)

    result = session(*options, "--junitxml=report.xml")

    result.assert_outcomes(passed=1, failed=2, errors=1)
    cases = {case.get("name"): "".join(case.itertext()) for case in ElementTree.parse("report.xml").iter("testcase")}
    line = "/place_enrichment/batches → 200"
    shown = {name: text.count(line) for name, text in cases.items()}
    assert shown.pop("test_that_passes") == 0
    assert shown == dict.fromkeys(shown, 1)
    assert str(result.stdout).count(line) == 3


NOTHING = """
import os

def test_that_sends_nothing(reprompt_mock): raise AssertionError

def test_whose_environment_goes_direct(reprompt_mock_env): raise AssertionError

def test_whose_request_arrives(reprompt_mock):
    create(reprompt_mock, "a")
    raise AssertionError
"""


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_where_nothing_arrived_the_section_says_what_to_look_at(
    name: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, session: Run
) -> None:
    for variable in ("HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    pytester.makepyfile(HELPERS + NOTHING)

    result = session()

    result.assert_outcomes(failed=3)
    sections = [text.partition("\n_")[0] for text in str(result.stdout).split("requests that reprompt-mock saw")[1:]]
    assert f"none, and {name.upper()} names a proxy" in sections[0]
    assert "use the fixture reprompt_mock_env, or add 127.0.0.1 to NO_PROXY" in sections[0]
    assert "none: a client reaches this world at http://127.0.0.1:" in sections[1]
    assert not [section for section in sections[1:] if "_PROXY" in section]


ENVIRONMENTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "none": ({}, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
    "one": ({"NO_PROXY": "a.example, b"}, dict.fromkeys(("NO_PROXY", "no_proxy"), "a.example,b,127.0.0.1")),
    "the other": ({"no_proxy": "a.example"}, dict.fromkeys(("NO_PROXY", "no_proxy"), "a.example,127.0.0.1")),
    "both": ({"NO_PROXY": "a", "no_proxy": "b"}, {"NO_PROXY": "a,127.0.0.1", "no_proxy": "b,127.0.0.1"}),
    "all": ({"NO_PROXY": "*"}, {"NO_PROXY": "*", "no_proxy": "*"}),
    "there already": ({"no_proxy": "127.0.0.1,a"}, {"NO_PROXY": "127.0.0.1,a", "no_proxy": "127.0.0.1,a"}),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_hosts_that_go_past_the_proxy_are_more_by_one(name: str) -> None:
    before, after = ENVIRONMENTS[name]
    mock = RepromptMock.connect("http://127.0.0.1:1", org_slug="acme", api_key="k")

    assert variables(mock, before) == {
        "REPROMPT_API_KEY": "k",
        "REPROMPT_ORG_SLUG": "acme",
        "REPROMPT_BASE_URL": "http://127.0.0.1:1/v1",
        **after,
    }


def test_an_ipv6_address_goes_past_the_proxy_in_both_spellings() -> None:
    mock = RepromptMock.connect("http://[::1]:8780")

    assert variables(mock, {})["NO_PROXY"] == "::1,[::1]"


# The page

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "pytest.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_works(pytester: pytest.Pytester, afresh: Run) -> None:
    pytester.makepyfile(**{f"test_{number}": snippet for number, snippet in enumerate(SNIPPETS)})

    result = afresh("-W", "error")

    result.assert_outcomes(passed=7)


def test_the_tables_that_the_page_shows_are_followed(pytester: pytest.Pytester, afresh: Run) -> None:
    tables = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    pytester.makepyprojecttoml("\n".join(tables))
    pytester.makepyfile(
        'import sys\n\ndef test_it(reprompt_mock): assert not {"fastapi", "sqlmodel", "faker"} & set(sys.modules)\n'
    )

    afresh("-p", "no:schemathesis").assert_outcomes(passed=1)
