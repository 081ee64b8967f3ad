"""What becomes of a test whose client misbehaved: nothing, a section and a line of the summary, or a failure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from reprompt_mock.conduct.rules import NAMES
from reprompt_mock.hints import nearest
from reprompt_mock.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprompt_mock.handle import RepromptMock
    from reprompt_mock.handle.types import Verdict

OPTION = "--reprompt-mock-conduct"
MODES = ("off", "report", "fail")
KEY = "conduct"
PROPERTY = "reprompt_mock_conduct"
"""The property of a report that has what was found; it is in the JUnit file too."""
_TITLE = "conduct that reprompt-mock saw"
_FAILURES = ("bad", "inconclusive")


def checked(mode: object, place: str) -> str:
    """Return a mode.

    Raises:
        ConfigurationError: there is no such mode; the message names the place where it was written.
    """
    if mode not in MODES:
        hint = nearest(str(mode), MODES)
        raise ConfigurationError(f'conduct in {place} is "off", "report" or "fail", not {mode!r}{hint}')
    return str(mode)


def mode_of(marks: Iterable[pytest.Mark]) -> str | None:
    """Return the mode that the closest of a test's marks names, None if none does."""
    return next((mark.kwargs[KEY] for mark in marks if KEY in mark.kwargs), None)


def judge(report: pytest.TestReport, mock: RepromptMock, mode: str) -> None:
    """Judge the client of a test that has run, and put what was found into its report."""
    try:
        verdict = mock.conduct()
        if verdict["verdict"] == "good":
            return
        text = mock.conduct_report(verdict)
    except Exception as error:  # noqa: BLE001 - the test may have ended the emulator or its handle
        if mode == "fail" and report.passed:
            _fail(report, f"conduct: it cannot be judged, since {error}")
        return
    report.user_properties.append((PROPERTY, f"{verdict['verdict']}: {', '.join(_rules(verdict))}"))
    if mode == "fail" and report.passed and verdict["verdict"] in _FAILURES:
        _fail(report, text)
    elif report.failed:
        from reprompt_mock.plugin.report import add_section

        add_section(report, text, _TITLE)


def _rules(verdict: Verdict) -> list[str]:
    return list(dict.fromkeys(one["rule"] for one in verdict["findings"] if one["severity"] != "note"))


def _fail(report: pytest.TestReport, text: str) -> None:
    """Turn a report into a failure, whose summary is the first line: in CI, pytest would print all of a text."""
    report.outcome = "failed"
    advice = f'To allow it in this test: @pytest.mark.reprompt_mock({KEY}="report")'
    try:
        raise AssertionError(f"{text}\n\n{advice}")
    except AssertionError as failure:
        shown = pytest.ExceptionInfo.from_exception(failure).getrepr(style="value")
    if shown.reprcrash:
        shown.reprcrash.message = text.partition("\n")[0]
    report.longrepr = shown


def summary_line(found: Sequence[str]) -> str:
    """Return a line about all tests, given what was found in each whose client did not behave well."""
    verdicts = Counter(text.partition(": ")[0] for text in found)
    counts = [f"{verdict} in {count} test{'s' * (count > 1)}" for verdict, count in sorted(verdicts.items())]
    rules = {rule for text in found for rule in text.partition(": ")[2].split(", ") if rule in NAMES}
    named = f" ({', '.join(sorted(rules))})" if rules else ""
    return f"reprompt-mock: conduct was {', '.join(counts)}{named}"
