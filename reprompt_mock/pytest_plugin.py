"""The pytest plugin: a fresh world for every test.

Loading it imports no framework: the emulator costs nothing unless a test uses one of the fixtures.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from reprompt_mock.unpatched import unpatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprompt_mock.handle import RepromptMock
    from reprompt_mock.handle.org import Setup
    from reprompt_mock.handle.types import RepromptMockFactory
    from reprompt_mock.plugin.emulator import SessionEmulator

_PLUGIN_NAMES = ("reprompt_mock", "reprompt_mock.pytest_plugin")
_FIXTURES = frozenset(("reprompt_mock", "reprompt_mock_env", "reprompt_mock_factory"))
_RUNS_NO_TEST = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test")
_emulator = pytest.StashKey["SessionEmulator"]()
_handle = pytest.StashKey["RepromptMock"]()


class _SamePlugin:
    """A stand-in under the plugin's other name, so that a conftest may name the plugin as well as its entry point."""


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    """Register under both names, since the module's name and the entry point's name mean the same plugin."""
    if plugin is sys.modules[__name__]:
        for name in _PLUGIN_NAMES:
            if not manager.has_plugin(name):
                manager.register(_SamePlugin(), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options: for using a running emulator, and for what becomes of misconduct."""
    group = parser.getgroup("reprompt-mock")
    group.addoption(
        "--reprompt-mock-url",
        metavar="URL",
        default=None,
        help="use this running emulator instead of starting one (also: REPROMPT_MOCK_URL)",
    )
    group.addoption(
        "--reprompt-mock-conduct",
        choices=("off", "report", "fail"),
        default=None,
        help="what becomes of a test whose client misbehaves: nothing, a section if it fails and a line of the summary"
        " (report, the default), or a failure",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "reprompt_mock(**settings): set up the world of the fixture reprompt_mock: the settings of a world, rules,"
        " and conduct",
    )


# The emulator of the session


def _emulator_of(config: pytest.Config) -> SessionEmulator:
    if _emulator not in config.stash:
        with unpatched():
            from reprompt_mock.plugin.emulator import SessionEmulator

            config.stash[_emulator] = SessionEmulator(config)
    return config.stash[_emulator]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the emulator before any test patches clocks, sockets or files, if a test is going to use it."""
    option = session.config.option
    is_over = session.testsfailed and not option.continue_on_collection_errors
    if is_over or any(getattr(option, name, False) for name in _RUNS_NO_TEST):
        return
    if any(_FIXTURES.intersection(getattr(item, "fixturenames", ())) for item in session.items):
        # Each test that uses it tries again and reports the failure.
        with suppress(Exception):
            _emulator_of(session.config).start()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the emulator after the last fixture has been torn down."""
    if _emulator in session.config.stash:
        try:
            session.config.stash[_emulator].close()
        except Exception as error:  # noqa: BLE001 - the tests' results are still valid
            terminal = session.config.pluginmanager.get_plugin("terminalreporter")
            if terminal is not None:
                terminal.write_line(f"reprompt-mock: {error}", yellow=True)


# Fixtures


def _told(make: Callable[[], RepromptMock]) -> RepromptMock:
    """Create a world; on failure, fail the test with one sentence."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - a traceback through the emulator would not help
        reason = str(error) or type(error).__name__
    pytest.fail(f"reprompt-mock: {reason}", pytrace=False)


def _marked(request: pytest.FixtureRequest) -> Setup:
    from reprompt_mock.plugin import marks

    return marks.merged(request.node.iter_markers(marks.NAME))


@pytest.fixture
def reprompt_mock(request: pytest.FixtureRequest) -> Iterator[RepromptMock]:
    """A fresh world of an emulator, with a paused clock; it is forgotten when the test ends."""
    mock = _told(lambda: _emulator_of(request.config).world(_marked(request)))
    request.node.stash[_handle] = mock
    yield mock
    try:
        mock.reset()
    finally:
        mock.close()


@pytest.fixture
def reprompt_mock_env(reprompt_mock: RepromptMock, monkeypatch: pytest.MonkeyPatch) -> RepromptMock:
    """The fixture reprompt_mock, with the environment variables that clients read."""
    from reprompt_mock.plugin.environment import variables

    for name, value in variables(reprompt_mock, os.environ).items():
        monkeypatch.setenv(name, value)
    return reprompt_mock


@pytest.fixture(scope="session")
def reprompt_mock_factory(pytestconfig: pytest.Config) -> Iterator[RepromptMockFactory]:
    """A function that creates fresh worlds from settings by name and rules; the session's end forgets them."""
    made: list[RepromptMock] = []

    def factory(*, rules: Any = (), **settings: Any) -> RepromptMock:
        from reprompt_mock.plugin.marks import setup

        mock = _emulator_of(pytestconfig).world(setup(rules, settings))
        made.append(mock)
        return mock

    yield factory
    for mock in made:
        try:
            mock.reset()
        finally:
            mock.close()


# Reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add to a failing test's report the last requests that its world received, and judge its client."""
    report: pytest.TestReport = yield
    mock = item.stash.get(_handle, None)
    if mock is None or call.when == "teardown":
        return report
    if report.failed:
        from reprompt_mock.plugin.report import add_section, requests_of

        add_section(report, requests_of(mock))
    if call.when == "call" and not (report.skipped or hasattr(report, "wasxfail")):
        from reprompt_mock.plugin import conduct

        mode = _emulator_of(item.config).conduct_mode(item)
        if mode != "off":
            conduct.judge(report, mock, mode)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in a line how the clients of all tests behaved, unless all behaved well."""
    reports = [report for several in terminalreporter.stats.values() for report in several]
    properties = [one for report in reports for one in getattr(report, "user_properties", ())]
    found = [str(value) for name, value in properties if name == "reprompt_mock_conduct"]
    if found:
        from reprompt_mock.plugin.conduct import summary_line

        terminalreporter.write_line(summary_line(found), yellow=True)
