"""Rows of JSON that are decoded some at a time."""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec
import orjson
import pytest
from pydantic import BaseModel, ValidationError

from reprompt_mock.json_rows import Rows


class Table(BaseModel):
    """A model with rows and one with lists, which take and tell the same."""

    rows: Rows
    lists: list[list[Any]]


@pytest.mark.parametrize("count", [0, 1, 1_999, 2_000, 2_001, 10_000])
def test_all_rows_come_in_order(count: int) -> None:
    rows = [[number, "é,[]", None, {"a": [number]}] for number in range(count)]

    parts = list(Rows(orjson.dumps(rows)).parts())

    assert list(chain.from_iterable(parts)) == rows == list(Rows(orjson.dumps(rows, option=orjson.OPT_INDENT_2)))
    assert max(map(len, parts), default=0) <= 2_000


@pytest.mark.parametrize("text", [b"{}", b"1", b"[", b'"[]"', b"[1,]"])
def test_what_is_no_list_has_no_rows(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Rows(text)


@pytest.mark.parametrize("text", [b"[[1],2]", b'[[1],"[]"]', b"[{}]", b'[["\xff"]]', b"[[1e999999]]"])
def test_a_broken_row_is_found_when_it_is_read(text: bytes) -> None:
    rows = Rows(text)
    with pytest.raises(ValueError):  # noqa: PT011 - the decoder's own words
        list(rows)


def test_a_model_takes_lists_and_rows() -> None:
    lists = [[1, "a"], [2, None]]

    assert list(Table(rows=lists, lists=lists).rows) == lists
    assert list(Table(rows=Rows(orjson.dumps(lists)), lists=lists).rows) == lists


@pytest.mark.parametrize("wrong", [1, "[]", [1], [[1], {}], None])
def test_a_model_refuses_what_is_no_list_of_lists_in_the_same_words(wrong: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Table(rows=wrong, lists=wrong)
    problems = [{key: problem[key] for key in ("type", "msg")} for problem in refused.value.errors()]
    assert problems[: len(problems) // 2] == problems[len(problems) // 2 :]


def test_a_model_describes_rows_as_lists_of_lists() -> None:
    properties = Table.model_json_schema()["properties"]
    assert {**properties["rows"], "title": ""} == {**properties["lists"], "title": ""}
