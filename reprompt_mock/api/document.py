"""The service's OpenAPI document: FastAPI's own, with what routes refer to and the ways to send a key.

Routes read their bodies raw and answer errors from one place, so FastAPI sees neither: they name these models
by reference, and `build_document` adds the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from reprompt_mock.api.schemas.answers import ErrorAnswer
from reprompt_mock.api.schemas.batches import (
    BulkRefreshBatchRequest,
    PlaceBatchPayload,
    ReprocessBatchRequest,
    ReprocessJobRequest,
    UpdateBatchRequest,
)
from reprompt_mock.api.schemas.places import PlaceJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from pydantic import BaseModel

REFERRED_TO: tuple[type[BaseModel], ...] = (
    PlaceJob,
    PlaceBatchPayload,
    ReprocessBatchRequest,
    ReprocessJobRequest,
    UpdateBatchRequest,
    BulkRefreshBatchRequest,
    ErrorAnswer,
)
"""The models that routes name by reference."""

SECURITY_SCHEMES = {
    "HTTPBearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "apiKey"},
}
ERRORS = {
    400: "The request breaks a rule of the service.",
    401: "The key is missing or unknown.",
    403: "The key belongs to another organisation.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "The request does not fit its schema.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
}
_REF = "#/components/schemas/{model}"


def request_body(
    model: type[BaseModel], *, required: bool = True, examples: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Describe a JSON body for a route's `openapi_extra`; `examples` are OpenAPI Example Objects by name."""
    content = _content(model)
    if examples:
        content["application/json"]["examples"] = dict(examples)
    return {"requestBody": {"required": required, "content": content}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a router or a route."""
    return {status: {"description": ERRORS[status], "content": _content(ErrorAnswer)} for status in statuses}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def build_document(app: FastAPI) -> dict[str, Any]:
    """Write the document of the app's routes, anew at each call.

    A model has one schema, whether it is sent or answered: what may be left out is not required.
    """
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    schemas = _schemas() | components.get("schemas", {})
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = dict(SECURITY_SCHEMES)
    document["security"] = [{scheme: []} for scheme in SECURITY_SCHEMES]
    return document


def _schemas() -> dict[str, Any]:
    _, definitions = models_json_schema([(model, "validation") for model in REFERRED_TO], ref_template=_REF)
    schemas: dict[str, Any] = jsonable_encoder(definitions["$defs"], exclude_none=True)
    return schemas
