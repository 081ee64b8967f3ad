"""A client's conduct: the verdict without what is allowed, and as text to read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reprompt_mock.conduct.rules import NAMES
from reprompt_mock.conduct.verdict import Severity, judgement
from reprompt_mock.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.handle.types import Finding, Verdict

_SHOWN_REQUESTS = 10
_BEST_FIRST = ("good", "questionable", "bad", "inconclusive")


class RuleUnknown(ValueError):
    """A name is not a rule's; the message names the nearest one."""


def without(verdict: Verdict, ignore: Iterable[str]) -> Verdict:
    """Return a verdict without the findings of some rules.

    Raises:
        RuleUnknown: there is no such rule.
    """
    ignored = {ignore} if isinstance(ignore, str) else set(ignore)
    for name in sorted(ignored.difference(NAMES)):
        raise RuleUnknown(f"{name!r} is not a rule of conduct{nearest(name, NAMES)}")
    left = [finding for finding in verdict["findings"] if finding["rule"] not in ignored]
    found = judgement({Severity(finding["severity"]) for finding in left}, verdict["dropped"])
    return {**verdict, "verdict": found.value, "findings": left}


def is_as_good(verdict: Verdict, at_least: str) -> bool:
    """Return whether a verdict is as good as another one, or better."""
    return _BEST_FIRST.index(verdict["verdict"]) <= _BEST_FIRST.index(at_least)


def summary(verdict: Verdict) -> str:
    """Return a verdict as a line."""
    if verdict["dropped"]:
        return (
            f"conduct: inconclusive, since the facts of {verdict['dropped']:,} requests were lost:"
            " clear the journal before what is to be judged"
        )
    severities = Counter(str(finding["severity"]) for finding in verdict["findings"])
    found = [f"{severities[one]} {one.value}{'s' * (severities[one] > 1)}" for one in Severity if severities[one]]
    requests = f"{verdict['judged']:,} request{'s' * (verdict['judged'] != 1)}"
    return f"conduct: {verdict['verdict']}, {', '.join(found) or 'no finding'} in {requests}"


def report(verdict: Verdict, requests: Mapping[int, str] | None = None) -> str:
    """Return a verdict as text: each finding with what was seen, what to do, where it is written, and the requests.

    Args:
        verdict: the verdict.
        requests: lines that show requests, by number.
    """
    shown = requests or {}
    return "\n".join([summary(verdict), *(line for one in verdict["findings"] for line in _lines(one, shown))])


def _lines(finding: Finding, shown: Mapping[int, str]) -> Sequence[str]:
    numbers = finding["requests"]
    known = [f"    {shown[number]}" for number in numbers[:_SHOWN_REQUESTS] if number in shown]
    rest = len(numbers) - _SHOWN_REQUESTS
    listed = ", ".join(map(str, numbers[:_SHOWN_REQUESTS])) + (f" and {rest} more" if rest > 0 else "")
    return [
        "",
        f"{finding['severity']}: {finding['rule']}",
        f"  {finding['message']}",
        f"  What to do: {finding['advice']}",
        f"  Source: {finding['source']}",
        f"  Requests: {listed}",
        *known,
    ]
