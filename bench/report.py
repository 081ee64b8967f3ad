"""What a bench writes: facts of the machine, a table in the terminal, Markdown and JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from bench.figures import markdown, plain
from bench.servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from _typeshed import DataclassInstance

_BUSY = 0.25
"""The load per processor before the first measurement above which a warning is printed."""


def warn_if_busy() -> None:
    """Print a warning if others use the machine."""
    load = os.getloadavg()[0]
    if load > _BUSY * (os.cpu_count() or 1):
        print(f"the machine is busy (load {load:.1f}): the figures will vary", file=sys.stderr)


def facts(sizes: DataclassInstance, ref: str | None = None) -> dict[str, Any]:
    """Return what shapes figures: the machine, the commit, the sizes."""
    return {
        "machine": {
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg(),
        },
        "commit": _git("rev-parse", ref or "HEAD") or None,
        "changed": not ref and bool(_git("status", "--porcelain", "reprompt_mock")),
        "sizes": dataclasses.asdict(sizes),
    }


def _git(*arguments: str) -> str:
    try:
        ran = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def write(path: Path, columns: Sequence[str], lines: Sequence[Sequence[str]], document: dict[str, Any]) -> None:
    """Print a table, and write it beside the document: as `path` with the suffixes `.md` and `.json`."""
    print(plain(columns, lines), end="")
    path.with_suffix(".json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(columns, lines), encoding="utf-8")
