"""The manual is easy to find one's way in: how pages begin, what lists them, how they are written."""

from __future__ import annotations

import ast
import io
import re
import tokenize
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
    r"of before\b",
    r"that there is not\b",
    r"where (?:it|there|none|one) is none",
    r"made where it is missing",
    r"is no (?:setting|number|database|address|emulator's)\b",
    r"which is spoken to",
)
"""Phrases that were written once and that no English engineer would write; they must not come back."""

GONE_FROM_CODE = (
    r"[;.] (?:Gives?|Tells?|gives?|tells?) (?:it|its|the|them|how|when|whether|back|all|what)\b",
    r"; returns (?:its|the|how|what)\b",
    r"\bNone where\b",
    r": (?:it|they) (?:is|are) (?:none|no|more)\b",
    r"moves by itself",
    r"nobody answered",
    r"runs already",
)
"""Phrases of the same kind that only code has; some are good English in a page."""

GIVING = re.compile(r"(?:Gives?|Tells?|Whether)\b")
"""How the docstring of a function does not begin: it returns, describes or reports, and a test returns whether."""

REVIEWED = ("bench", "reprompt_mock", "tools")
"""The folders whose docstrings, comments and messages are held to the same as the pages."""

MODULES = sorted(path.relative_to(ROOT).as_posix() for folder in REVIEWED for path in (ROOT / folder).rglob("*.py"))


def _gone(text: str, phrases: tuple[str, ...]) -> set[str]:
    plain = " ".join(text.split())
    return {match[0] for phrase in phrases for match in re.finditer(phrase, plain, re.IGNORECASE)}


def _prose(source: str) -> str:
    """Return the texts and comments of a module, those that do not belong together with `¶` between them."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = (
        token.string.lstrip("#") if token.type == tokenize.COMMENT else " " if token.type == tokenize.NL else "¶"
        for token in tokens
    )
    return "¶".join([*(text for text in texts if isinstance(text, str)), "".join(comments)])


def test_phrases_that_are_gone_stay_gone() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    documents = {**PAGES, "CONTRIBUTING.md": re.sub(r'not "[^"]+"', "", contributing)}  # which quotes one of them
    found = {(page, phrase) for page, text in documents.items() for phrase in _gone(text, GONE)}

    assert found == set()


@pytest.mark.parametrize("module", MODULES)
def test_phrases_that_are_gone_stay_gone_in_code(module: str) -> None:
    prose = _prose((ROOT / module).read_text(encoding="utf-8"))

    assert _gone(prose, (*GONE, *GONE_FROM_CODE)) == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_docstring_says_what_a_function_returns(module: str) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and "property" not in map(ast.unparse, node.decorator_list)
    ]
    found = [node.name for node in functions if GIVING.match(ast.get_docstring(node) or "")]

    assert found == []


def test_gone_phrases_are_found_across_lines_of_texts_and_comments() -> None:
    source = '"""It springs\n    up."""\n# told\n# apart\nx = 1  # told\ny = 2  # apart\n'

    assert _gone(_prose(source), GONE) == {"springs up", "told apart"}
    assert _gone(_prose("x = 1  # told\ny = 2  # apart\n"), GONE) == set()
