"""Rules and release, faults, journal: what is to happen in a world, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from reprompt_mock.control import bodies
from reprompt_mock.control.call import Control, Controlled
from reprompt_mock.control.document import errors
from reprompt_mock.faults import RequestMatch
from reprompt_mock.journal import Filter
from reprompt_mock.openapi import answered, request_body
from reprompt_mock.specs import FaultSpec, RuleSpec
from reprompt_mock.wire import answer, loaded, validated

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.scenario import Scenario

Spec = TypeVar("Spec", bound=BaseModel)

router = APIRouter(prefix="/_mock/orgs/{org_slug}", responses=errors(401, 403, 404, 422, 503))


async def _specs(control: Control, model: type[Spec]) -> list[Spec]:
    """Read one spec, or a list of them."""
    value = loaded(await control.raw_body())
    if isinstance(value, list):
        return [validated(model, one, at=[position]) for position, one in enumerate(value)]
    return [validated(model, value)]


async def _deleted(control: Control, change: Callable[[Scenario], Scenario]) -> Response:
    world = control.world
    await control.change(lambda: control.engine.change_scenario(world, change))
    return Response(status_code=204)


@router.get("/rules")
async def list_rules(control: Controlled) -> Response:
    """List the rules for jobs, oldest first, with how many jobs each has `served`."""
    return answer({"rules": [named.as_dict() for named in control.world.scenario.rules]})


@router.post(
    "/rules",
    status_code=201,
    responses=answered("Ids", status=201) | errors(400, 413),
    openapi_extra=request_body(RuleSpec, or_list=True),
)
async def add_rules(control: Controlled) -> Response:
    """Add one rule or a list of them; each gets an id."""
    world, specs = control.world, await _specs(control, RuleSpec)
    scenario = await control.change(lambda: control.engine.change_scenario(world, lambda old: old.with_rules(specs)))
    ids = [named.rule.id for named in scenario.rules[len(scenario.rules) - len(specs) :]]
    return answer({"ids": ids}, 201)


@router.delete("/rules", status_code=204)
async def delete_rules(control: Controlled) -> Response:
    """Delete all rules; jobs already drawn under them keep their timetable."""
    return await _deleted(control, lambda old: old.without_rule(None))


@router.delete("/rules/{rule_id}", status_code=204)
async def delete_rule(control: Controlled, rule_id: str) -> Response:
    """Delete a rule; jobs already drawn under it keep their timetable."""
    return await _deleted(control, lambda old: old.without_rule(rule_id))


@router.post(
    "/release",
    responses=answered("Released") | errors(413),
    openapi_extra=request_body(bodies.Release, required=False),
)
async def release(control: Controlled) -> Response:
    """Release held jobs from their current status: all, or those whose `place_id` and `batch` match."""
    world, wanted = control.world, await control.body(bodies.Release)
    released = await control.change(lambda: control.engine.release(world, place_id=wanted.place_id, batch=wanted.batch))
    return answer({"released": released})


@router.get("/faults")
async def list_faults(control: Controlled) -> Response:
    """List the faults for requests, oldest first, with how many each has `seen` and `served`."""
    return answer({"faults": [named.as_dict() for named in control.world.scenario.faults]})


@router.post(
    "/faults",
    status_code=201,
    responses=answered("Ids", status=201) | errors(400, 413),
    openapi_extra=request_body(FaultSpec, or_list=True),
)
async def add_faults(control: Controlled) -> Response:
    """Add one fault or a list of them; each gets an id."""
    world, specs = control.world, await _specs(control, FaultSpec)
    scenario = await control.change(lambda: control.engine.change_scenario(world, lambda old: old.with_faults(specs)))
    ids = [named.fault.id for named in scenario.faults[len(scenario.faults) - len(specs) :]]
    return answer({"ids": ids}, 201)


@router.delete("/faults", status_code=204)
async def delete_faults(control: Controlled) -> Response:
    """Delete all faults."""
    return await _deleted(control, lambda old: old.without_fault(None))


@router.delete("/faults/{fault_id}", status_code=204)
async def delete_fault(control: Controlled, fault_id: str) -> Response:
    """Delete a fault."""
    return await _deleted(control, lambda old: old.without_fault(fault_id))


@router.get("/journal", responses=answered("Journal"))
async def get_journal(
    control: Controlled,
    method: Annotated[str | None, Query(description="Only this method.")] = None,
    path: Annotated[str | None, Query(description="Only paths that match this glob.")] = None,
    operation: Annotated[str | None, Query(description="Only this operation.")] = None,
    status: Annotated[int | None, Query(description="Only this status.")] = None,
    limit: Annotated[int | None, Query(ge=0, le=10**6, description="At most this many, the newest.")] = None,
) -> Response:
    """List the latest requests of a world, newest last."""
    journal = control.world.journal
    wanted = Filter(RequestMatch(method, path, operation), status, limit)
    return answer({"requests": journal.find(wanted), "dropped": journal.dropped})


@router.delete("/journal", status_code=204)
async def clear_journal(control: Controlled) -> Response:
    """Forget a world's requests."""
    control.world.journal.clear()
    return Response(status_code=204)
