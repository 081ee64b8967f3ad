"""Addresses in one line are read by the customs of their country."""

from __future__ import annotations

import time

import pytest

from reprompt_mock.enrichment.postal.reader import parsed
from tests.enrichment.postal.cases import CASES

# Far more than it takes, and far less than a regular expression that backtracks would.
_PATIENCE_SECONDS = 0.5


@pytest.mark.parametrize(("code", "text", "parts"), CASES, ids=[f"{code} {text}" for code, text, _ in CASES])
def test_an_address_is_read_fully(code: str | None, text: str, parts: dict[str, str]) -> None:
    assert dict(parsed[text, code, None]) == parts


@pytest.mark.parametrize("end", ["", ", USA", ", 62701", "!"])
@pytest.mark.parametrize("code", ["US", "ES", "JP", "CN", "KR", "GN", None])
@pytest.mark.parametrize(
    "part", ["1", "1-", "12 ", "a", "# ", "市", "区1", "路", "동 ", "(a", "Blk 1 ", "1-chome ", " "]
)
def test_no_address_takes_long(part: str, code: str | None, end: str) -> None:
    start = time.thread_time()  # not what others of a busy machine take
    parsed[part * (290 // len(part)) + end, code, None]
    assert time.thread_time() - start < _PATIENCE_SECONDS


def test_a_text_that_is_too_long_for_an_address_stays_whole() -> None:
    text = "12 Main Street, " * 50
    assert dict(parsed[text, "US", None]) == {"street": text}


@pytest.mark.parametrize("text", ["", ",", ", ,", " - ", "、", "〒"])
@pytest.mark.parametrize("code", ["US", "JP", "CN", "KR", "RU", None])
def test_signs_alone_have_no_parts_but_themselves(text: str, code: str | None) -> None:
    assert set(parsed[text, code, None].values()) <= {text, text.strip(" ,-、")}
