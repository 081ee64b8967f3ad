"""Exchanges for tests of the judge: what a client did, a line for each request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from reprompt_mock.clock import SECOND
from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import ARRIVED, CARRIED_OUT, JOB, OWN, Page, Seen, Work
from reprompt_mock.conduct.verdict import Verdict

START = 1_800_000_000 * SECOND
WELL = CARRIED_OUT | ARRIVED | OWN


def did(operation: str | None, at: float = 0, *, real: float | None = None, **told: Any) -> Seen:
    """A request, so many seconds after the start, of the world's time and, unless said otherwise, of real time."""
    real_time = START + round((at if real is None else real) * SECOND)
    fields = {"status": 200, "marks": WELL, "client": "c", "connection": 1, "request": 1, "agent": "agent/1"}
    return Seen(0, operation, START + round(at * SECOND), real_time, **{**fields, **told})


def create(
    at: float = 0, *, batch: str = "b", places: str = "p", jobs: int = 3, scope: str | None = None, **told: Any
) -> Seen:
    work = Work(jobs, places, told.pop("attributes", "a"), scope)
    return did("create_batch", at, **{"subject": batch, "counts": (0, 0, jobs), "work": work, **told})


def poll(at: float = 0, completed: int = 0, failed: int = 0, unfinished: int = 0, **told: Any) -> Seen:
    return did("get_batch", at, **{"subject": "b", "counts": (completed, failed, unfinished), "request": 2, **told})


def finish(at: float = 0, **told: Any) -> Seen:
    return poll(at, 3, **told)


def page(offset: int = 0, size: int = 3, total: int = 3, *, at: float = 0, unfinished: int = 0, **told: Any) -> Seen:
    done = (0, 0, size) if unfinished else (size, 0, 0)
    return did(
        "get_jobs",
        at,
        **{
            "subject": "b",
            "counts": done,
            "page": Page(offset, size, total, unfinished),
            "request": 100 + offset,
            **told,
        },
    )


def reprocess(at: float = 0, *, scope: str = "FAILED", completed: int = 0, attributes: str = "a", **told: Any) -> Seen:
    work = Work(3, None, attributes, scope, completed)
    return did("reprocess_batch", at, **{"subject": "b", "work": work, "request": 3, **told})


def export(at: float = 0, *, scope: str | None = JOB, **told: Any) -> Seen:
    work = Work(0, "batches", None, scope)
    return did("create_export", at, **{"subject": f"e{at}", "status": 202, "counts": (0, 0, 1), "work": work, **told})


def refused(at: float = 0, status: int = 404, operation: str = "get_batch", **told: Any) -> Seen:
    return did(operation, at, **{"status": status, "marks": ARRIVED | OWN, "subject": "none", **told})


def lost(at: float = 0, operation: str = "list_batches", **told: Any) -> Seen:
    return did(operation, at, **{"status": None, "marks": OWN, **told})


def told_to_wait(at: float = 0, wait: float = 1, operation: str = "get_batch", **told: Any) -> Seen:
    until = START + round((at + wait) * SECOND)
    return did(operation, at, **{"status": 503, "marks": ARRIVED, "wait_until": until, "request": 2, **told})


def judged(exchanges: Iterable[Seen], *, poll_seconds: float = 5, dropped: int = 0) -> Verdict:
    """Judge exchanges in this order."""
    numbered = [replace(seen, sequence=number) for number, seen in enumerate(exchanges, 1)]
    return judge(numbered, Standards(poll_seconds), dropped)


def broken(exchanges: Iterable[Seen], **options: Any) -> list[str]:
    """The rules that exchanges break, notes aside."""
    return [finding.rule for finding in judged(exchanges, **options).findings if finding.severity != "note"]
