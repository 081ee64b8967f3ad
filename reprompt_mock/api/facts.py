"""Facts: what a client asked and was told, as small data from which its conduct can be judged.

Digests and names stand for what would be large. They are made of what a route knows anyway.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.errors import TooManyJobs
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.batches import BatchPage, BatchView
    from reprompt_mock.engine.results import ResultPage
    from reprompt_mock.engine.submissions import PlaceToEnrich

Facts = dict[str, Any]

MOST_BYTES = 300
"""How long facts are as JSON at most."""
_LONGEST_NAME = 48
_BEGINNING = 32
_MOST_NAMES = 5
_FEW_IDS = 3
_TOGETHER = 512
"""The number of places that are digested together."""
_DIGEST_BYTES = 6
_SPARE_LISTS = ("place_ids", "unknown_parameters", "unknown_attributes", "unknown_fields")
_SPARE = (*_SPARE_LISTS, "counts")
"""What is left out first where facts are too long."""
_KNOWN = frozenset(CATALOGUE)
_STATUSES = tuple(status.name for status in JobStatus)


def digest(data: bytes) -> str:
    """Return a digest of 12 hexadecimal digits."""
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def named(text: str) -> str:
    """Return a name as it is, or if it is longer than 48 bytes as JSON, its beginning with a digest."""
    if len(text) <= _LONGEST_NAME and text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text  # faster than serializing it
    whole = text.encode(errors="replace")  # no JSON has a lone surrogate
    if len(_written(whole.decode())) <= _LONGEST_NAME:
        return whole.decode()
    beginning = whole[:_BEGINNING].decode(errors="ignore")
    while len(_written(beginning)) > _BEGINNING:
        beginning = beginning[:-1]
    return f"{beginning}…{digest(whole)}"


def _written(text: str) -> bytes:
    """Write a text as JSON, without the quotes."""
    return orjson.dumps(text)[1:-1]


def few(names: Iterable[str]) -> list[str]:
    """Return the first few of many ids."""
    return [named(name) for name in islice(names, _FEW_IDS)]


def unknown(key: str, names: Iterable[str]) -> Facts:
    """Return at most five unknown names under a key, or nothing if all are known."""
    found = [named(name) for name in islice(names, _MOST_NAMES)]
    return {key: found} if found else {}


def of_places(places: Sequence[PlaceToEnrich]) -> Facts:
    """Describe what is to be enriched: digests of the place ids and inputs, and of the attributes."""
    found = sha256()  # faster than blake2b for many bytes; no id and no JSON has a NUL, which separates them here
    for start in range(0, len(places), _TOGETHER):
        some = places[start : start + _TOGETHER]
        found.update("\0".join([place.place_id or "" for place in some]).encode())
        found.update(b"\0".join([b"", *[place.place for place in some]]))
    return {
        "places": found.hexdigest()[: 2 * _DIGEST_BYTES],
        **of_attributes([place.attributes for place in places]),
    }


def of_body(fingerprint: str) -> Facts:
    """Describe a body by a digest of 12 hexadecimal digits; nothing if there is none."""
    return {"body": fingerprint[: 2 * _DIGEST_BYTES]} if fingerprint else {}


def of_too_many(refusal: Exception) -> Facts:
    """Describe a create that was refused for the number of its jobs; nothing for other refusals."""
    if not isinstance(refusal, TooManyJobs):
        return {}
    return {"jobs": refusal.values["count"], "limit": refusal.values["limit"]}


def of_attributes(lists: Sequence[tuple[str, ...]]) -> Facts:
    """Describe the requested attributes, given a list per place; nothing if none are requested."""
    if not lists:
        return {}
    if lists.count(lists[0]) == len(lists):  # the usual case
        names = lists[0]
        if _KNOWN.issuperset(names):
            return {"attributes": _digest_of_known(names)} if names else {}
        distinct: Sequence[tuple[str, ...]] = [names]
        written = orjson.dumps(names)
    else:
        positions = {names: position for position, names in enumerate(dict.fromkeys(lists))}
        distinct = list(positions)
        written = orjson.dumps([distinct, [positions[names] for names in lists]])
    strange = dict.fromkeys(name for name in chain.from_iterable(distinct) if name not in _KNOWN)
    return {"attributes": digest(written), **unknown("unknown_attributes", strange)}


@lru_cache(maxsize=100)
def _digest_of_known(names: tuple[str, ...]) -> str:
    return digest(orjson.dumps(names))


def core_attributes() -> str:
    """Return the digest of the attributes that are meant where none are named (contract G3)."""
    return _digest_of_known(CORE)


def of_exported(batch_ids: Sequence[str]) -> Facts:
    """Describe the batches that are to be exported, in any order."""
    return {"batch_ids": few(batch_ids), "batches": digest("\0".join(sorted(set(batch_ids))).encode(errors="replace"))}


def of_batch(view: BatchView) -> Facts:
    """Describe a batch's progress."""
    batch = view.batch
    return {"batch_id": named(batch.id), "status": _STATUSES[view.status], "counts": _counted(batch.counts)}


def of_created(view: BatchView) -> Facts:
    """Describe what a create made."""
    return {**of_batch(view), "created": len(view.created), "place_ids": few(view.created)}


def of_result(result: Mapping[str, Any]) -> Facts:
    """Describe a job's progress."""
    return {"place_id": named(result["place_id"]), "status": result["status"]}


def of_results(page: ResultPage) -> Facts:
    """Describe a page of results."""
    whole = {} if page.unfinished is None else {"unfinished": page.unfinished}
    return {"total": page.total, "size": page.counts.total, "by_status": _counted(page.counts), **whole}


def of_batches(page: BatchPage) -> Facts:
    """Describe a page of batches."""
    by_status = [0] * len(_STATUSES)
    for _, status, _ in page.batches:
        by_status[status] += 1
    return {"total": page.total, "size": len(page.batches), "by_status": _counted(by_status)}


def _counted(counts: Iterable[int]) -> dict[str, int]:
    """Name the counts by status that are not zero."""
    return {status: count for status, count in zip(_STATUSES, counts, strict=True) if count}


def bounded(facts: Facts) -> Facts:
    """Keep facts within 300 bytes: names beyond that are left out, last ones first."""
    if facts.keys().isdisjoint(_SPARE_LISTS):
        return facts  # the rest is short by itself
    while len(orjson.dumps(facts)) > MOST_BYTES:
        key = next(key for key in _SPARE if key in facts)
        shorter = facts[key][:-1] if isinstance(facts[key], list) else None
        facts = {name: value for name, value in facts.items() if name != key} | ({key: shorter} if shorter else {})
    return facts
