"""An emulator in a process of its own: what it is told nobody else sees, and it never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.handle import ControlError
from reprompt_mock.handle import process as process_module
from reprompt_mock.handle.own import InProcess
from reprompt_mock.handle.process import variables
from reprompt_mock.settings import load
from tests.processes import PATIENCE_SECONDS, environment, eventually

SECRETS = ("s3cret-key", "s3cret-token", "s3cret-revoked")
PARENT = """
import os, sys
from reprompt_mock import RepromptMock
mock = RepromptMock(server="process").start()
mock.clock.settle()
print(mock.url, mock._transport._server._process.pid, flush=True)
{end}
"""
ENDS = {
    "it closes it": ("mock.close()", 0),
    "it forgets it": ("", 0),
    "an exception": ("raise SystemExit(3)", 3),
    "it ends at once": ("os._exit(4)", 4),
    "it is killed": ("sys.stdin.read()", -signal.SIGKILL),
    "it is killed while a child that it forked lives on": ("os.fork() or sys.stdin.read(); sys.stdin.read()", -9),
}


def lives(process_id: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody asked for yet does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def own() -> Iterator[RepromptMock]:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("this machine has no /proc")
    with RepromptMock(
        server="process",
        api_keys={SECRETS[0]: "test-org"},
        control_token=SECRETS[1],
        revoked_api_keys=[SECRETS[2]],
        api_key=SECRETS[0],
    ) as mock:
        yield mock


def process_of(mock: RepromptMock) -> subprocess.Popen[bytes]:
    assert isinstance(mock._transport, InProcess)
    process = mock._transport._server._process
    assert process is not None
    return process


def test_keys_and_tokens_are_in_no_list_of_processes(own: RepromptMock) -> None:
    folder = Path(f"/proc/{process_of(own).pid}")
    shown = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()

    assert b"reprompt_mock.child" in shown
    assert not [secret for secret in SECRETS if secret.encode() in shown]
    with pytest.raises(ControlError, match="token"), RepromptMock.connect(own.url) as stranger:
        stranger.counts()


def test_what_the_environment_of_its_parent_says_is_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_SEED", "5")
    monkeypatch.setenv("REPROMPT_MOCK_FAILURE_RATE", "1")
    monkeypatch.setenv("REPROMPT_MOCK_PORT", "1")
    with RepromptMock(server="process", failure_rate=0, clock="paused") as mock:
        monkeypatch.setenv("REPROMPT_MOCK_SEED", "6")
        settings = mock.settings.get()

        assert (settings["seed"], settings["failure_rate"]) == (5, 0)
        assert not mock.url.endswith(":1")


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_with_its_parent_however_that_ends(end: str, tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this machine cannot fork")
    written, code = ENDS[end]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(end=written)],
        env=environment(TMPDIR=str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    url, process_id = parent.stdout.readline().split()
    if code == -signal.SIGKILL:
        assert lives(int(process_id))
        parent.kill()

    parent.wait(PATIENCE_SECONDS)
    assert parent.returncode == code
    eventually(lambda: not lives(int(process_id)))
    eventually(lambda: not [*tmp_path.glob("reprompt-mock-*")])  # it stopped as on SIGTERM
    with RepromptMock.connect(url) as connected, pytest.raises(ControlError, match="no emulator answers"):
        connected.counts()
    parent.stdin.close()  # lets the forked child end
    parent.stdout.close()


def test_ctrl_c_ends_the_tests_before_their_emulator(own: RepromptMock) -> None:
    process_of(own).send_signal(signal.SIGINT)

    with RepromptMock.connect(own.url, control_token=SECRETS[1]) as connected:
        connected.clock.settle()
    assert process_of(own).poll() is None


def test_where_it_cannot_start_the_sentence_says_why(tmp_path: Path) -> None:
    mock = RepromptMock(server="process", db=tmp_path)

    with pytest.raises(ControlError, match=r"the emulator's process ended before it answered: .*\S") as refusal:
        mock.start()

    assert str(tmp_path) in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    mock.close()
    with pytest.raises(ControlError, match="was closed"):
        mock.counts()


def test_where_there_is_no_python_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(ControlError, match=r"process cannot be started: .*No such file"):
        RepromptMock(server="process").start()


def test_one_that_does_not_answer_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_START_SECONDS", 0.001)
    mock = RepromptMock(server="process")

    with pytest.raises(ControlError, match=r"did not answer within 0\.001 s: it printed nothing"):
        mock.start()

    process = process_of(mock)
    assert process.returncode is not None


def test_one_that_died_is_told_apart_from_one_that_does_not_answer(own: RepromptMock) -> None:
    process_of(own).kill()
    eventually(lambda: process_of(own).poll() is not None)

    with pytest.raises(ControlError, match="the emulator's process has ended"):
        own.counts()


def test_a_file_of_the_working_directory_is_not_taken_for_one_of_pythons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json.py", "logging.py", "select.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong file')\n")
    monkeypatch.chdir(tmp_path)

    with RepromptMock(server="process") as mock:
        assert sum(mock.counts().values()) == 0


def test_every_kind_of_setting_arrives(tmp_path: Path) -> None:
    settings = load(
        {
            "seed": -(2**63),
            "speed": 2.5,
            "clock": "paused",
            "strict_attributes": True,
            "db": tmp_path / "a b.db",
            "api_keys": {"k ä": "*"},
            "revoked_api_keys": ['"quoted"'],
            "control_token": "7",
            "rules": [{"match": {"place_id": "ö*"}, "then": {"outputs": {"website": None}}}],
        },
        environ={},
    )

    assert load(environ=variables(settings)).model_dump() == settings.model_dump()
