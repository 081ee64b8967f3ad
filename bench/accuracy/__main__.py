"""Measures each topic, prints its table and writes it to the page; exits with 1 if a target is missed.

A topic is a module of this package with a docstring, its section's introduction, and a function `rows`. Packages that
it compares with go to `requirements.txt`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bench.accuracy.figures import Row, table

TOPICS = ("countries", "addresses", "kinds", "phones")
PAGE = Path(__file__).parents[2] / "docs" / "project" / "accuracy.md"
_BEGINNING = "<!-- accuracy: {} -->\n"
_END = "<!-- end -->\n"


def section(topic: str, rows: list[Row]) -> str:
    """Return a topic's section of the page."""
    text = (import_module(f"bench.accuracy.{topic}").__doc__ or "").strip()
    return f"{_BEGINNING.format(topic)}\n## {topic.capitalize()}\n\n{text}\n\n{table(rows)}\n\n{_END}"


def replaced(page: str, topic: str, text: str) -> str:
    """Return a page with a topic's section in place of the one that it has, or at its end."""
    before, found, rest = page.partition(_BEGINNING.format(topic))
    return before + text + rest.partition(_END)[2] if found else f"{page.rstrip()}\n\n{text}"


def main(topics: list[str]) -> int:
    """Measure some topics, or all."""
    missed = 0
    for topic in topics or TOPICS:
        rows: list[Row] = import_module(f"bench.accuracy.{topic}").rows()
        print(f"{topic}\n{table(rows)}\n")
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), topic, section(topic, rows)), encoding="utf-8")
        missed += sum(not row.met for row in rows)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
