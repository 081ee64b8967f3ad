"""Hooks that MkDocs calls while it builds the site, to add the project's files that pages link to.

The pages are also read in the repository, where a link to `../../tests/examples/test_first.py` leads to the file. On
the site the file is under `project/files/`, so that no link leaves the site, and a link to a missing file fails the
build.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
FOLDER = "project/files"
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside the manual that pages link to, and the files that these link to in turn."""
    waiting = [(f"docs/{file.src_uri}", Path(file.abs_src_path or "")) for file in files.documentation_pages()]
    while waiting:
        place, page = waiting.pop()
        for target in _targets(place, page.read_text(encoding="utf-8")):
            name, source = f"{FOLDER}/{target}", ROOT / target
            if source.is_file() and files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, abs_src_path=os.fspath(source)))
                if source.suffix == ".md":
                    waiting.append((target, source))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Point links to files of the project to their copies."""
    here = page.file.src_uri
    place = here.removeprefix(f"{FOLDER}/") if here.startswith(FOLDER) else f"docs/{here}"
    return _LINK.sub(lambda link: _pointed(link, here, place), markdown)


def _pointed(link: re.Match[str], here: str, place: str) -> str:
    target = _resolved(place, link[1])
    if "://" in link[1] or target is None:
        return link[0]
    there = target.removeprefix("docs/") if target.startswith("docs/") else f"{FOLDER}/{target}"
    return f"]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{link[2] or ''})"


def _targets(place: str, text: str) -> list[str]:
    """Return the files outside the manual that a page links to, relative to the project's root."""
    resolved = (_resolved(place, link[1]) for link in _LINK.finditer(text) if "://" not in link[1])
    return [target for target in resolved if target is not None and not target.startswith("docs/")]


def _resolved(place: str, link: str) -> str | None:
    """Return the target of a page's link, relative to the project's root, or None if it is outside the project."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(place), link))
    return None if target.startswith("..") else target
