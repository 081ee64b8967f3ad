"""The oracle of the hostile tests: what is lax, and what is simply wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.trust.lax import only_lax

DOCUMENT: dict[str, Any] = {"components": {"schemas": {"Rate": {"anyOf": [{"type": "number"}, {"type": "null"}]}}}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rate": {"$ref": "#/components/schemas/Rate"},
        "refresh": {"type": "boolean"},
        "limit": {"type": "integer", "minimum": 1},
        "name": {"type": "string"},
    },
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "x", "rate": "0.5"}, True),
        ({"name": "x", "rate": True, "refresh": 0.0, "limit": "2"}, True),
        ({"name": "x", "refresh": "Yes"}, True),
        ({"name": "x", "rate": 0.5}, False),
        ({"name": "x", "rate": "half"}, False),
        ({"name": "x", "rate": [0.5]}, False),
        ({"name": "x", "refresh": 2}, False),
        ({"name": "x", "limit": 1.5}, False),
        ({"name": "x", "limit": 0}, False),
        ({"name": 7}, False),
        ({"refresh": "1"}, False),
        ([], False),
    ],
)
def test_only_scalars_that_mean_the_right_ones_are_lax(body: Any, expected: bool) -> None:
    assert only_lax(DOCUMENT, SCHEMA, body) is expected
