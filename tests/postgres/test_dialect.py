"""The common statements as PostgreSQL takes them."""

from __future__ import annotations

import pytest

from reprompt_mock.store.dialect import numbered


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
