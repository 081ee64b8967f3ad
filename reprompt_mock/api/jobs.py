"""Jobs: results in pages and one by one, jobs without a batch, synchronous enrichment (contract F, G9, I2, I3)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import AfterValidator
from starlette.convertors import PathConvertor, register_url_convertor

from reprompt_mock.api import facts
from reprompt_mock.api.batches import BELOW_2_63, Offset, list_entry, wanted_by
from reprompt_mock.api.bodies import parse_place
from reprompt_mock.api.call import Call, CallRouter
from reprompt_mock.api.fields import unknown_in
from reprompt_mock.api.openapi import errors
from reprompt_mock.api.schemas.batches import ReprocessJobRequest
from reprompt_mock.api.schemas.places import PlaceJob
from reprompt_mock.engine import jobs, reprocess, results
from reprompt_mock.engine.results import ResultQuery
from reprompt_mock.engine.submissions import PlaceToEnrich
from reprompt_mock.errors import EnrichmentNotFound
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer, array
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.operations import ANY_TEXT

router = CallRouter("jobs", 401, 403, 404, 422, 429)

_DAY_LENGTH = len("2026-01-31")


class _AnyText(PathConvertor):
    """The rest of a path, including line breaks, which place ids may contain (contract C4)."""

    regex = ANY_TEXT


register_url_convertor("any_text", _AnyText())


def _real_day(day: str | None) -> str | None:
    if day is not None and (len(day) != _DAY_LENGTH or date.fromisoformat(day).isoformat() != day):
        raise ValueError("use the form YYYY-MM-DD")
    return day


@router.serves("get_jobs", responses=answered("JobListResponse", "PaginatedBatchesResponse"))
async def get_jobs(
    call: Call,
    batch_id: Annotated[str | None, Query(alias="batchId", description="Only this batch's jobs.")] = None,
    limit: Annotated[int, Query(ge=1, le=BELOW_2_63, description="The most jobs to return.")] = 10_000,
    offset: Offset = 0,
    exclude_batches: Annotated[
        bool, Query(alias="excludeBatches", description="Only jobs that belong to no batch.")
    ] = False,
    group_by: Annotated[
        Literal["day"] | None, Query(alias="groupBy", description="One synthetic batch per UTC day.")
    ] = None,
    day: Annotated[
        str | None, AfterValidator(_real_day), Query(description="Only jobs of this UTC day, YYYY-MM-DD.")
    ] = None,
) -> Response:
    """List results in pages, in order of submission, or a summary per day (contract F1, F2)."""
    query = ResultQuery(batch_id, exclude_batches, date.fromisoformat(day) if day else None)
    page = {"limit": limit, "offset": offset}
    call.note(page if batch_id is None else {"batch_id": facts.named(batch_id), **page})
    if exclude_batches or group_by or day:
        call.note({"filtered": True})
    if group_by is not None:
        days = await call.read(results.days, query, **page)
        call.note(facts.of_batches(days))
        batches = [list_entry(*listed) for listed in days.batches]
        return answer({"batches": batches, "total": days.total, **page})
    found = await call.read(results.page, query, **page)
    call.note(facts.of_results(found))
    return answer({"jobs": array(found.jobs), "total": found.total, **page})


@router.serves(
    "create_job",
    responses=answered("SubmittedJob") | errors(400, 402, 413),
    openapi_extra=request_body(PlaceJob),
)
async def create_job(call: Call) -> Response:
    """Submit one place that belongs to no batch (contract I2)."""
    place = await _asked_for(call)
    job = await call.write(jobs.submit, place)
    call.note({"place_id": facts.named(job["place_id"]), "status": JobStatus.pending.name, "created": 1})
    # The answer describes the job as submitted, however short its time in pending.
    return answer({"place_id": job["place_id"], "inputs": job["inputs"], "status": JobStatus.pending.name})


async def _asked_for(call: Call) -> PlaceToEnrich:
    """Read the place in a body, noting what is asked."""
    body = await call.body()
    call.note(facts.unknown("unknown_fields", unknown_in(PlaceJob, body)))
    place = parse_place(body, generates_ids=call.settings.generate_place_ids)
    call.note(facts.of_places([place]))
    return place


@router.serves(
    "enrich",
    responses=answered("PlaceJobResult") | errors(400, 402, 413),
    openapi_extra=request_body(PlaceJob),
)
async def enrich(call: Call) -> Response:
    """Enrich one place and answer with its result (contract I3)."""
    place = await _asked_for(call)
    result = await call.write(jobs.enrich, place)
    if isinstance(result, EnrichmentNotFound):
        raise result
    call.note({**facts.of_result(result), "created": 1})
    return answer(result)


@router.serves(
    "reprocess_jobs",
    responses=answered("ReprocessJobsAnswer") | errors(400, 402),
    openapi_extra=request_body(ReprocessJobRequest),
)
async def reprocess_jobs(call: Call) -> Response:
    """Run the most recently submitted job of each place again (contract G9)."""
    request = await call.parse(ReprocessJobRequest)
    wanted = wanted_by(request)
    call.note({"refresh": wanted.refresh, **facts.of_attributes([wanted.attributes])})
    places = await call.write(reprocess.places, request.place_ids, wanted)
    call.note({"reprocessed": len(places.found), "missing": len(places.missing), "place_ids": facts.few(places.found)})
    return answer(
        {
            "status": "success",
            "message": f"Started reprocessing {len(places.found)} jobs",
            "job_count": len(places.found),
            "place_ids": places.found,
            "missing": places.missing,
        }
    )


@router.serves("get_job", responses=answered("PlaceJobResult"))
async def get_job(call: Call, place_id: str) -> Response:
    """Return the result of a place's most recently submitted job (contract F8)."""
    call.note({"place_id": facts.named(place_id)})
    result = await call.read(results.of_place, place_id)
    call.note(facts.of_result(result))
    return answer(result)


@router.serves("delete_job", responses=answered("Message"))
async def delete_job(call: Call, place_id: str) -> Response:
    """Delete all jobs of a place (contract F8)."""
    call.note({"place_id": facts.named(place_id)})
    count = await call.write(jobs.delete, place_id)
    call.note({"deleted": count})
    return answer({"status": "success", "message": f"Deleted {count} jobs of place {place_id}"})
