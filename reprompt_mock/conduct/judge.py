"""The judge: exchanges in, verdict out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.conduct.habits import habit_of
from reprompt_mock.conduct.history import History, Standards
from reprompt_mock.conduct.rules import RULES, Rule
from reprompt_mock.conduct.verdict import Breach, Finding, Verdict, judgement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.conduct.seen import Seen

_MOST_REQUESTS = 50


def judge(exchanges: Iterable[Seen], standards: Standards, dropped: int = 0) -> Verdict:
    """Judge a client by its exchanges with one world.

    Args:
        exchanges: what is known of each finished exchange, in any order.
        standards: what the world asks of its clients.
        dropped: how many exchanges are unknown, since their facts were lost.
    """
    history = History(exchanges, standards)
    findings = [
        _finding(rule, breach)
        for rule in RULES
        for breach in sorted(rule.find(history), key=lambda found: (found.requests[0], found.message))
    ]
    verdict = judgement({finding.severity for finding in findings}, dropped)
    return Verdict(verdict, findings, len(history.exchanges), dropped)


def _finding(rule: Rule, breach: Breach) -> Finding:
    habit = habit_of(breach.agent)
    return Finding(
        rule.name,
        rule.severity,
        breach.requests[:_MOST_REQUESTS],
        breach.batch_id,
        breach.message,
        f"{rule.advice} {habit}" if habit else rule.advice,
        rule.source,
    )
