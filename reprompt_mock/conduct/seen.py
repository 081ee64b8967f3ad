"""What is known of one exchange when a client is judged, and its compact form that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BYTES = 239
"""How long the compact form may be: with what Python adds to it, an exchange takes at most 300 bytes.

Objects of up to 272 bytes, 33 of which are Python's, are the largest of which that is true: the next size takes 300.4.
"""
CARRIED_OUT = 1
"""The operation was carried out, whatever the client was told."""
ARRIVED = 2
"""The client got the whole answer."""
OWN = 4
"""The answer is the operation's own, not one that a fault supplies."""
GONE = 8
"""The client had gone before the answer was ready."""
PAUSED = 16
"""The clock stood still."""
STEPPED = 32
"""Each poll moves the clock (`poll_advance`)."""
NAMELESS = 64
"""There was no `User-Agent`."""
KEY_IN_URL = 128
"""The query has a parameter that is named like a key."""
KEY_IN_HEADER = 256
"""A header that the service does not read is named like a key."""
IDEMPOTENT = 512
"""There was an `Idempotency-Key`."""
FIRST = 1024
"""It was the first request of its connection."""

# Their compact form is an array; `gc=False` spares the garbage collector many thousands of them.

Counts = tuple[int, int, int]
"""Numbers of jobs: completed, failed, unfinished."""


class Page(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A page of a list; `unfinished` jobs of the batch are counted over all pages, None if no batch was asked for."""

    offset: int
    size: int
    total: int
    unfinished: int | None = None


class Work(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a request submits.

    Attributes:
        jobs: how many jobs are created or reprocessed, or a create that is too large has.
        places: a digest of the places, or of an export's batches.
        attributes: a digest of the attributes.
        scope: the jobs that a reprocess means; `IDLE` for a create that starts nothing, `JOB` for an export to poll.
        other: for a create that is too large, how many jobs are allowed; for a reprocess, how many of the jobs had
            completed with all that they were asked for.
    """

    jobs: int = 0
    places: str | None = None
    attributes: str | None = None
    scope: str | None = None
    other: int = 0


REPLACED = 2**20
"""What the replacement of a whole world adds to its interventions."""
IDLE = "IDLE"
JOB = "JOB"


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An exchange: a request and what is known of its answer. Times are in microseconds.

    Attributes:
        sequence: its number in the journal, in order of arrival.
        operation: the id of its operation, None for none.
        time: the world's time when it came.
        real_time: when it came.
        duration: how long it took, in real time.
        status: the status that the client was told, None if it got no whole answer.
        marks: what is true of it, as a sum of the marks of this module.
        client: stands for the client's key.
        connection: the number of its connection.
        request: equal for equal requests: method, path, query, body and `Idempotency-Key`.
        wait_until: the real time before which it was asked not to come again.
        interventions: how often a test had changed the world by then, apart from its clock.
        agent: the beginning of the `User-Agent`.
        subject: the id of the batch, place or export.
        counts: the jobs that it tells of.
        page: the page that it is.
        work: what it submits, if it submits anything.
        unknown_fields: fields of the body that the published schema lacks.
        unknown_attributes: attributes that no catalogue has.
    """

    sequence: int
    operation: str | None
    time: int
    real_time: int
    duration: int = 0
    status: int | None = None
    marks: int = 0
    client: str | None = None
    connection: int | None = None
    request: int = 0
    wait_until: int | None = None
    interventions: int = 0
    agent: str = ""
    subject: str | None = None
    counts: Counts | None = None
    page: Page | None = None
    work: Work = Work()
    unknown_fields: list[str] | None = None
    unknown_attributes: list[str] | None = None

    @property
    def end(self) -> int:
        """The real time when it was over."""
        return self.real_time + self.duration

    @property
    def carried_out(self) -> bool:
        """Whether the operation was carried out."""
        return bool(self.marks & CARRIED_OUT)

    @property
    def told(self) -> bool:
        """Whether the client was told what the operation found or did."""
        return self.marks & _TOLD == _TOLD

    @property
    def is_finished(self) -> bool:
        """Whether the client was told that the batch has finished."""
        return self.told and self.counts is not None and not self.counts[2]


_TOLD = CARRIED_OUT | ARRIVED | OWN


_FIELDS = Seen.__struct_fields__
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[Seen]).decode
_ARRAY_OF = b"\xdd"
"""How MessagePack begins an array whose length takes four bytes."""


def packed(fields: Sequence[object]) -> bytes:
    """Return the compact form of an exchange, at most `MOST_BYTES`, given its fields as plain values in their order."""
    written = _written(fields)
    if len(written) > MOST_BYTES:
        written = _shortened(dict(zip(_FIELDS, fields, strict=True)))
    return bytes(memoryview(written))  # what msgspec returns lies in a buffer of twice the size


def _written(fields: Sequence[object]) -> bytes:
    """Write an exchange without its last two fields, the unknown names, if there are none: that is their default."""
    return _encode(fields[:-2] if fields[-1] is None and fields[-2] is None else fields)


def _shortened(fields: dict[str, Any]) -> bytes:
    """Leave out what matters least, one after the other, until it is short enough."""
    names, attributes = fields["unknown_fields"] or [], fields["unknown_attributes"] or []
    changes: tuple[dict[str, Any], ...] = (
        {"unknown_fields": names[:2], "unknown_attributes": attributes[:2]},
        {"agent": ""},
        {"unknown_fields": names[:1], "unknown_attributes": attributes[:1]},
        {"unknown_fields": None if attributes else names[:1]},
        {"unknown_fields": None, "unknown_attributes": None},
        {"page": None},
        {"subject": None},
    )
    for change in changes:
        fields.update(change)
        written = _written(list(fields.values()))
        if len(written) <= MOST_BYTES:
            break
    return written


def unpacked(exchanges: Sequence[bytes]) -> list[Seen]:
    """Return exchanges, given their compact forms."""
    return _decode(b"".join((_ARRAY_OF, len(exchanges).to_bytes(4), *exchanges)))
