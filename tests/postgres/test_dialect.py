"""The common statements as PostgreSQL takes them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from reprompt_mock.store.dialect import inlined, numbered
from reprompt_mock.store.postgres_address import quoted


@pytest.mark.parametrize(
    ("statement", "text", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT ? + ?", "SELECT $1 + $2", ()),
        ("SELECT ?2 - ?1 - ?2", "SELECT $2 - $1 - $2", ()),
        ("SELECT :now - :lag - :now", "SELECT $1 - $2 - $1", ("now", "lag")),
        ("SELECT '?' || ':now' || ? || '''?'", "SELECT '?' || ':now' || $1 || '''?'", ()),
        ("SELECT 1::text", "SELECT 1::text", ()),
    ],
)
def test_places_are_numbered(statement: str, text: str, names: tuple[str, ...]) -> None:
    assert numbered(statement) == (text, names)


def test_named_values_come_in_the_order_of_their_places() -> None:
    assert numbered("SELECT :b, :a, :b").arranged({"a": 1, "b": 2, "c": 3}) == [2, 1]


def test_other_values_stay_in_their_order() -> None:
    assert numbered("SELECT ?, ?").arranged((1, 2)) == (1, 2)


VALUES = (
    None, True, False, 0, 1, -1, 2**63 - 1, -(2**63), "", "a", "it's", "a\\b", "\\'", "--", "$1 ?", "%s",
    "line\nline", "\x7f\u00e9\U0001f600", "; DROP TABLE world", b"", b"\0'\\\xff", bytearray(b"'; --"),
)  # fmt: skip


@pytest.mark.parametrize("is_standard", ["on", "off"])
def test_values_in_a_statement_are_what_they_were(address: str, is_standard: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"SET standard_conforming_strings = {is_standard}".encode())

        def written(value: Any) -> str:
            return quoted(value, connection)

        for value in VALUES:
            query = inlined("SELECT 0 - ? + ?, '?', ?", (1, -1, value), written)
            number, text, read = connection.execute(query.encode()).fetchone() or ()
            assert (number, text, read) == (-2, "?", value)


def test_a_text_with_nul_is_refused() -> None:
    with pytest.raises(psycopg.DataError):
        quoted("a\0b")
