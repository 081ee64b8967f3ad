"""What `make bench` writes: a table, JSON and Markdown. Its figures are no matter of tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compare import Compared
from bench.figures import Goal, Measured

ROOT = Path(__file__).parent.parent
COLUMNS = ["operation", "ours", "floor", "ratio", "target"]
TINY = ("--places", "20", "--repeats", "1")

pytestmark = pytest.mark.skipif(not (ROOT / "bench").is_dir(), reason="bench/ is not in the source distribution")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_row_comes_out_as_table_json_and_markdown(tmp_path: Path) -> None:
    ran = bench("--row", "create", *TINY, "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[0].split() == COLUMNS
    assert "create 20 places" in ran.stdout
    (row,) = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    assert row["row"] == "create"
    assert row["ratio"] == pytest.approx(row["ours"] / row["floor"])
    assert [len(samples) for samples in row["samples"].values()] == [1, 1]
    head, _, line = (tmp_path / "bench.md").read_text(encoding="utf-8").splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == COLUMNS
    assert line.startswith("| create 20 places |")


@pytest.mark.parametrize(
    ("row", "measured"),
    [
        ("replace", "an append that replaces 20 places"),
        ("reprocess", "reprocess 20 places"),
        ("release", "release 20 held places"),
        ("enrichments", "status of 20 with three enrichments"),
        ("snapshot", "snapshot and restore a world of 20 places"),
        ("database-size", "size of a database of 20 places"),
    ],
)
def test_an_operation_on_a_whole_batch_is_measured_against_another(tmp_path: Path, row: str, measured: str) -> None:
    ran = bench("--row", row, *TINY, "--snapshot", "20", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert measured in ran.stdout
    (found,) = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    assert found["ratio"] == pytest.approx(found["ours"] / found["floor"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak memory")
@pytest.mark.parametrize(
    "rows", [("create-memory",), ("snapshot-memory", "restore-memory"), ("export", "export-memory")]
)
def test_peak_memory_is_measured(tmp_path: Path, rows: tuple[str, ...]) -> None:
    chosen = [argument for row in rows for argument in ("--row", row)]
    ran = bench(*chosen, *TINY, "--snapshot", "20", "--export", "20", "--results-page", "10", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    assert [row["row"] for row in found] == list(rows)


def test_a_tests_share_is_measured_without_pytest_and_client(tmp_path: Path) -> None:
    ran = bench("--row", "test", *TINY, "--tests", "5", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    (row,) = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    assert row["ours"] > 0
    assert row["floor"] is None


def test_an_unknown_row_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    ran = bench("--row", "nonsense", "--out", str(tmp_path))
    assert ran.returncode == 1
    assert "no row is called nonsense" in ran.stderr
    assert "create" in ran.stderr


def compared(before: list[float], here: list[float], *, more_is_better: bool = False) -> Compared:
    line = Measured("row", "a row", "ms", Goal(1.0, at_least=more_is_better), [1.0], [1.0])
    return Compared(line, before, here)


@pytest.mark.parametrize(
    ("before", "here", "more_is_better", "verdict"),
    [
        ([1.0, 1.0, 1.0], [1.06, 1.10, 1.20], False, "worse"),
        ([1.0, 1.0, 1.0], [1.04, 1.10, 1.20], False, ""),
        ([1.0, 1.0, 1.0], [0.94, 0.90, 0.50], False, "better"),
        ([1.0, 1.0, 1.0], [0.94, 0.90, 1.00], False, ""),
        ([1.0, 1.0, 1.0], [0.90, 0.80, 0.70], True, "worse"),
        ([1.0, 1.0, 1.0], [1.10, 1.20, 1.30], True, "better"),
        ([], [], False, "not compared"),
    ],
)
def test_a_row_is_worse_only_where_every_round_says_so(
    before: list[float], here: list[float], more_is_better: bool, verdict: str
) -> None:
    assert compared(before, here, more_is_better=more_is_better).verdict == verdict


def test_a_comparison_shows_median_and_spread() -> None:
    _, before, here, change, spread, verdict = compared([2.0, 2.0, 2.0], [2.0, 2.2, 1.9]).cells()
    assert (before, here, change, spread, verdict) == ("2.00", "2.00", "+0.0 %", "-5.0 % to +10.0 %", "")
