"""The verdict and its findings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(StrEnum):
    """How grave a finding is, gravest first."""

    error = "error"
    warning = "warning"
    note = "note"


class Judgement(StrEnum):
    """How a client behaved, best first; inconclusive where facts were lost, whatever was found."""

    good = "good"
    questionable = "questionable"
    bad = "bad"
    inconclusive = "inconclusive"


class Breach(NamedTuple):
    """What breaks a rule: the numbers of the requests, what was seen, and the batch and `User-Agent` it concerns."""

    requests: Sequence[int]
    message: str
    batch_id: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the client broke.

    Attributes:
        rule: the name of the rule.
        severity: how grave that is.
        requests: the numbers in the journal of the requests that show it, at most 50.
        batch_id: the batch that it concerns, if it concerns one.
        message: what was seen, as a sentence.
        advice: what to do, as a sentence or two.
        source: where it is written.
    """

    rule: str
    severity: Severity
    requests: Sequence[int]
    batch_id: str | None
    message: str
    advice: str
    source: str


_OF_FINDING = tuple(field.name for field in fields(Finding))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a client behaved.

    Attributes:
        verdict: bad with any error, questionable with any warning, inconclusive where facts were lost.
        findings: gravest first, then in order of the rules and of the first request.
        judged: how many requests were judged.
        dropped: how many could not be, since their facts were lost.
    """

    verdict: Judgement
    findings: Sequence[Finding]
    judged: int
    dropped: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "verdict": self.verdict,
            "findings": [{name: getattr(one, name) for name in _OF_FINDING} for one in self.findings],
            "judged": self.judged,
            "dropped": self.dropped,
        }


def judgement(severities: set[Severity], dropped: int) -> Judgement:
    """Return the judgement that findings add up to."""
    if dropped:
        return Judgement.inconclusive
    if Severity.error in severities:
        return Judgement.bad
    return Judgement.questionable if Severity.warning in severities else Judgement.good
