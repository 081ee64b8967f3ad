"""What a failing test's report says about the emulator: the last requests, or why there may be none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from reprompt_mock.handle.org import request_line

if TYPE_CHECKING:
    import pytest

    from reprompt_mock.handle import RepromptMock

TITLE = "requests that reprompt-mock saw"
_SHOWN_REQUESTS = 20


def add_section(report: pytest.TestReport, text: str, title: str = TITLE) -> None:
    """Add a section to a report, to its failure if possible, so that every kind of report shows it."""
    failure: Any = report.longrepr
    if hasattr(failure, "addsection"):
        failure.addsection(title, text)
    elif isinstance(failure, str):
        report.longrepr = f"{failure}\n{f' {title} '.center(80, '-')}\n{text}"
    else:
        report.sections.append((title, text))


def requests_of(mock: RepromptMock) -> str:
    """Format the last requests that a world received."""
    try:
        entries = mock.journal.find(limit=_SHOWN_REQUESTS)
        return "\n".join(map(request_line, entries)) or _nothing(mock.base_url)
    except Exception as error:  # noqa: BLE001 - the test's failure matters more
        return f"the journal cannot be read: {error}"


def _nothing(base_url: str) -> str:
    """Say what to check if no request arrived."""
    address = urlsplit(base_url)
    proxies = {kind: url for kind, url in getproxies_environment().items() if kind in {"http", "all"}}
    if not proxies or proxy_bypass_environment(address.netloc):
        return f"none: a client reaches this world at {base_url}, with the test's org_slug and api_key"
    names = " and ".join(f"{kind.upper()}_PROXY" for kind in sorted(proxies, reverse=True))
    return (
        f"none, and {names} names a proxy, which clients that read the environment also use for {address.hostname}:"
        f" use the fixture reprompt_mock_env, or add {address.hostname} to NO_PROXY"
    )
