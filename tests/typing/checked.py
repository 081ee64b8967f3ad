"""Type checkers on a stranger's file: in a folder of its own, against the package as it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("must_fail.py")
_SECONDS = 240
"""Many times what either takes."""


def wrong_lines() -> list[int]:
    """Number the lines that must be errors."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, start=1) if line.endswith("# wrong")]


def mypy(folder: Path) -> tuple[list[int], str]:
    """Check with mypy in its strictest form; gives the lines with errors, and what it printed."""
    output = _run(folder, sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-pretty", FILE.name)
    found = re.findall(rf"^{re.escape(FILE.name)}:(\d+): error:", output, re.MULTILINE)
    return sorted(set(map(int, found))), output


def pyright(folder: Path) -> tuple[list[int], str]:
    """Check with pyright; gives the lines with errors, and what it printed."""
    output = _run(folder, sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, FILE.name)
    found = [entry for entry in json.loads(output)["generalDiagnostics"] if entry["severity"] == "error"]
    return sorted({entry["range"]["start"]["line"] + 1 for entry in found}), output


def _run(folder: Path, *words: str) -> str:
    shutil.copy(FILE, folder)
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    return done.stdout + (done.stderr if done.returncode > 1 else "")
