"""Batches as the service describes them, for both APIs (contract E1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.batch_status import metadata_of
from reprompt_mock.clock import iso
from reprompt_mock.lifecycle import Hold

if TYPE_CHECKING:
    from reprompt_mock.engine.batches import BatchView


def batch_body(view: BatchView) -> dict[str, Any]:
    """Describe a batch as create does, with `metadata` null (contract E1, E2)."""
    body: dict[str, Any] = {
        "id": view.batch.id,
        "batch_name": view.batch.name,
        "status": view.status.name,
        "jobs": view.jobs,
        "created_at": iso(view.batch.created_at),
        "metadata": None,
    }
    if view.attributes is not None:
        body["attribute_statuses"] = {
            name: {status.value: {"total": len(ids), "ids": ids} for status, ids in by_status.items()}
            for name, by_status in view.attributes.items()
        }
    return body


def status_body(view: BatchView) -> dict[str, Any]:
    """Describe a batch as status does, with `metadata` (contract E1)."""
    deferred = len(view.jobs.get(Hold.queued_deferred.name, ()))
    return {**batch_body(view), "metadata": metadata_of(view.batch.counts, deferred)}
