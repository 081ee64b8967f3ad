"""The lines of an export are those of the standard library's `csv` (contract K7)."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.enrichment.csv_table import FIXED, Column, Table

TEXTS = st.text(st.sampled_from("a,\"\r\n' ;\tß=+-@"), max_size=8)
VALUES = st.one_of(st.none(), TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.lists(TEXTS, max_size=2))
COLUMNS = (
    Column("website", 0, "website"),
    Column("website", 1, "website", "websites"),
    Column("website", 2, "websites", "websites"),
    Column("website", 3, "website", "websites"),
    Column("website", 4, "website", "websites"),
)


def result(place_id: str, given_one: Any, found: Any, reason: str) -> dict[str, Any]:
    return {
        "place_id": place_id,
        "status": "completed",
        "inputs": {"website": given_one},
        "outputs": {"website": found},
        "job_metadata": {"attribute_status": {"websites": "RUN"}},
        "confidence_scores": {"website": "HIGH"},
        "reasoning": {"website": reason},
    }


def spelt(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, VALUES, VALUES, TEXTS), max_size=4))
def test_lines_are_those_of_the_standard_library(rows: list[tuple[str, str, str, Any, Any, str]]) -> None:
    table = Table(COLUMNS)
    titles = [f"website_{part}" for part in ("original", "enriched", "status", "confidence", "reasoning")]
    cells = [
        [batch_id, name, place_id, "completed", spelt(given_one), spelt(found), "RUN", "HIGH", reason]
        for batch_id, name, place_id, given_one, found, reason in rows
    ]
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[*FIXED, *titles], *cells])

    lines = table.lines([(one[0], one[1], result(*one[2:])) for one in rows])

    assert table.header() + lines == text.getvalue().encode()
