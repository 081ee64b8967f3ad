"""The journal: the latest requests, and one of them in full."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import orjson

from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.errors import RequestNotFound
from reprompt_mock.exchange import KEY_HEADERS
from reprompt_mock.faults import RequestMatch
from reprompt_mock.journal import Filter
from reprompt_mock.operations import OPERATION_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values
    from reprompt_mock.exchange import Exchange

_REQUESTS_SHOWN = 50
_OWN_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
"""Headers that curl sends by itself."""


@dataclass(frozen=True)
class _Wanted(Filter):
    """Which requests to show; `batch_id` is that of a batch that they concern, "" for any."""

    batch_id: str = ""

    def fits(self, exchange: Exchange) -> bool:
        """Return whether a request matches."""
        return Filter.fits(self, exchange) and (not self.batch_id or concerns(exchange.facts, self.batch_id))


_CUT = "…"
"""Facts have the beginnings of long ids, then this, then a digest."""


def concerns(facts: Mapping[str, Any], batch_id: str) -> bool:
    """Return whether the facts of an answer name a batch; of long ids the beginnings are compared."""
    named = (facts.get("batch_id") or "", *facts.get("batch_ids", ()))
    return any(id_ == batch_id or (_CUT in id_ and batch_id.startswith(id_.rpartition(_CUT)[0])) for id_ in named)


async def _requests(looking: Looking) -> Values:
    status = looking.number("status", 0) or None
    match = RequestMatch(looking.text("method") or None, None, looking.text("operation") or None)
    journal = await looking.offload.journal(looking.world)
    batch_id = looking.text("batch")
    found = journal.latest(_Wanted(match, status, batch_id=batch_id), _REQUESTS_SHOWN)
    is_filtered = match.method or match.operation or status or batch_id
    return {"requests": found, "dropped": journal.dropped, "is_filtered": bool(is_filtered)}


async def _filter(looking: Looking) -> Values:
    return {name: looking.text(name) for name in ("method", "operation", "status", "batch")} | {
        "operations": sorted(OPERATION_IDS)
    }


async def _request(looking: Looking) -> Values:
    sequence = looking.number("sequence", 0)
    found = (await looking.offload.journal(looking.world)).one(sequence)
    if found is None:
        raise RequestNotFound(sequence=sequence)
    return {"request": found, "curl": curl(looking.address, found)}


def curl(address: str, request: Mapping[str, Any]) -> str:
    """Return the command that sends a request again, with a key of the environment's in place of its own.

    Args:
        address: the URL of the emulator.
        request: the request as the journal shows it.
    """
    words = ["-X", request["method"], *_headers(request["headers"].items())]
    body = request["body"]
    if body is not None:
        words += ["--data-raw", body if isinstance(body, str) else orjson.dumps(body).decode()]
    quoted = [word if word == _KEY else shlex.quote(word) for word in (*words, f"{address}{_target(request)}")]
    return f"curl {' '.join(quoted)}"


_KEY = '"apiKey: $REPROMPT_API_KEY"'


def _headers(headers: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, value in headers:
        if name.encode("latin-1") in KEY_HEADERS:
            yield from ("-H", _KEY)
        elif name not in _OWN_HEADERS:
            yield from ("-H", f"{name}: {value}")


def _target(request: Mapping[str, Any]) -> str:
    query = urlencode(request["query"], doseq=True)
    return quote(request["path"]) + (f"?{query}" if query else "")


JOURNAL = Page("journal", (Part("requests", ("request",), _requests),), _filter)
REQUEST = Page("request", (Part("request", ("request",), _request),))
