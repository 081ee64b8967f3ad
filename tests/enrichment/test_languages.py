"""The language of a name follows from its script and its country."""

from __future__ import annotations

import pytest

from reprompt_mock.enrichment.languages import language_of


@pytest.mark.parametrize(
    ("name", "home", "expected"),
    [
        ("Joe's Pizza", "en", "en"),
        ("Café Größe", "de", "de"),
        ("Café Größe", "fr", "fr"),
        ("東京駅", "ja", "ja"),
        ("東京駅", "en", "zh"),
        ("寿司 さくら", "en", "ja"),
        ("すし Bar", "de", "ja"),
        ("Starbucks", "ja", "en"),
        ("Starbucks", "ru", "en"),
        ("Kafana", "sr", "sr"),
        ("Кафана", "sr", "sr"),
        ("Кафе Мир", "uk", "uk"),
        ("Кафе Мир", "de", "ru"),
        ("Καφέ", "en", "el"),
        ("مطعم", "en", "ar"),
        ("رستوران", "fa", "fa"),
        ("한국식당", "en", "ko"),
        ("ร้านอาหาร", "en", "th"),
        ("चाय", "en", "hi"),
        ("चिया", "ne", "ne"),
        ("7-11", "ja", "en"),
        ("", "fr", "fr"),
        ("🍕", "it", "it"),
    ],
)
def test_a_name_is_in_the_language_of_its_script(name: str, home: str, expected: str) -> None:
    assert language_of(name, home) == expected
