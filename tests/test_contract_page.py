"""Every clause that is cited is in the contract, and each about behavior is named by a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fidelity" / "contract.md"
CITING = [
    file
    for folder in ("reprompt_mock", "tests", "docs", "bench")
    for file in sorted((ROOT / folder).rglob("*"))
    if file.suffix in {".py", ".md", ".mjs"} and file != Path(__file__)
]
SOURCES = (
    "documented",
    "vendor's document",
    "vendor's runs",
    "vendor's dashboard",
    "SDK",
    "vendor's guide",
    "decided here",
)
NO_BEHAVIOR = "There is nothing to emulate."

_CLAUSE = r"[A-L]\d*\b"
_CITATION = re.compile(rf"\b[Cc]ontract\s+({_CLAUSE}(?:(?:,| and| to|, and)\s+{_CLAUSE})*)")


class Clause(NamedTuple):
    id: str
    text: str

    @property
    def has_behavior(self) -> bool:
        return NO_BEHAVIOR not in self.text


def clauses() -> list[Clause]:
    """Read the clauses of the page, in its order."""
    sections = re.split(r"^### (?=[A-L]\d+ )", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [Clause(section.split(" ", 1)[0], section) for section in sections]


def letters() -> list[str]:
    return re.findall(r"^## ([A-L])\. ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def cited_in(text: str) -> set[str]:
    """Find the clauses and letters that a text cites; of a range its ends."""
    return {clause for match in _CITATION.finditer(text) for clause in re.findall(_CLAUSE, match[1])}


def docstrings_of_tests() -> Iterator[str]:
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield ast.get_docstring(node) or ""


def named_by_a_test() -> set[str]:
    return {clause for docstring in docstrings_of_tests() for clause in cited_in(docstring)}


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("keeps its name (contract D3).", {"D3"}),
        ("Contract F5.", {"F5"}),
        ("(contract G9, F8)", {"G9", "F8"}),
        ("as in contract F3 to F7", {"F3", "F7"}),
        ("contract B, D to I", {"B", "D", "I"}),
        ("contract G7, G8, and C10: more", {"G7", "G8", "C10"}),
        ("of the contract\nE3", {"E3"}),
        ("contract G8, it says; contracts are", {"G8"}),
        ("a contract between two, a contract a test has, D3 alone", set()),
    ],
)
def test_citations_are_found_in_all_their_forms(text: str, cited: set[str]) -> None:
    assert cited_in(text) == cited


def test_clauses_are_in_order_and_numbered_without_gaps() -> None:
    ids = [clause.id for clause in clauses()]
    counts = {letter: sum(one[0] == letter for one in ids) for letter in letters()}

    assert letters() == list("ABCDEFGHIJKL")
    assert ids == [f"{letter}{number}" for letter, count in counts.items() for number in range(1, count + 1)]


def test_every_clause_says_where_it_comes_from() -> None:
    for clause in clauses():
        sources = re.findall(r"^Source: (.+)\.$", clause.text, re.MULTILINE)

        assert len(sources) == 1, clause.id
        assert any(known in sources[0] for known in SOURCES), clause.id


def test_every_cited_clause_is_a_heading() -> None:
    known = {*letters(), *(clause.id for clause in clauses())}
    cited = {file.relative_to(ROOT).as_posix(): cited_in(file.read_text(encoding="utf-8")) for file in CITING}

    assert {file: unknown for file, ids in cited.items() if (unknown := ids - known)} == {}
    assert len(set().union(*cited.values())) > 50


def test_every_clause_that_another_one_refers_to_is_a_heading() -> None:
    referred = set(re.findall(r"\b[A-L]\d+\b", PAGE.read_text(encoding="utf-8")))

    assert referred == {clause.id for clause in clauses()}


def test_every_clause_about_behavior_is_named_by_a_test() -> None:
    about_behavior = {clause.id for clause in clauses() if clause.has_behavior}

    assert about_behavior - named_by_a_test() == set()
