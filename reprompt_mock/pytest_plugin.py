"""The pytest plugin: a fresh world for every test.

Loading it imports no framework: only a test that uses a fixture pays for the emulator.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reprompt_mock.handle import RepromptMock

_TABLE = "tool.reprompt-mock"
_SHOWN_REQUESTS = 20
_handle = pytest.StashKey["RepromptMock"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a running emulator."""
    group = parser.getgroup("reprompt-mock")
    group.addoption(
        "--reprompt-mock-url",
        metavar="URL",
        default=None,
        help="use this running emulator instead of starting one (also: REPROMPT_MOCK_URL)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "reprompt_mock(**settings): set up the world of the fixture reprompt_mock for one test"
    )


def _configured(config: pytest.Config) -> Path | None:
    file = config.rootpath / "pyproject.toml"
    return file if file.is_file() else None


@pytest.fixture(scope="session")
def _reprompt_mock_settings(pytestconfig: pytest.Config) -> Any:
    from reprompt_mock.settings import ConfigurationError, load

    defaults = {"clock": "paused"}
    try:
        settings = load(config=_configured(pytestconfig), table=_TABLE)
    except ConfigurationError as error:
        pytest.fail(f"reprompt-mock: {error}", pytrace=False)
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    return settings.model_copy(update={**defaults, **chosen})


def _running(config: pytest.Config) -> str | None:
    """Find out which running emulator is named, if any."""
    return config.getoption("--reprompt-mock-url") or os.environ.get("REPROMPT_MOCK_URL") or None


@pytest.fixture(scope="session")
def _reprompt_mock_url(pytestconfig: pytest.Config, _reprompt_mock_settings: Any) -> Iterator[str]:
    """The emulator of this session and worker: the one that is named, else one of its own."""
    url = _running(pytestconfig)
    if url:
        yield url
        return
    from reprompt_mock.server import ServerThread

    # Its worlds are forgotten after each test, and workers cannot share a file.
    own = {"host": "127.0.0.1", "port": 0, "db": None}
    server = ServerThread(_reprompt_mock_settings.model_copy(update=own))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def reprompt_mock(
    request: pytest.FixtureRequest, _reprompt_mock_url: str, _reprompt_mock_settings: Any
) -> Iterator[RepromptMock]:
    """A fresh world of an emulator, with a paused clock; it is forgotten when the test ends."""
    from reprompt_mock.handle import RepromptMock

    mock = RepromptMock.connect(
        _reprompt_mock_url,
        org_slug=f"t-{uuid.uuid4().hex[:16]}",
        control_token=_reprompt_mock_settings.control_token,
    )
    request.node.stash[_handle] = mock
    marker = request.node.get_closest_marker("reprompt_mock")
    try:
        mock.settings.update(**{**_reprompt_mock_settings.world.model_dump(), **(marker.kwargs if marker else {})})
        if _running(request.config):  # an emulator of its own starts every world with the configured rules
            mock.rules.add_all(
                [rule.model_dump(mode="json", exclude_unset=True) for rule in _reprompt_mock_settings.rules]
            )
        yield mock
        mock.reset()
    finally:
        mock.close()


@pytest.fixture
def reprompt_mock_env(reprompt_mock: RepromptMock, monkeypatch: pytest.MonkeyPatch) -> RepromptMock:
    """The fixture reprompt_mock, with the environment variables that clients read."""
    monkeypatch.setenv("REPROMPT_API_KEY", reprompt_mock.api_key)
    monkeypatch.setenv("REPROMPT_ORG_SLUG", reprompt_mock.org_slug)
    monkeypatch.setenv("REPROMPT_BASE_URL", reprompt_mock.base_url)
    return reprompt_mock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show in a failing test's report the last requests that its world saw."""
    report: pytest.TestReport = yield
    mock = item.stash.get(_handle, None)
    if report.failed and call.when != "teardown" and mock is not None:
        report.sections.append(("requests that reprompt-mock saw", _requests(mock)))
    return report


def _requests(mock: RepromptMock) -> str:
    from reprompt_mock.handle import request_line

    try:
        entries = mock.journal.find(limit=_SHOWN_REQUESTS)
    except Exception as error:  # noqa: BLE001 - the test's own failure matters more
        return f"the journal cannot be read: {error}"
    return "\n".join(map(request_line, entries)) or "none"
