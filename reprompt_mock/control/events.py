"""Events: small signals that something has changed, as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import Header, Response

from reprompt_mock.control.call import Control, Controlled, ControlRouter
from reprompt_mock.event_loop import Bell, pause
from reprompt_mock.head import IS_HEAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sse_starlette import ServerSentEvent

    from reprompt_mock.engine.signals import Signal, Signals

router = ControlRouter("/_mock")

MISSED = "missed"
"""The event that says that signals may have been missed."""
_SPACING_SECONDS = 0.1
"""Between signals to one client: at most ten a second of each kind and world."""
_SILENT_SECONDS = 15.0
"""After so long a comment is sent, since proxies end silent connections."""
_STREAM = "text/event-stream"
_ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {"description": "A stream that does not end.", "content": {_STREAM: {"schema": {"type": "string"}}}}
}
LastEventId = Annotated[str | None, Header(description="The id of the last event that was received.")]


@router.get("/events", response_class=Response, responses=_ANSWERED)
async def follow_all(control: Controlled, last_event_id: LastEventId = None) -> Response:
    """Send signals that something has changed in any world, as server-sent events; see [Events](#events)."""
    return _stream(control, None, last_event_id)


@router.get("/orgs/{org_slug}/events", response_class=Response, responses=_ANSWERED)
async def follow(control: Controlled, last_event_id: LastEventId = None) -> Response:
    """Send signals that something has changed in a world, which need not exist yet; see [Events](#events)."""
    return _stream(control, control.world.slug, last_event_id)


def _stream(control: Control, org_slug: str | None, last_id: str | None) -> Response:
    # Imported here, and once an emulator gets ready: it replaces a method of uvicorn's server.
    from sse_starlette import EventSourceResponse

    if control.request.scope.get(IS_HEAD):
        return EventSourceResponse(_no_events(), ping=0)
    signals = control.engine.signals
    now = signals.now()  # before the headers are sent: a client that has them misses nothing
    number = None if last_id is None else signals.number_of(last_id)
    is_missed = last_id is not None and number is None
    return EventSourceResponse(
        _events(signals, org_slug, now if number is None else number, is_missed=is_missed), ping=0, sep="\n"
    )


async def _events(
    signals: Signals, org_slug: str | None, number: int, *, is_missed: bool
) -> AsyncIterator[ServerSentEvent]:
    from sse_starlette import ServerSentEvent

    bell = Bell()
    with signals.heard(bell.ring, org_slug):
        # The id is what a client that loses its connection before the first signal comes back with.
        event, data = (MISSED, "{}") if is_missed else (None, None)
        yield ServerSentEvent(data, event=event, id=signals.id_of(number), sep="\n")
        while not signals.are_closed:
            found, number = signals.since(number, org_slug)
            for signal in found:
                yield _written(signals, signal)
            if found:
                await pause(_SPACING_SECONDS)
            elif not await bell.heard(_SILENT_SECONDS):
                yield ServerSentEvent(comment="nothing has changed", sep="\n")


async def _no_events() -> AsyncIterator[ServerSentEvent]:
    """End at once: a HEAD has the headers of a stream alone."""
    events: tuple[ServerSentEvent, ...] = ()
    for event in events:
        yield event


def _written(signals: Signals, signal: Signal) -> ServerSentEvent:
    from sse_starlette import ServerSentEvent

    data = orjson.dumps({"org_slug": signal.org_slug, "id": signal.subject}).decode()
    return ServerSentEvent(data, event=signal.kind.value, id=signals.id_of(signal.sequence), sep="\n")
