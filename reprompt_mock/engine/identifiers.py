"""Identifiers that the emulator generates for batches, places and exports: UUIDs by hash (contract D1, K3)."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from reprompt_mock.draws import digest
from reprompt_mock.enrichment.places import echoed
from reprompt_mock.store import batches, submissions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.submissions import PlaceToEnrich
    from reprompt_mock.engine.writing import Writing


def new_batch_id(writing: Writing, fingerprint: str) -> str:
    """Generate a batch id from the seed, the body's fingerprint and the number of equal bodies before it."""
    session, world, seed = writing.session, writing.key, writing.settings.seed
    expected = 0  # most bodies are new; then one statement tells all
    while True:
        guess = _batch_id(seed, fingerprint, expected)
        number, is_taken = submissions.count_create(session, world, fingerprint, guess)
        batch_id = guess if number == expected else _batch_id(seed, fingerprint, number)
        if not (is_taken if number == expected else batches.find(session, world, batch_id)):
            return batch_id
        expected = number + 1


def next_batch_id(reading: Reading, fingerprint: str) -> str:
    """Return the batch id that `new_batch_id` would generate now."""
    world = reading.key
    first = submissions.bodies(reading.session, world, fingerprint) if world else 0
    seed = reading.state.settings.seed
    ids = (_batch_id(seed, fingerprint, number) for number in count(first))
    return next(one for one in ids if not world or batches.find(reading.session, world, one) is None)


def fingerprint_of(body: bytes) -> str:
    """Return what stands for a body, "" for none."""
    return blake2b(body, digest_size=16).hexdigest() if body else ""


def _batch_id(seed: int, fingerprint: str, number: int) -> str:
    return _uuid(digest(seed, "batch", fingerprint, number))


def new_export_id(writing: Writing, batch_ids: list[str]) -> str:
    """Generate an export id from the seed, its batches and the number of equal exports before it."""
    fingerprint = blake2b(b"export\0" + orjson.dumps(batch_ids), digest_size=16).hexdigest()
    number = submissions.count_body(writing.session, writing.key, fingerprint)
    return _uuid(digest(writing.settings.seed, "export", fingerprint, number))


def identified(batch_id: str, places: Iterable[PlaceToEnrich]) -> dict[str, PlaceToEnrich]:
    """Map ids to places, in order of first mention; the last place with an id wins (contract D4).

    A generated id depends on the batch's id, the inputs, and the number of equal inputs before it (contract D1).
    """
    named: dict[str, PlaceToEnrich] = {}
    unnamed: Counter[str] = Counter()
    for place in places:
        place_id = place.place_id
        if place_id is None:
            inputs = _canonical(place.place)
            place_id = _uuid(digest(0, "place", batch_id, inputs, unnamed[inputs]))
            unnamed[inputs] += 1
        named[place_id] = place
    return named


def _canonical(place: bytes | bytearray) -> str:
    # Clients write the same inputs with different spacing and key order.
    return orjson.dumps(echoed(place), option=orjson.OPT_SORT_KEYS).decode()


def _uuid(source: bytes) -> str:
    return str(UUID(bytes=source[:16], version=4))
