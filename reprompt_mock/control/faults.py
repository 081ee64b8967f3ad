"""Faults: what happens to a world's requests."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter, one_or_more
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import scenario
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer
from reprompt_mock.specs import FaultSpec

router = ControlRouter()


@router.get("/faults")
async def list_faults(control: Controlled) -> Response:
    """List the faults for requests, oldest first, with how many each has `seen` and `served`."""
    return answer({"faults": [named.as_dict() for named in (await control.read(scenario.show)).faults]})


@router.post(
    "/faults",
    status_code=201,
    responses=answered("Ids", status=201) | errors(400, 413),
    openapi_extra=request_body(FaultSpec, or_list=True),
)
async def add_faults(control: Controlled) -> Response:
    """Add one fault or a list of them; each gets an id."""
    specs = await one_or_more(control, FaultSpec)
    faults = (await control.write(scenario.change, lambda old: old.with_faults(specs))).faults
    ids = [named.fault.id for named in faults[len(faults) - len(specs) :]]
    return answer({"ids": ids}, 201)


@router.delete("/faults", status_code=204)
async def delete_faults(control: Controlled) -> Response:
    """Delete all faults."""
    await control.write(scenario.change, lambda old: old.without_fault(None))
    return Response(status_code=204)


@router.delete("/faults/{fault_id}", status_code=204)
async def delete_fault(control: Controlled, fault_id: str) -> Response:
    """Delete a fault."""
    await control.write(scenario.change, lambda old: old.without_fault(fault_id))
    return Response(status_code=204)
