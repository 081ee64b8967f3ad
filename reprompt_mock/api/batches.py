"""Batches: create, status, list, reprocess (contract D, E, G, H)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Response
from fastapi.exceptions import RequestValidationError

from reprompt_mock.api import facts
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.api.call import Call, CallRouter
from reprompt_mock.api.fields import unknown_in
from reprompt_mock.api.openapi import errors
from reprompt_mock.api.schemas.batches import (
    BulkRefreshBatchRequest,
    PlaceBatchPayload,
    ReprocessBatchRequest,
    ReprocessJobRequest,
    UpdateBatchRequest,
)
from reprompt_mock.attributes import merged
from reprompt_mock.clock import iso
from reprompt_mock.engine import batches, clock, reprocess
from reprompt_mock.engine.descriptions import batch_body, status_body
from reprompt_mock.engine.reprocess import Wanted
from reprompt_mock.errors import TooManyJobs
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer
from reprompt_mock.reprocess import scope_of

if TYPE_CHECKING:
    from reprompt_mock.api.facts import Facts
    from reprompt_mock.engine.submissions import BatchToCreate
    from reprompt_mock.lifecycle import JobStatus
    from reprompt_mock.store.batches import StoredBatch

router = CallRouter("batches", 401, 403, 404, 422, 429)

BELOW_2_63 = 2**63 - 1
Offset = Annotated[int, Query(ge=0, le=BELOW_2_63, description="How many to skip.")]


@router.serves(
    "create_batch",
    responses=answered("SubmittedPlaceBatchResponse") | errors(400, 402, 413),
    openapi_extra=request_body(PlaceBatchPayload),
)
async def create_batch(call: Call) -> Response:
    """Create a batch of places, or append to the batch that `batch_id` names (contract D)."""
    settings = call.settings
    read = partial(_to_create, max_jobs=settings.max_jobs_per_request, generates_ids=settings.generate_place_ids)
    request, asked = await call.prepare(read)
    call.note(asked)
    if isinstance(request, Exception):
        raise request
    view = await call.create(request._replace(fingerprint=call.fingerprint))
    call.note(facts.of_created(view))
    return answer(batch_body(view))


def _to_create(body: bytes, *, max_jobs: int, generates_ids: bool) -> tuple[BatchToCreate | Exception, Facts]:
    try:
        request = parse_batch(body, max_jobs=max_jobs, generates_ids=generates_ids)
    except (RequestValidationError, TooManyJobs) as refusal:
        unknown = facts.unknown("unknown_fields", unknown_in(PlaceBatchPayload, body))
        return refusal, {**unknown, **facts.of_too_many(refusal)}
    upload = {} if request.kick_off else {"kick_off_jobs_now": False}
    return request, {
        **facts.of_places(request.places),
        **upload,
        **facts.unknown("unknown_fields", request.unknown_fields),
    }


@router.serves("get_batch", responses=answered("SubmittedPlaceBatchResponse"))
async def get_batch(
    call: Call,
    batch_id: str,
    enrichments: Annotated[
        str | None, Query(description="Comma-separated attributes whose statuses are added.")
    ] = None,
) -> Response:
    """Describe a batch: its status, and its place ids by status (contract E)."""
    call.note({"batch_id": facts.named(batch_id)})
    names = None if enrichments is None else attribute_names(enrichments)
    view = call.glance(batches.kept, batch_id) if names is None else None
    if view is None:
        if call.settings.poll_advance:
            await call.write(clock.poll, batch_id)
        view = await call.read(batches.status, batch_id, names)
    call.note(facts.of_batch(view))
    return answer(status_body(view))


@router.serves("list_batches", responses=answered("PaginatedBatchesResponse"))
async def list_batches(
    call: Call,
    limit: Annotated[int, Query(ge=1, le=500, description="The most batches to return.")] = 10,
    offset: Offset = 0,
    query: Annotated[str | None, Query(description="Part of the name, case-insensitive.")] = None,
) -> Response:
    """List batches, newest first (contract H)."""
    call.note({"limit": limit, "offset": offset})
    page = await call.read(batches.page, query or "", limit=limit, offset=offset)
    call.note(facts.of_batches(page))
    listed = [list_entry(*one) for one in page.batches]
    return answer({"batches": listed, "total": page.total, "limit": limit, "offset": offset})


@router.serves(
    "reprocess_batch",
    responses=answered("ReprocessAnswer") | errors(400, 402),
    openapi_extra=request_body(ReprocessBatchRequest, required=False),
)
async def reprocess_batch(call: Call, batch_id: str) -> Response:
    """Run a batch's failed, incomplete or all jobs again (contract G)."""
    call.note({"batch_id": facts.named(batch_id)})
    request = await call.parse(ReprocessBatchRequest)
    sent = "failed_only" in request.model_fields_set
    scope = scope_of(request.failed_only if sent else None, request.incomplete_only)
    wanted = wanted_by(request)
    call.note({"scope": scope.word, "refresh": wanted.refresh, **facts.of_attributes([wanted.attributes])})
    if wanted.use_previous:
        call.note({"previous": True})
    count, deferred, completed = await call.write(reprocess.batch, batch_id, scope, wanted)
    call.note({"reprocessed": count, "completed": completed} if completed else {"reprocessed": count})
    return answer(
        {
            "status": "success",
            "message": f"Started reprocessing {count} {scope.word} jobs from batch {batch_id}",
            "job_count": count,
            "batch_id": batch_id,
            "excluded_deferred_count": deferred,
        }
    )


