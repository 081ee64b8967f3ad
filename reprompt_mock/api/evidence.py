"""Evidence: what is kept of a recorded request for the verdict, made of its facts when it is over."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from reprompt_mock.api.facts import core_attributes, named
from reprompt_mock.clock import SECOND, moment_of
from reprompt_mock.conduct import seen
from reprompt_mock.conduct.habits import AGENT_LENGTH
from reprompt_mock.exchange import BODY_BYTES, KEY_PARAMETER, MISTAKEN_KEY_HEADERS, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reprompt_mock.api.recording import Recording

    Parts = tuple[str | None, seen.Counts | None, tuple[int | None, ...] | None, tuple[Any, ...]]

_WAITING = frozenset({429, 503})
_MOST_WAIT_SECONDS = 10**9
_MARK_BYTES = 8
_MASK = 2**52 - 1
"""The bits of the number that equal requests share."""
_BATCH_IN_PATH = re.compile(r"/batches/([^/]+)")
_BATCH_IN_QUERY = re.compile(r"(?:^|&)batchId=([^&]+)")
_NOTHING: Parts = (None, None, None, ())
_MOST = 2**31


def evidence_of(recording: Recording) -> bytes:
    """Return the compact form of a request that is over, at most `MOST_BYTES` long."""
    headers, facts, operation, line = dict(recording.headers), recording.facts, recording.operation, recording.line
    marks, status = _marks_of_answer(recording), recording.status
    if not marks & seen.ARRIVED:
        status = None
    marks |= _marks_of_request(recording, headers)
    body, key = bytes(recording.body) if recording.body else b"", headers.get(b"idempotency-key")
    rest = facts.get("body") if len(body) == BODY_BYTES else None
    parts_of = _PARTS.get(operation) if facts else None  # type: ignore[arg-type] # None is no operation
    subject, counts, page, work = parts_of(facts) if parts_of else _NOTHING
    if subject is None and (recording.fault or not facts):  # it did not get as far as its operation
        subject = _named_in(recording.path, recording.query)
    fields = (
        recording.sequence,
        operation,
        recording.time,
        recording.real_time,
        int(recording.duration * SECOND),
        status,
        marks,
        recording.client,
        line.number,
        recording.mark((recording.method, recording.path, recording.query, key, body, rest)) & _MASK,
        _wait_until(recording) if status in _WAITING else None,
        recording.interventions,
        headers.get(b"user-agent", b"")[:AGENT_LENGTH].decode("latin-1"),
        subject,
        counts,
        page,
        work,
        facts.get("unknown_fields"),
        facts.get("unknown_attributes"),
    )
    return seen.packed(fields)


def shared_mark(parts: Iterable[object]) -> int:
    """Return a number that equal requests share in other processes, too; within one process `hash` does, and faster."""
    digest = blake2b(digest_size=_MARK_BYTES)
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(data).to_bytes(_MARK_BYTES) + data)
    return int.from_bytes(digest.digest())


def _marks_of_request(recording: Recording, headers: Mapping[bytes, bytes]) -> int:
    marks = 0 if b"user-agent" in headers else seen.NAMELESS
    if recording.query and KEY_PARAMETER.search(recording.query):
        marks |= seen.KEY_IN_URL
    if not MISTAKEN_KEY_HEADERS.isdisjoint(headers):
        marks |= seen.KEY_IN_HEADER
    if b"idempotency-key" in headers:
        marks |= seen.IDEMPOTENT
    return marks | seen.FIRST if recording.line.request == 1 else marks


def _marks_of_answer(recording: Recording) -> int:
    fault = recording.fault
    marks = recording.situation | seen.CARRIED_OUT if recording.carried_out else recording.situation
    if recording.method != "HEAD":
        marks |= seen.OWN
    if fault:
        marks = _with_fault(marks, recording.sent(), is_replaced=fault.then.replaces_answer)
    elif recording.has_gone:
        marks |= seen.GONE
    elif recording.is_whole:
        marks |= seen.ARRIVED
    return marks


def _with_fault(marks: int, sent: Sent | None, *, is_replaced: bool) -> int:
    marks |= {Sent.whole: seen.ARRIVED, Sent.client_gone: seen.GONE}.get(sent or Sent.nothing, 0)
    return marks & ~seen.OWN if is_replaced else marks


def _wait_until(recording: Recording) -> int | None:
    """Return the real time before which the client was asked not to come again."""
    value = next((value for name, value in recording.answer_headers if name.lower() == b"retry-after"), b"").decode(
        "latin-1"
    )
    if value.strip().isdecimal():
        wait = min(int(value), _MOST_WAIT_SECONDS) * SECOND
        return recording.real_time + round(recording.duration * SECOND) + wait
    try:
        return moment_of(parsedate_to_datetime(value))
    except (ValueError, TypeError):
        return None


def _named_in(path: str, query: bytes) -> str | None:
    """Return the batch that a request names which did not reach its operation."""
    found = _BATCH_IN_PATH.search(path)
    if found:
        return named(found[1])
    asked = _BATCH_IN_QUERY.search(query.decode("latin-1"))
    return named(unquote_plus(asked[1])) if asked else None


def _counts(by_status: Mapping[str, int] | None) -> seen.Counts | None:
    if by_status is None:
        return None
    completed, failed = by_status.get("completed", 0), by_status.get("failed", 0)
    return completed, failed, sum(by_status.values()) - completed - failed


def _of_create(facts: Mapping[str, Any]) -> Parts:
    if "jobs" in facts:
        return facts.get("batch_id"), None, None, (facts["jobs"], None, None, None, facts["limit"])
    scope = seen.IDLE if facts.get("kick_off_jobs_now") is False else None
    work = (facts.get("created", 0), facts.get("places"), facts.get("attributes"), scope)
    return facts.get("batch_id"), _counts(facts.get("counts")), None, work


def _of_poll(facts: Mapping[str, Any]) -> Parts:
    return facts.get("batch_id"), _counts(facts.get("counts")), None, ()


def _of_page(facts: Mapping[str, Any]) -> Parts:
    counts = _counts(facts.get("by_status"))
    if counts is None or facts.get("filtered"):
        return facts.get("batch_id"), counts, None, ()
    page = (min(facts["offset"], _MOST), facts["size"], facts["total"], facts.get("unfinished"))
    return facts.get("batch_id"), counts, page, ()


def _of_reprocess(facts: Mapping[str, Any]) -> Parts:
    attributes = "" if facts.get("previous") else facts.get("attributes") or core_attributes()
    completed = 0 if facts.get("refresh") else facts.get("completed", 0)
    work = (facts.get("reprocessed", 0), None, attributes, facts.get("scope"), completed)
    return facts.get("batch_id"), None, None, work


def _of_export(facts: Mapping[str, Any]) -> Parts:
    export_id, status = facts.get("export_id"), facts.get("status")
    counts = None if status is None else (0, 0, int(status in {"queued", "running"}))
    return export_id, counts, None, (0, facts.get("batches"), None, seen.JOB if export_id else None)


def _of_list(facts: Mapping[str, Any]) -> Parts:
    return None, _counts(facts.get("by_status")), None, ()


def _of_place(facts: Mapping[str, Any]) -> Parts:
    return facts.get("place_id"), None, None, ()


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Parts]] = {
    "create_batch": _of_create,
    "get_batch": _of_poll,
    "list_batches": _of_list,
    "get_jobs": _of_page,
    "reprocess_batch": _of_reprocess,
    "update_batch": _of_poll,
    "delete_batch": _of_poll,
    "create_export": _of_export,
    "get_export": _of_export,
    "get_job": _of_place,
}
