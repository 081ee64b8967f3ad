"""Reprocess from the dashboard: what a client would do with its key, without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from pydantic import Field

from reprompt_mock.dashboard.files import HEADERS
from reprompt_mock.engine import reprocess
from reprompt_mock.engine.reprocess import Wanted
from reprompt_mock.http.problems import described, problem
from reprompt_mock.http.wire import answer, parse, read_body
from reprompt_mock.reprocess import scope_of
from reprompt_mock.specs import Strict

if TYPE_CHECKING:
    from starlette.responses import Response

    from reprompt_mock.dashboard.looking import Looking

_MOST_BYTES = 64 * 1024
_AS_BEFORE = Wanted((), use_previous=True)


class Reprocess(Strict):
    """What to reprocess: the failed jobs of a batch, or the latest job of a place."""

    batch_id: str | None = Field(None, description="The batch's id.")
    place_id: str | None = Field(None, description="The place's id.")


async def restart(looking: Looking) -> Response:
    """Reprocess the failed jobs of a batch or the latest job of a place, with the same attributes as before."""
    try:
        wanted = parse(Reprocess, await read_body(looking.request, _MOST_BYTES))
    except RequestValidationError as error:
        return problem(described(error.errors()), 422, HEADERS)
    if wanted.place_id is not None:
        places = await looking.write(reprocess.places, [wanted.place_id], _AS_BEFORE)
        return answer({"jobs": len(places.found)})
    failed = scope_of(failed_only=True, incomplete_only=False)
    found = await looking.write(reprocess.batch, wanted.batch_id or "", failed, _AS_BEFORE)
    return answer({"jobs": found.jobs})
