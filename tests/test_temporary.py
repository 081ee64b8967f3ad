"""Where ephemeral data are kept, and what is cleared there."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reprompt_mock.errors import NoTemporaryFolder
from reprompt_mock.store import temporary
from reprompt_mock.store.database import Database
from reprompt_mock.store.temporary import ENOUGH_BYTES, NAME
from tests.processes import serve

SMALL = 64 * 2**20
"""What Docker gives /dev/shm."""


class Machine:
    """A machine's folders and how much is free in them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.memory, self.default, self.chosen = (root / name for name in ("shm", "tmp", "chosen"))
        self._free: dict[Path, int] = {}
        self._monkeypatch = monkeypatch
        for folder in (self.memory, self.default, self.chosen):
            folder.mkdir()
        monkeypatch.delenv("TMPDIR", raising=False)
        monkeypatch.setattr(temporary, "MEMORY", self.memory)
        monkeypatch.setattr(temporary, "_USUAL", (str(self.default),))
        monkeypatch.setattr(tempfile, "tempdir", str(self.default))
        monkeypatch.setattr(temporary, "free_bytes", lambda folder: self._free.get(folder, ENOUGH_BYTES))

    def free(self, folder: Path, size: int) -> None:
        self._free[folder] = size

    def choose(self, folder: Path | str) -> None:
        self._monkeypatch.setenv("TMPDIR", str(folder))

    def takes(self) -> Path:
        """Start and close a database; gives the folder that its data were in."""
        with closing(Database()) as database:
            assert database.path.parent.parent == database.folder
            return database.folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(tmp_path, monkeypatch)
    yield machine
    assert not [*tmp_path.glob("*/*")], "something was left"


def test_memory_is_taken_where_it_has_room(machine: Machine) -> None:
    assert machine.takes() == machine.memory


def test_memory_is_passed_over_where_it_is_small(machine: Machine) -> None:
    machine.free(machine.memory, SMALL)
    assert machine.takes() == machine.default


@pytest.mark.parametrize(("in_memory", "elsewhere"), [(SMALL, SMALL - 1), (SMALL, 0), (ENOUGH_BYTES - 1, SMALL)])
def test_where_all_are_small_the_roomier_is_taken(machine: Machine, in_memory: int, elsewhere: int) -> None:
    machine.free(machine.memory, in_memory)
    machine.free(machine.default, elsewhere)
    assert machine.takes() == machine.memory


def test_a_folder_that_somebody_chose_is_taken_however_small_it_is(machine: Machine) -> None:
    machine.choose(machine.chosen)
    machine.free(machine.chosen, 0)
    assert machine.takes() == machine.chosen


@pytest.mark.parametrize("name", ["missing", "", "tmp/file"])
def test_a_chosen_folder_that_is_none_is_passed_over(machine: Machine, tmp_path: Path, name: str) -> None:
    machine.choose(tmp_path / name if name else "")
    assert machine.takes() == machine.memory


def test_a_folder_that_cannot_be_written_is_passed_over(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    make = tempfile.mkdtemp

    def refuse(prefix: str, dir: Path) -> str:  # noqa: A002 - its name
        if dir == machine.memory:
            raise PermissionError(13, "Permission denied")
        return make(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    assert machine.takes() == machine.default


def test_the_folder_is_told_to_who_asks(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="reprompt_mock"):
        machine.takes()
    (message,) = caplog.messages
    assert str(machine.memory) in message
    assert f"{ENOUGH_BYTES // 10**6} MB free" in message


def test_a_server_tells_its_folder(tmp_path: Path) -> None:
    with serve("--port", "0", "--log-level", "info", TMPDIR=str(tmp_path)) as served:
        _, _, errors = served.stop()
    assert f"ephemeral data are kept in {tmp_path}/reprompt-mock-" in errors


def test_a_machine_without_any_folder_is_told_so(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(NoTemporaryFolder, match="name one in TMPDIR, or a database file with --db"):
        Database()


def test_a_hosts_own_data_folder_is_not_ours(machine: Machine) -> None:
    """/data is the container's, which says so by TMPDIR."""
    for folder in temporary._ranked():
        assert folder != Path("/data")


# What killed emulators left


def left(folder: Path, name: str = "reprompt-mock-left") -> Path:
    """Leave what a killed emulator leaves."""
    (folder / name).mkdir()
    for file in (NAME, f"{NAME}-wal", f"{NAME}.lock"):
        (folder / name / file).touch()
    return folder / name


def test_what_was_left_is_removed_whichever_folder_a_start_takes(machine: Machine) -> None:
    for _ in range(2):
        for folder in (machine.memory, machine.default, machine.chosen):
            left(folder)
        machine.choose(machine.chosen)
        machine.takes()
        assert not [*machine.memory.iterdir(), *machine.default.iterdir(), *machine.chosen.iterdir()]


def test_what_is_in_use_or_just_being_made_or_somebody_elses_stays(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = machine.default / "reprompt-mock-fresh"
    fresh.mkdir()
    (fresh / f"{NAME}.lock").touch()
    with closing(Database()) as used:
        foreign = left(machine.default)
        with monkeypatch.context() as patch:
            patch.setattr(os, "getuid", lambda: 12345)
            machine.takes()
        assert used.path.exists()
        assert fresh.exists()
        assert foreign.exists()
    (fresh / f"{NAME}.lock").unlink()
    fresh.rmdir()
    machine.takes()
