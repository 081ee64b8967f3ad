"""Bodies in and answers out, apart from any app."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from reprompt_mock.http import wire


class Count(BaseModel):
    """A body with one number."""

    count: int = 0


def refusal(body: bytes) -> dict[str, Any]:
    """Give the one error of a body that is no JSON."""
    with pytest.raises(RequestValidationError) as caught:
        wire.loaded(body)
    (error,) = caught.value.errors()
    return dict(error)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_another_encoding_is_named_with_or_without_its_mark(encoding: str) -> None:
    """contract B6: bodies are UTF-8."""
    assert encoding[:6].upper() in refusal('{"count": 1}'.encode(encoding))["msg"]


def test_a_body_that_is_no_json_is_told_where() -> None:
    error = refusal(b'{"count": }')

    assert (error["type"], error["loc"]) == ("json_invalid", ("body", 10))


def test_an_error_says_where_in_the_body_its_part_stands() -> None:
    with pytest.raises(RequestValidationError) as caught:
        wire.validated(Count, {"count": "many"}, at=("jobs", 3))

    assert caught.value.errors()[0]["loc"] == ("body", "jobs", 3, "count")


def test_no_body_counts_as_an_empty_object() -> None:
    assert wire.parse(Count, b"") == Count(count=0)


def test_what_is_json_already_is_written_as_it_stands() -> None:
    answer = wire.answer({"jobs": wire.array([b'{"a": 1}', b"2,3"])}, 201)

    assert (answer.status_code, orjson.loads(answer.body)) == (201, {"jobs": [{"a": 1}, 2, 3]})