@router.serves(
    "update_batch",
    responses=answered("Message"),
    openapi_extra=request_body(UpdateBatchRequest),
)
async def update_batch(call: Call, batch_id: str) -> Response:
    """Rename a batch, or mark it for refresh; omitted fields stay unchanged (contract I1)."""
    call.note({"batch_id": facts.named(batch_id)})
    change = await call.parse(UpdateBatchRequest)
    await call.write(batches.update, batch_id, name=change.batch_name, refresh=change.refresh)
    return answer({"status": "success", "message": f"Updated batch {batch_id}"})


@router.serves("delete_batch", responses=answered("Message"))
async def delete_batch(call: Call, batch_id: str) -> Response:
    """Delete a batch and its jobs (contract I1)."""
    call.note({"batch_id": facts.named(batch_id)})
    await call.write(batches.delete, batch_id)
    return answer({"status": "success", "message": f"Deleted batch {batch_id}"})


@router.serves(
    "refresh_batches",
    responses=answered("BulkRefreshBatchResponse") | errors(400),
    openapi_extra=request_body(BulkRefreshBatchRequest),
)
async def refresh_batches(call: Call) -> Response:
    """Mark batches for refresh, or unmark them (contract I1)."""
    request = await call.parse(BulkRefreshBatchRequest)
    marked = await call.write(batches.mark, request.batch_ids, refresh=request.refresh)
    call.note({"updated": len(marked.updated), "missing": len(marked.missing), "refresh": request.refresh})
    return answer({"updated": marked.updated, "missing": marked.missing, "refresh": request.refresh})


def wanted_by(request: ReprocessBatchRequest | ReprocessJobRequest) -> Wanted:
    """Convert a request to what the engine is to do with the jobs."""
    return Wanted(
        merged((request.attribute_set, request.attributes)),
        request.refresh,
        request.use_previous_invocation_params,
    )


def attribute_names(listed: str) -> list[str]:
    """Split a comma-separated list of attributes, dropping duplicates."""
    return list(dict.fromkeys(name for name in map(str.strip, listed.split(",")) if name))


def list_entry(batch: StoredBatch, status: JobStatus, deferred: int) -> dict[str, Any]:
    """Describe a batch in a list (contract H3, L1)."""
    return {
        "id": batch.id,
        "batch_name": batch.name,
        "status": status.name,
        "status_counts": batch.counts.as_dict(deferred),
        "created_at": iso(batch.created_at),
        "metadata": None,
        "refresh": batch.refresh,
    }
