"""OpenAPI documents: FastAPI's own, with the models that routes name by reference.

Routes read their bodies raw and answer errors from one place, so FastAPI sees neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI
    from pydantic import BaseModel

_REF = "#/components/schemas/{model}"


def request_body(model: type[BaseModel], *, required: bool = True, or_list: bool = False) -> dict[str, Any]:
    """Describe a JSON body for a route's `openapi_extra`; `or_list` allows a list of them too."""
    schema = _reference(model)
    if or_list:
        schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    return {"requestBody": {"required": required, "content": _json(schema)}}


def refusals(model: type[BaseModel], meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Describe errors, by status, for the `responses` of a router or a route."""
    content = _json(_reference(model))
    return {status: {"description": meaning, "content": content} for status, meaning in meanings.items()}


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Write the schemas of models and of all that they hold, by name."""
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def build_document(app: FastAPI, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Write the document of the app's routes, anew at each call; `schemas` are those that routes name by reference.

    A model has one schema, whether it is sent or answered: what may be left out is not required.
    """
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    components["schemas"] = dict(sorted({**schemas, **components.get("schemas", {})}.items()))
    return document


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
