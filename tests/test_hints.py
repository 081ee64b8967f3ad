"""Hints at the known name that a person may have meant."""

from __future__ import annotations

import pytest

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.hints import closest, nearest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("website", "websites"),
        ("PhoneNumber", "phoneNumbers"),
        ("opening_hours", "openingHours"),
        ("zzzz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found_by_likeness(name: str, expected: str | None) -> None:
    """Contract D7."""
    assert closest(name, CATALOGUE) == expected


@pytest.mark.parametrize(
    ("name", "said"), [("Spede", "; did you mean speed?"), ("see", "; did you mean seed?"), ("zzz", "")]
)
def test_a_hint_is_the_end_of_a_sentence(name: str, said: str) -> None:
    assert nearest(name, ["seed", "speed"]) == said
