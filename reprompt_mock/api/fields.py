"""Fields of bodies that the published schema lacks at that place: the service ignores them (contract B6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from reprompt_mock.api.schemas.batches import PlaceBatchPayload
from reprompt_mock.api.schemas.places import PlaceJob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

_JOBS = "jobs"
_OF_A_JOB = frozenset(PlaceJob.model_fields)


def unknown_fields(model: type[BaseModel], value: Any) -> list[str]:
    """Return the unknown fields of a decoded body, each once: those of a create's jobs begin with `jobs.`.

    A place may have any field (contract C3).
    """
    return list(dict.fromkeys(_unknown(model, value))) if isinstance(value, dict) else []


def unknown_in(model: type[BaseModel], body: bytes) -> list[str]:
    """Return the unknown fields of a body, none if it is not JSON."""
    try:
        return unknown_fields(model, orjson.loads(body))
    except orjson.JSONDecodeError:
        return []


def _unknown(model: type[BaseModel], value: dict[str, Any]) -> Iterator[str]:
    yield from (name for name in value if name not in model.model_fields)
    jobs = value.get(_JOBS)
    if issubclass(model, PlaceBatchPayload) and isinstance(jobs, list):
        for job in jobs:
            if isinstance(job, dict) and not _OF_A_JOB.issuperset(job):
                yield from (f"{_JOBS}.{name}" for name in job if name not in _OF_A_JOB)
