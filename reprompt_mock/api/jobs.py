"""Jobs: results in pages and one by one (contract F)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator

from reprompt_mock.api.batches import BELOW_2_63, Offset
from reprompt_mock.api.call import Caller
from reprompt_mock.api.schemas.results import JobListResponse, PlaceJobResult
from reprompt_mock.engine.views import ResultQuery
from reprompt_mock.wire import answer

router = APIRouter(prefix="/v1/{org_slug}/place_enrichment", tags=["jobs"])

_BIG_PAGE = 100
_DAY_LENGTH = len("2026-01-31")


def _real_day(day: str | None) -> str | None:
    if day is not None and (len(day) != _DAY_LENGTH or date.fromisoformat(day).isoformat() != day):
        raise ValueError("use the form YYYY-MM-DD")
    return day


@router.get("/jobs", operation_id="get_jobs", response_model=JobListResponse)
async def get_jobs(
    call: Caller,
    batch_id: Annotated[str | None, Query(alias="batchId", description="Only this batch's jobs.")] = None,
    limit: Annotated[int, Query(ge=1, le=BELOW_2_63, description="How many to give.")] = 10_000,
    offset: Offset = 0,
    exclude_batches: Annotated[
        bool, Query(alias="excludeBatches", description="Only jobs that belong to no batch.")
    ] = False,
    day: Annotated[
        str | None, AfterValidator(_real_day), Query(description="Only jobs of this UTC day, YYYY-MM-DD.")
    ] = None,
) -> Response:
    """Give results in pages, in order of submission (contract F1, F2)."""
    query = ResultQuery(batch_id, exclude_batches, date.fromisoformat(day) if day else None)
    page = await call.read(
        lambda: call.engine.results(call.world, query, limit=limit, offset=offset), big=limit > _BIG_PAGE
    )
    return answer({"jobs": page.jobs, "total": page.total, "limit": limit, "offset": offset})


@router.get("/jobs/{place_id:path}", operation_id="get_job", response_model=PlaceJobResult)
async def get_job(call: Caller, place_id: str) -> Response:
    """Give the result of a place's last submitted job (contract F8)."""
    return answer(await call.read(lambda: call.engine.result_of_place(call.world, place_id)))
