"""Rules and faults: what each served, and forms for new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.dashboard.batch import exactly
from reprompt_mock.dashboard.forms import fields_of, with_choices
from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.engine import scenario
from reprompt_mock.operations import OPERATION_IDS
from reprompt_mock.specs import FaultSpec, RuleSpec

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values

_USUAL_STATUS = 503


async def _rules(looking: Looking) -> Values:
    return {"rules": [named.as_dict() for named in reversed((await looking.read(scenario.show)).rules)]}


async def _faults(looking: Looking) -> Values:
    return {"faults": [named.as_dict() for named in reversed((await looking.read(scenario.show)).faults)]}


async def _rule_form(looking: Looking) -> Values:
    match = {name: exactly(looking.text(name)) for name in ("batch", "place_id") if looking.text(name)}
    return {"fields": fields_of(RuleSpec, {"match": match})}


async def _fault_form(looking: Looking) -> Values:
    match: dict[str, Any] = {name: looking.text(name) for name in ("method", "operation") if looking.text(name)}
    if looking.text("path"):
        match["path"] = exactly(looking.text("path"))
    first = {"match": match, "then": {"status": _USUAL_STATUS}, "times": 1} if match else {}
    fields = fields_of(FaultSpec, first)
    return {"fields": with_choices(fields, "match.operation", tuple(sorted(OPERATION_IDS))), "is_made_of": bool(match)}


RULES = Page("rules", (Part("rules", ("scenario", "world"), _rules),), _rule_form)
FAULTS = Page("faults", (Part("faults", ("scenario", "world"), _faults),), _fault_form)
