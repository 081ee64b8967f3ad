"""The manual is easy to find one's way in: how pages begin, what lists them, how they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import docs

ROOT = Path(__file__).parents[1]
PAGES = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in docs.pages()}
README = PAGES["README.md"]
LISTED_ELSEWHERE = re.compile(r"docs/project/adr/\d.*")
"""Decisions about the architecture have a list, and a form, of their own."""


def test_the_readme_fits_two_screens() -> None:
    assert len(README.splitlines()) <= 150


def test_the_table_of_contents_has_every_page() -> None:
    contents = re.findall(r"^\| \[[^]]+\]\(([^)]+)\) \|", PAGES["docs/README.md"], re.MULTILINE)
    pages = [page.removeprefix("docs/") for page in PAGES if page not in {"README.md", "docs/README.md"}]
    pages = [page for page in pages if not LISTED_ELSEWHERE.fullmatch(f"docs/{page}")]

    assert sorted(contents) == sorted([*pages, "../CONTRIBUTING.md"])


def test_the_site_has_every_page_in_the_order_of_the_table_of_contents() -> None:
    contents = re.findall(r"^\| \[[^]]+\]\((\w[^)]+)\) \|", PAGES["docs/README.md"], re.MULTILINE)
    navigation = re.findall(
        r"^ +- (?:\w+: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert navigation == ["README.md", *contents]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page != "README.md" and not LISTED_ELSEWHERE.fullmatch(page)]
)
def test_a_page_begins_with_one_sentence_that_says_what_it_is_for(page: str) -> None:
    title, first, *_ = PAGES[page].split("\n\n")

    assert title.startswith("# ")
    assert re.fullmatch(r"This page .*\.", first.replace("\n", " ")), first
    assert not re.search(r"[.!?] [A-Z]", first)


# Plain English

GONE = (
    r"tells? (?:how|whether|when|that)\b",
    r"let nothing",
    r"springs? up",
    r"in earnest",
    r"look out for",
    r"somebody else's",
    r"(?:nobody|anybody) (?:looks|waits|has|can)",
    r"\bha(?:s|ve) not[.,;]",
    r"is no (?:JSON|HTTP|part|client|time)\b",
    r"\banew\b",
    r"kept no more",
    r"\bso many\b",
    r"of a client's own",
    r"go(?:es)? on from where",
    r"asks whether they adapt",
    r"what was once taken",
    r"make the world what",
    r"(?:make|made) happen",
    r"which is quickly found out",
    r"waits for nobody",
    r"told apart",
    r"taken on\b",
    r"busy the garbage",
    r"ponders",
    r"that can be asked for",
    r"\blikewise\b",
    r"\bmostly\b",
    r"\bquicker\b",
    r"\bwhoever\b",
    r"stands? in the\b",
    r"\borganisation",
    r"\bbehaviour\b",
    r"neighbour",
)
"""Phrases that were written once and that no English engineer would write; they must not come back."""


def test_phrases_that_are_gone_stay_gone() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    documents = {**PAGES, "CONTRIBUTING.md": re.sub(r'not "[^"]+"', "", contributing)}  # which quotes one of them
    found = {
        (page, match[0])
        for page, text in documents.items()
        for phrase in GONE
        for match in re.finditer(phrase, " ".join(text.split()), re.IGNORECASE)
    }

    assert found == set()
