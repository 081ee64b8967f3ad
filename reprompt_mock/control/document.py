"""The control API's OpenAPI document: FastAPI's own, with the bodies that routes read raw and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from reprompt_mock.control import models
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.specs import FaultSpec, RuleSpec

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

REFERRED_TO: tuple[type[BaseModel], ...] = (
    RuleSpec,
    FaultSpec,
    Snapshot,
    models.SettingsChange,
    models.ClockChange,
    models.Advance,
    models.Settle,
    models.Release,
    models.ErrorAnswer,
)
"""The models that routes name by reference."""

ERRORS = {
    400: "The request breaks a rule of the emulator.",
    401: "The token is missing or wrong.",
    403: "A page of another site calls, or the host is not allowed.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "The request does not fit its schema.",
    503: "Nothing can be stored.",
}
_REF = "#/components/schemas/{model}"


def request_body(model: type[BaseModel], *, required: bool = False, or_list: bool = False) -> dict[str, Any]:
    """Describe a JSON body for a route's `openapi_extra`; `or_list` allows a list of them too."""
    schema = _reference(model)
    if or_list:
        schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a router or a route."""
    content = {"application/json": {"schema": _reference(models.ErrorAnswer)}}
    return {status: {"description": ERRORS[status], "content": content} for status in statuses}


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}


def build_document(app: FastAPI) -> dict[str, Any]:
    """Write the document of the app's routes, with the models that they refer to."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes, separate_input_output_schemas=False)
    _, definitions = models_json_schema([(model, "validation") for model in REFERRED_TO], ref_template=_REF)
    components = document.setdefault("components", {})
    components["schemas"] = dict(sorted((definitions["$defs"] | components.get("schemas", {})).items()))
    return document
