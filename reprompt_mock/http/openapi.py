"""OpenAPI documents: FastAPI's, plus the models that routes refer to by name.

Routes read raw bodies, write their answers themselves and handle errors in one place, so FastAPI sees no models.
They refer to answer models by name, since only the document needs those and they are loaded along with it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from reprompt_mock.http.wire import answer
from reprompt_mock.mounting import root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from fastapi import FastAPI, Request, Response
    from fastapi.telemetry import TelemetryConfig

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""For `FastAPI(telemetry=…)`: an emulator in a process that is traced does not appear in its traces."""
_REF = "#/components/schemas/{model}"
_REFUSAL = "ErrorAnswer"
_COMPRESSED = {415: "The body is compressed."}
_REFERENCES = re.compile(rb'"#/components/schemas/(\w+)"')


def request_body(model: type[BaseModel], *, required: bool = True, or_list: bool = False) -> dict[str, Any]:
    """Describe a JSON body for a route's `openapi_extra`; `or_list` also allows a list of them."""
    schema = _reference(model.__name__)
    if or_list:
        schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    return {"requestBody": {"required": required, "content": _json(schema)}}


def answered(*models: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is one of the named models, for the `responses` of a route."""
    schemas = [_reference(model) for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {status: {"content": _json(schema)}}


def refusals(meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Describe errors, by status, for the `responses` of a router or a route."""
    content = _json(_reference(_REFUSAL))
    return {status: {"description": meaning, "content": content} for status, meaning in meanings.items()}


def build_document(app: FastAPI, *modules: ModuleType, further: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Build the document of the app's routes; `modules` define the models that routes refer to.

    `further` describes paths that are served in addition to the app's. The document is built afresh on each call.

    A model has one schema for requests and answers: properties that may be omitted are not required.
    """
    from reprompt_mock.http import answers

    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    document["paths"] |= further or {}
    for operation in _with_bodies(document):
        operation["responses"] |= {str(status): said for status, said in refusals(_COMPRESSED).items()}
    models = {name: model for module in (answers, *modules) for name, model in vars(module).items() if _is_model(model)}
    named = {name.decode() for name in _REFERENCES.findall(orjson.dumps(document))}
    document.setdefault("components", {})["schemas"] = _schemas_of(models[name] for name in sorted(named))
    return document


def served(build: Callable[[], dict[str, Any]]) -> Callable[[Request], Response]:
    """Return a handler that serves a document, which is built once and says where its paths begin."""
    built = cache(build)

    def written(request: Request) -> Response:
        return answer(_placed(built(), root_of(request.scope)))

    return written


def _placed(document: dict[str, Any], root: str) -> dict[str, Any]:
    """Return the document with `root` as its server URL, unless the paths begin at the root of their host."""
    return {**document, "servers": [{"url": root}]} if root else document


def _with_bodies(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (operation for operation in path.values() if "requestBody" in operation)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Return the schemas of models and of everything they contain, by name."""
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    # Omit defaults that are null, as FastAPI does in its own schemas.
    schemas: dict[str, Any] = jsonable_encoder(definitions["$defs"], exclude_none=True)
    return schemas


def _reference(model: str) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
