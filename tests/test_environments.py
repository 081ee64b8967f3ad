"""Starts in odd surroundings: it works, or ends with one line and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE_SECONDS, environment, serve
from tests.sessions import Nursery

SERVE = [sys.executable, "-W", "error", "-m", "reprompt_mock", "serve", "--port", "0"]
CANNOT_START = 2
MAIN = """
import sys, warnings
from reprompt_mock.cli import main
warnings.simplefilter("error")
sys.exit(main(sys.argv[1:]))
"""


def ran(command: list[str], **variables: str) -> tuple[int, str, str]:
    """Run something that ends by itself; gives its exit code and what it wrote."""
    done = subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    return done.returncode, done.stdout, done.stderr


def in_shell(redirected: str, *command: str) -> tuple[int, str, str]:
    """Run a command with its streams redirected."""
    return ran(["sh", "-c", f'"$@" {redirected}', "sh", *command])


def assert_one_line(ended: tuple[int, str, str], says: str) -> None:
    code, written, errors = ended
    assert (code, written) == (CANNOT_START, "")
    assert errors.startswith("reprompt-mock: ")
    assert errors.count("\n") == 1, errors
    assert says in errors


# Streams

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")


@needs_full
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_output_that_is_full_is_told(command: str) -> None:
    arguments = SERVE if command == "serve" else [*SERVE[:-3], "demo"]
    assert_one_line(in_shell(">/dev/full", *arguments), "cannot write to the standard output: No space left on device")


def test_an_output_that_nobody_reads_is_told(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    read, write = os.pipe()
    os.close(read)
    with errors.open("wb") as file:
        process = subprocess.Popen(SERVE, stdout=write, stderr=file, env=environment())
    os.close(write)
    code = process.wait(PATIENCE_SECONDS)
    assert_one_line((code, "", errors.read_text()), "cannot write to the standard output: Broken pipe")


@needs_full
def test_errors_that_cannot_be_written_end_it_all_the_same() -> None:
    assert in_shell(">/dev/full 2>/dev/full", *SERVE) == (CANNOT_START, "", "")
    assert in_shell("2>&-", *SERVE, "--host", "a..b") == (CANNOT_START, "", "")


@pytest.mark.parametrize("closed", [">&-", "<&-", ">&- <&- 2>&-"])
def test_a_server_needs_no_streams(tmp_path: Path, closed: str) -> None:
    """What is closed must not become the number of a file or a socket, into which others might write."""
    db = tmp_path / "world.db"
    command = f'"$@" {closed} & until kill -0 $! && [ -s {db}-wal ]; do sleep 0.05; done; kill -TERM $!; wait $!'
    done = subprocess.run(
        ["sh", "-c", command, "sh", *SERVE, "--db", str(db)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode in {0, -15, 143}
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr


# Folders


@pytest.mark.parametrize("database", ["", "--db world.db"])
def test_a_working_folder_that_was_deleted(tmp_path: Path, database: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
    arguments = ["sh", "-c", command, "sh", str(gone)]
    if database:
        ended = ran([*arguments, *SERVE, *database.split()])
        assert_one_line(ended, "The database world.db cannot be opened: No such file or directory")
    else:
        with serve("--port", "0", under=arguments) as served:
            assert served.stop() == (0, "", "")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("folder", "it is a folder: name a file in it"),
        (".", "it is a folder: name a file in it"),
        ("missing/world.db", "there is no folder"),
        ("file/world.db", "cannot be opened"),
        ("circle", "cannot be opened"),
        ("n" * 300, "File name too long"),
        (":memory:", "no other URI nor :memory:"),
        ("file:world.db", "no other URI nor :memory:"),
    ],
)
def test_a_database_that_cannot_be_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, says: str, nursery: Nursery
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    before = sorted(tmp_path.rglob("*"))
    ended = nursery.run(MAIN, "serve", "--port", "0", "--db", name, folder=tmp_path, **environment())
    assert_one_line(ended, says)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_home_that_cannot_be_written_plays_no_part(tmp_path: Path) -> None:
    with serve("--port", "0", HOME=str(tmp_path / "missing"), XDG_CACHE_HOME="/dev/null") as served:
        assert served.stop() == (0, "", "")


# Locks

WITHOUT_FLOCK = """
import errno, fcntl, os
def flock(*_):
    raise OSError(errno.{name}, os.strerror(errno.{name}))
fcntl.flock = flock
"""
USES_ONE = """
import sys, warnings
from reprompt_mock import RepromptMock
warnings.simplefilter("error")
with RepromptMock() as mock:
    mock.clock.settle()
    print(os.listdir(os.environ["TMPDIR"]))
"""


@pytest.mark.parametrize("name", ["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_told_where_a_database_needs_one(
    tmp_path: Path, name: str, nursery: Nursery
) -> None:
    program = WITHOUT_FLOCK.format(name=name) + MAIN
    ended = nursery.run(program, "serve", "--port", "0", "--db", "world.db", folder=tmp_path, **environment())
    assert_one_line(ended, "its file system cannot lock it")


@pytest.mark.parametrize("name", ["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def test_ephemeral_data_need_no_lock(tmp_path: Path, name: str, nursery: Nursery) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = WITHOUT_FLOCK.format(name=name) + USES_ONE
    code, written, errors = nursery.run(program, folder=tmp_path, **environment(TMPDIR=str(temporary)))
    assert (code, errors) == (0, "")
    assert "reprompt-mock-" in written  # there were data
    assert list(temporary.iterdir()) == []


# Interpreters


@pytest.mark.parametrize("options", ["-W error -X dev", "-O", "-OO -B", "-I -X utf8=0"])
def test_options_of_the_interpreter_change_nothing(tmp_path: Path, options: str) -> None:
    db = tmp_path / "world.db"
    under = [sys.executable, *options.split(), "-m", "reprompt_mock"]
    process = subprocess.Popen(
        [*under, "serve", "--port", "0", "--db", str(db)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(LC_ALL="C"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    url = line.split()[-1]
    asked = subprocess.run([*under, "health", "--url", url], capture_output=True, text=True, check=False, timeout=60)
    process.terminate()
    written, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (asked.returncode, asked.stderr) == (0, "")
    lines = [line for line in errors.splitlines() if "Executing <" not in line]  # so says -X dev where it is slow
    assert (process.returncode, written, lines) == (0, "", [])
