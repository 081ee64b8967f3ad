"""An address that is written can be read again, in every country."""

from __future__ import annotations

import pytest

from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.postal.writer import composed
from tests.enrichment.finding import find, subject_of

# Where the street follows the postcode without a sign between them, its number could be either.
_AMBIGUOUS = frozenset({"GN"})
_PARTS = ("house", "city", "state", "postalCode", "country")


@pytest.mark.parametrize("code", sorted(countries().keys() - _AMBIGUOUS))
def test_an_invented_address_is_read_as_it_was_written(code: str) -> None:
    for number in range(4):
        written = find(subject_of(f"p{number}", {"name": "A", "country_code": code}), "address", 0)["address"]
        inputs = {"name": "A", "country_code": code, "full_address": written["full_address"]}
        read = find(subject_of("q", inputs), "address", 0)["address"]
        assert {part: read[part] for part in _PARTS} == {part: written[part] for part in _PARTS}


@pytest.mark.parametrize(
    ("code", "parts", "text"),
    [
        ("US", {"state": "IL", "postalCode": "62701"}, "12 Main, Springfield, IL 62701, There"),
        ("US", {"state": "IL"}, "12 Main, Springfield, IL, There"),
        ("US", {}, "12 Main, Springfield, There"),
        ("DE", {"postalCode": "10115"}, "Main 12, 10115 Springfield, There"),
        ("DE", {"house": None}, "Main, Springfield, There"),
        ("CH", {}, "Main 12, Springfield, There"),
        ("CH", {"postalCode": "8001"}, "Main 12, CH-8001 Springfield, There"),
        ("BR", {"state": "SP", "postalCode": "01310-200"}, "Main 12, Springfield-SP, 01310-200, There"),
        ("AE", {"state": "Springfield"}, "12 Main, Springfield, There"),
        ("AE", {"state": "Dubai"}, "12 Main, Springfield, Dubai, There"),
        ("SG", {"postalCode": "018956"}, "12 Main, Springfield 018956, There"),
        (
            "JP",
            {"city": "千代田区", "state": "東京都", "postalCode": "100-0005"},
            "〒100-0005 東京都千代田区Main12, There",
        ),
        ("CN", {"city": "朝阳区", "state": "北京市", "country": None}, "北京市朝阳区Main12号"),
        ("KR", {"city": "강남구", "state": "서울특별시"}, "서울특별시 강남구 Main 12, There"),
        (None, {"postalCode": "1"}, "12 Main, Springfield 1, There"),
    ],
)
def test_an_address_is_written_by_the_customs_of_its_country(
    code: str | None, parts: dict[str, str | None], text: str
) -> None:
    details = dict.fromkeys(("suburb", "state", "postalCode"))
    given = {"house": "12", "street": "Main", "city": "Springfield", "country": "There"}
    assert composed({**details, **given, **parts}, code) == text
