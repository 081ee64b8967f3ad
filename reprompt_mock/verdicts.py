"""Verdicts on the command line: asks a running emulator how a client behaved, and prints it for people or for CI."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from reprompt_mock.conduct.rules import RULES
from reprompt_mock.conduct.verdict import Severity
from reprompt_mock.handle.conduct import summary
from reprompt_mock.handle.mock import RepromptMock
from reprompt_mock.handle.transport import ControlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.handle.types import Finding, Verdict

BAD = 1
_UNKNOWN = 2
_ORDER = [one.value for one in Severity]
_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def ask(urls: Sequence[str], org_slug: str, token: str | None) -> tuple[RepromptMock, Verdict]:
    """Ask the first emulator that answers; return a handle on it, and the verdict.

    Args:
        urls: where to ask.
        org_slug: the organization.
        token: the control token, if the emulator wants one.

    Raises:
        ControlError: no emulator answers, or it refuses.
    """
    failure = ControlError(None, "no address was given")
    for url in urls:
        mock = RepromptMock.connect(url, org_slug=org_slug, control_token=token)
        try:
            return mock, mock.conduct()
        except ControlError as error:
            failure = error
            if error.status is not None:
                break
    raise failure


def printed(mock: RepromptMock, verdict: Verdict, form: str) -> str:
    """Return how a verdict is printed: as text with the requests that the emulator still knows, or for machines."""
    return _PRINTED[form](verdict) if form in _PRINTED else mock.conduct_report(verdict)


def exit_code(verdict: Verdict, fail_on: str) -> int:
    """Return 0, 1 with a finding as grave as `fail_on`, 2 where facts were lost."""
    if verdict["dropped"]:
        return _UNKNOWN
    return BAD if any(_is_failure(finding, fail_on) for finding in verdict["findings"]) else 0


def _is_failure(finding: Finding, fail_on: str) -> bool:
    return _ORDER.index(finding["severity"]) <= _ORDER.index(fail_on)


def _as_json(verdict: Verdict) -> str:
    return json.dumps(verdict, ensure_ascii=False, indent=2)


def _as_github(verdict: Verdict) -> str:
    """Return a workflow command for each finding, which GitHub shows as an annotation, and a summary."""
    lines = [
        f"::{_LEVELS[one['severity']]} title={_data(one['rule'], ':,')}::{_data(one['message'])} {_data(one['advice'])}"
        for one in verdict["findings"]
    ]
    return "\n".join([*lines, *([f"::error::{summary(verdict)}"] if verdict["dropped"] else [summary(verdict)])])


def _data(text: str, further: str = "") -> str:
    for sign in f"%\r\n{further}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _as_junit(verdict: Verdict) -> str:
    """Return a test case for each rule: errors and warnings are failures, notes are output."""
    cases = [_case(rule.name, [one for one in verdict["findings"] if one["rule"] == rule.name]) for rule in RULES]
    if verdict["dropped"]:
        lost = _text(summary(verdict))
        cases.append(f'<testcase classname="conduct" name="facts"><error message="{lost}"/></testcase>')
    failures = sum("<failure" in case for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{int(verdict["dropped"] > 0)}"'
    suite = f'<testsuite name="reprompt-mock conduct" {counts}>'
    return "\n".join(
        ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>", suite, *cases, "</testsuite>", "</testsuites>"]
    )


def _case(name: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return f'<testcase classname="conduct" name="{name}"/>'
    text = _text("\n".join(f"{one['message']} {one['advice']} Requests: {one['requests']}" for one in findings))
    first = findings[0]
    told = f"<system-out>{text}</system-out>"
    if first["severity"] != "note":
        told = f'<failure type="{first["severity"]}" message="{_text(first["message"])}">{text}</failure>'
    return f'<testcase classname="conduct" name="{name}">{told}</testcase>'


def _text(text: str) -> str:
    """Write text in XML, which has no control characters."""
    return escape("".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text))


_PRINTED = {"json": _as_json, "junit": _as_junit, "github": _as_github}
