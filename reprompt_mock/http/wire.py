"""JSON in, JSON out: how both surfaces read bodies and write answers."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from reprompt_mock.errors import BodyTooLarge, EncodingUnsupported

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from starlette.requests import Request

Model = TypeVar("Model", bound=BaseModel)
_LONGEST_NAME = 40


def answer(content: Any, status: int = 200) -> Response:
    """Create a JSON response."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def in_pieces(pieces: Sequence[bytes]) -> Response:
    """Create a JSON response of a known length that is sent piece by piece, so that it need not be joined."""

    async def each() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    length = {"content-length": str(sum(map(len, pieces)))}
    return StreamingResponse(each(), headers=length, media_type="application/json")


def array(written: Iterable[bytes]) -> list[orjson.Fragment]:
    """Return an array, for use in an answer, of encoded JSON: each item is one value or several with commas."""
    return list(map(orjson.Fragment, written))


async def read_body(request: Request, limit: int | None) -> bytes:
    """Read a whole body, enforcing `limit` as it streams; a byte order mark is skipped (contract B6).

    Raises:
        EncodingUnsupported: the body is compressed (contract B4).
        BodyTooLarge: the body is larger than `limit` bytes (contract B4).
        RequestValidationError: the headers announce a body, but it is empty.
        ClientDisconnect: the client has gone.
    """
    headers: list[tuple[bytes, bytes]] = request.scope["headers"]
    _check_encoding(value.decode("latin-1") for name, value in headers if name == b"content-encoding")
    chunks, size, is_more = [], 0, True
    while is_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, is_more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLarge(limit=limit)
        chunks.append(chunk)
    body = b"".join(chunks).removeprefix(BOM_UTF8)
    if not body and any(map(_announces, headers)):
        raise invalid("a body was announced, but none was sent")
    return body


def _check_encoding(encodings: Iterable[str]) -> None:
    for encoding in ",".join(encodings).split(","):
        if encoding.strip().lower() not in {"", "identity"}:
            raise EncodingUnsupported(encoding=encoding.strip()[:_LONGEST_NAME])


def _announces(header: tuple[bytes, bytes]) -> bool:
    """Return whether a header announces a body."""
    name, value = header
    return name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0") != b"")


def loaded(body: bytes) -> Any:
    """Decode a JSON body, whatever its content type (contract B6).

    Raises:
        RequestValidationError: `body` is not JSON, or contains NaN, infinities or lone surrogates.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        encoding = _other_encoding(body)
        why = f"the body is in {encoding}: send it in UTF-8" if encoding else error.msg
        raise invalid(why, at=error.pos) from None


def invalid(why: str, *, at: int = 0) -> RequestValidationError:
    """Create the error for a body that is not JSON; `at` is the position of the problem."""
    return RequestValidationError(
        [{"type": "json_invalid", "loc": ("body", at), "msg": f"JSON decode error: {why}", "input": {}}]
    )


def invalid_header(name: str, why: str) -> RequestValidationError:
    """Make the error of a header that does not fit."""
    return RequestValidationError([{"type": "value_error", "loc": ("header", name), "msg": why, "input": ""}])


def _other_encoding(body: bytes) -> str | None:
    """Detect UTF-16 or UTF-32, by the byte order mark or because JSON begins with an ASCII character."""
    start = body[:4]
    zeros = [not byte for byte in start]
    if start in (BOM_UTF32_LE, BOM_UTF32_BE) or zeros in ([True, True, True, False], [False, True, True, True]):
        return "UTF-32"
    if start[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) or zeros in ([True, False] * 2, [False, True] * 2):
        return "UTF-16"
    return None


def validated(model: type[Model], value: Any, *, at: Sequence[str | int] = ()) -> Model:
    """Validate JSON data against a model, leniently (contract B6).

    Args:
        model: the model.
        value: the data.
        at: the location of the data in the body.

    Raises:
        RequestValidationError: the data do not fit the model.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        placed = [{**problem, "loc": ("body", *at, *problem["loc"])} for problem in problems]
        raise RequestValidationError(placed) from None


def parse(model: type[Model], body: bytes) -> Model:
    """Decode a body and validate it against a model; a missing body counts as `{}`.

    Raises:
        RequestValidationError: the body is not JSON, or does not fit the model.
    """
    return validated(model, loaded(body or b"{}"))
