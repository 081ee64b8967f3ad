"""Measures the emulator and prints one table: operation, ours, floor, ratio, target.

The table is also written to build/bench.json, with all samples, and to build/bench.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import (
    compare,
    large,  # noqa: F401 - adds its rows
    postgres,  # noqa: F401 - adds its rows
    report,
)
from bench.figures import COLUMNS, Measured
from bench.rows import GROUPS, Bench
from bench.servers import ROOT, Bay, Target
from bench.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = [name for group in GROUPS for name in group.names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return 1 if a row could not be measured, or is worse in a comparison."""
    options = _parser().parse_args(arguments)
    if options.names:
        print("\n".join(NAMES))
        return 0
    chosen = _chosen(options.row)
    sizes = Sizes(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Sizes)})
    options.out.mkdir(parents=True, exist_ok=True)
    if options.compare:
        return _compare(options, chosen, sizes)
    facts = report.facts(sizes, options.ref)
    with _checked_out(options.ref) if options.ref else nullcontext(Target()) as target:
        lines, failed = measure(target, chosen, sizes)
    report.write(options.out / "bench", COLUMNS, [line.cells() for line in lines], facts | {"rows": _as_json(lines)})
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the emulator against floors.")
    parser.add_argument(
        "--row", action="append", metavar="NAME", help="only this row, or the rows that a glob matches; can be repeated"
    )
    parser.add_argument("--names", action="store_true", help="list the rows' names")
    parser.add_argument("--ref", metavar="REF", help="measure this commit instead of the working tree")
    parser.add_argument(
        "--compare",
        metavar="REF",
        help="measure this commit and the working tree in turn; exits with 1 if a row is worse",
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of --compare (default: 5)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build", metavar="DIR", help="where bench.json and bench.md go"
    )
    sizes = parser.add_argument_group("sizes")
    for field in dataclasses.fields(Sizes):
        flag = f"--{field.name.replace('_', '-')}"
        sizes.add_argument(
            flag, type=type(field.default), default=field.default, metavar="N", help=f"{field.default:,}"
        )
    return parser


def _chosen(patterns: Sequence[str] | None) -> frozenset[str]:
    if patterns is None:
        return frozenset(NAMES)
    chosen: set[str] = set()
    for pattern in patterns:
        found = fnmatch.filter(NAMES, pattern)
        if not found:
            raise SystemExit(f"no row is called {pattern}; the rows are: {', '.join(NAMES)}")
        chosen.update(found)
    return frozenset(chosen)


def measure(target: Target, chosen: frozenset[str], sizes: Sizes) -> tuple[list[Measured], bool]:
    """Measure the chosen rows; return their lines, and whether a row could not be measured."""
    report.warn_if_busy()
    bay, failed = Bay(target), False
    lines: list[Measured] = []
    bench = Bench(bay, sizes)
    try:
        for group in GROUPS:
            names = chosen & frozenset(group.names)
            if not names:
                continue
            started = time.monotonic()
            try:
                for line in group.measure(bench, names):
                    lines.append(line)  # noqa: PERF402 - keeps earlier lines if a later one fails
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                failed = True
                print(f"{', '.join(sorted(names))}: {error}", file=sys.stderr)
            shown = ", ".join(name for name in group.names if name in names)
            print(f"{time.monotonic() - started:5.1f} s  {shown}", file=sys.stderr, flush=True)
    finally:
        bay.close()
    return lines, failed


def _as_json(lines: Sequence[Measured]) -> list[dict[str, Any]]:
    return [line.as_json() for line in lines]


def _compare(options: argparse.Namespace, chosen: frozenset[str], sizes: Sizes) -> int:
    report.warn_if_busy()
    facts = report.facts(sizes, None)
    with _checked_out(options.compare) as target:
        rows, failures = compare.compare(target, Target(), chosen, sizes, rounds=options.rounds)
    document = facts | {"compared": options.compare, "failures": failures, "rows": [row.as_json() for row in rows]}
    report.write(options.out / "bench-compare", compare.COLUMNS, [row.cells() for row in rows], document)
    print("\n".join(failures), file=sys.stderr)
    return int(bool(failures) or any(row.verdict == "worse" for row in rows))


@contextmanager
def _checked_out(ref: str) -> Iterator[Target]:
    """Check a commit out into a temporary worktree with its own virtual environment."""
    with tempfile.TemporaryDirectory(prefix="reprompt-mock-compare-") as folder:
        root = Path(folder) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(root), ref], cwd=ROOT, check=True)
        try:
            python = root / ".venv" / "bin" / "python"
            subprocess.run([sys.executable, "-m", "venv", str(root / ".venv")], check=True)
            quiet = ["--quiet", "--disable-pip-version-check"]
            subprocess.run([str(python), "-m", "pip", "install", *quiet, "--editable", f"{root}[postgres]"], check=True)
            yield Target(python, root)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(root)], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
