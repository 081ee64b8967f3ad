"""Rules: what happens to a world's jobs."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter, one_or_more
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import scenario
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer
from reprompt_mock.specs import RuleSpec

router = ControlRouter()


@router.get("/rules")
async def list_rules(control: Controlled) -> Response:
    """List the rules for jobs, oldest first, with how many jobs each has `served`."""
    return answer({"rules": [named.as_dict() for named in (await control.read(scenario.show)).rules]})


@router.post(
    "/rules",
    status_code=201,
    responses=answered("Ids", status=201) | errors(400, 413),
    openapi_extra=request_body(RuleSpec, or_list=True),
)
async def add_rules(control: Controlled) -> Response:
    """Add one rule or a list of them; each gets an id."""
    specs = await one_or_more(control, RuleSpec)
    rules = (await control.write(scenario.change, lambda old: old.with_rules(specs))).rules
    ids = [named.rule.id for named in rules[len(rules) - len(specs) :]]
    return answer({"ids": ids}, 201)


@router.delete("/rules", status_code=204)
async def delete_rules(control: Controlled) -> Response:
    """Delete all rules; jobs already drawn under them keep their timetable."""
    await control.write(scenario.change, lambda old: old.without_rule(None))
    return Response(status_code=204)


@router.delete("/rules/{rule_id}", status_code=204)
async def delete_rule(control: Controlled, rule_id: str) -> Response:
    """Delete a rule; jobs already drawn under it keep their timetable."""
    await control.write(scenario.change, lambda old: old.without_rule(rule_id))
    return Response(status_code=204)
