"""The faults that a guide shows are accepted, and its Python runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reprompt_mock import RepromptMock
from tests.conftest import LONDON, Org

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "what-clients-see.md"
BATCH = {"batch_name": "Stores", "attribute_set": "core", "jobs": [{"place_id": "a", "inputs": LONDON}]}


def snippets(language: str) -> list[Any]:
    """Give the page's snippets of a language as parameters, with their lines."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        pytest.param(match[1], id=f"line-{text.count(chr(10), 0, match.start()) + 1}")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


@pytest.fixture(scope="module")
def own() -> Iterator[RepromptMock]:
    with RepromptMock(clock="paused") as mock:
        yield mock


@pytest.fixture
def mock(own: RepromptMock) -> Iterator[RepromptMock]:
    yield own
    own.reset()


def test_a_guide_has_faults_in_both_forms() -> None:
    assert len(snippets("json")) == len(snippets("python")) - 1 > 8  # one is a test of its own


@pytest.mark.parametrize("snippet", snippets("json"))
def test_its_faults_are_accepted(snippet: str, org: Org) -> None:
    response = org.control("POST", "/faults", json.loads(snippet))

    assert response.status_code == 201, response.text


@pytest.mark.parametrize("snippet", snippets("python"))
def test_its_python_runs(snippet: str, mock: RepromptMock) -> None:
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    names: dict[str, Any] = {"mock": mock, "pytest": pytest, "httpx2": httpx2, "url": url, "batch": BATCH}

    exec(compile(snippet, str(PAGE), "exec"), names)  # our own page
    for name, value in names.items():
        if name.startswith("test_"):
            value(mock)

    assert mock.faults.list()
