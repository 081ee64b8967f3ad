"""JSON in, JSON out: how both surfaces read bodies and write answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from reprompt_mock.errors import BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

Model = TypeVar("Model", bound=BaseModel)


def answer(content: Any, status: int = 200) -> Response:
    """Write an answer as JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def array(written: Iterable[bytes]) -> list[orjson.Fragment]:
    """Make an array of what is JSON already, one value or several with commas, for an answer to hold."""
    return list(map(orjson.Fragment, written))


async def read_body(request: Request, limit: int | None) -> bytes:
    """Read a body whole, counted while it streams.

    Raises:
        BodyTooLarge: it is larger than `limit` bytes (contract B4).
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLarge(limit=limit)
        chunks.append(chunk)
    return b"".join(chunks)


def loaded(body: bytes) -> Any:
    """Read JSON, whatever its content type says (contract B6).

    Raises:
        RequestValidationError: it is no JSON, or has NaN, infinities or lone surrogates.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = {
            "type": "json_invalid",
            "loc": ("body", error.pos),
            "msg": f"JSON decode error: {error.msg}",
        }
        raise RequestValidationError([{**problem, "input": {}}]) from None


def validated(model: type[Model], value: Any, *, at: Sequence[str | int] = ()) -> Model:
    """Fit JSON data into a model, leniently (contract B6).

    Args:
        model: the model.
        value: the data.
        at: where in the body they stand.

    Raises:
        RequestValidationError: they do not fit.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        placed = [{**problem, "loc": ("body", *at, *problem["loc"])} for problem in problems]
        raise RequestValidationError(placed) from None


def parse(model: type[Model], body: bytes) -> Model:
    """Read a body by a model; an empty one counts as `{}`.

    Raises:
        RequestValidationError: it is no JSON, or does not fit the model.
    """
    return validated(model, loaded(body or b"{}"))
