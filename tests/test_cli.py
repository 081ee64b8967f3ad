from __future__ import annotations

import gc
import importlib.metadata
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import reprompt_mock
from reprompt_mock import cli, health, warm
from reprompt_mock.cli import main
from reprompt_mock.engine.doors import Engine
from reprompt_mock.health import places_to_look
from reprompt_mock.server import CannotListen, ServerThread, listeners
from reprompt_mock.settings import Settings, load
from tests.processes import PATIENCE_SECONDS, Served, environment, eventually, needs_ipv6, serve

SECRET = "sk-live-4711"
CANNOT_START = 2


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the user's variables away from the commands, and the commands away from pytest's logging."""
    for name in [name for name in os.environ if name.startswith("REPROMPT_")]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An emulator in a process of its own, with a database, of which no setting comes from a flag."""
    folder = tmp_path_factory.mktemp("served")
    config = folder / "emulator.toml"
    config.write_text(f"clock = 'paused'\nseed = 1\nfailure_rate = 0.25\ndb = {str(folder / 'world.db')!r}\n")
    with serve(REPROMPT_MOCK_CONFIG=str(config), REPROMPT_MOCK_PORT="0", REPROMPT_MOCK_SEED="2") as served:
        yield served


def cannot_start(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Run `serve`, which must not start; gives its one line."""
    # Where it does start after all, it ends with 0.
    monkeypatch.setattr(cli._Announcement, "make", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["serve", "--port", "0", *arguments]) == CANNOT_START
    assert gc.isenabled()
    written, errors = capsys.readouterr()
    assert written == ""
    assert errors.startswith("reprompt-mock: ")
    assert errors.count("\n") == 1
    assert errors.endswith("\n")
    assert SECRET not in errors
    return errors


# serve


def test_the_environment_wins_over_a_file_that_the_environment_names(served: Served) -> None:
    settings = served.control("acme", path="/settings")
    assert (settings["seed"], settings["failure_rate"], settings["clock"]) == (2, 0.25, "paused")
    assert served.port not in {0, 8780}


def test_a_database_that_another_process_has_is_refused(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = Path(next(value for value in _environment_of(served) if value.endswith(".toml")))
    db = config.with_name("world.db")
    link = tmp_path / "link.db"
    link.symlink_to(db)
    for name in (db, link, db.parent / "." / "world.db"):
        line = cannot_start(capsys, monkeypatch, "--db", str(name))
        assert "in use by another process" in line
    assert served.call("GET", "/_mock/health")["status"] == "ok"


def _environment_of(served: Served) -> list[str]:
    args = Path(f"/proc/{served.process.pid}/environ")
    if not args.exists():
        pytest.skip("this machine has no /proc")
    return [entry.partition("=")[2] for entry in args.read_text().split("\0")]


def test_a_port_in_use_is_refused(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = cannot_start(capsys, monkeypatch, "--port", str(served.port))
    assert f"localhost:{served.port}" in line
    assert "in use" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot = 1", "did you mean port?"),
        ("workers = 0", "setting workers: "),
        (f"api_keys = '{SECRET}'", "setting api_keys: "),
        (f"[api_keys.{SECRET}]\na = 1\n[api_keys.{SECRET}]", "is not valid TOML (at line 3"),
        (f"[api_keys]\n{SECRET} = 3", "setting api_keys: "),
        (f"control_token = 3 # {SECRET}", "setting control_token: "),
        ("port =", "is not valid TOML (at "),
        ("seed = " + "[" * 10_000, "nested too deeply"),
    ],
)
def test_a_file_with_a_mistake_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, says: str
) -> None:
    config = tmp_path / "emulator.toml"
    config.write_text(text)
    assert says in cannot_start(capsys, monkeypatch, "--config", str(config))
    monkeypatch.setenv("REPROMPT_MOCK_CONFIG", str(config))
    assert says in cannot_start(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("REPROMPT_MOCK_PROT", "1", "REPROMPT_MOCK_PROT; did you mean REPROMPT_MOCK_PORT?"),
        ("REPROMPT_MOCK_CLOK", "paused", "did you mean REPROMPT_MOCK_CLOCK?"),
        ("REPROMPT_MOCK_WORKERS", "many", "setting workers: "),
        ("REPROMPT_MOCK_API_KEYS", SECRET, "JSON"),
        ("REPROMPT_MOCK_API_KEYS", f'{{"{SECRET}": 1}}', "setting api_keys: "),
        ("REPROMPT_MOCK_LOG_LEVEL", "loud", "REPROMPT_MOCK_LOG_LEVEL must be one of"),
        ("REPROMPT_MOCK_LOG_FORMAT", "xml", "REPROMPT_MOCK_LOG_FORMAT must be"),
        ("REPROMPT_MOCK_CONFIG", "/no/such/file.toml", "cannot read /no/such/file.toml"),
        ("REPROMPT_MOCK_HOST", "a..b", "cannot listen on a..b:0"),
        ("REPROMPT_MOCK_DB", "/dev/null/world.db", "cannot be opened"),
    ],
)
def test_a_variable_with_a_mistake_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert says in cannot_start(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no database" * 100, "not a database"), (b"SQLite format 3\x00" + bytes(100), "cannot be opened")],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, says: str
) -> None:
    db = tmp_path / "notes.txt"
    db.write_bytes(content)
    assert says in cannot_start(capsys, monkeypatch, "--db", str(db))
    assert "cannot be opened" in cannot_start(capsys, monkeypatch, "--db", str(tmp_path))
    assert db.read_bytes() == content


@pytest.mark.parametrize(
    "arguments", [["--port", "http"], ["--clock", "stopped"], ["--log-level", "loud"], ["--prot", "1"]]
)
def test_a_flag_with_a_mistake_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == CANNOT_START
    assert capsys.readouterr().err.splitlines()[-1].startswith("reprompt-mock")


def test_every_flag_is_a_setting_and_has_its_variable() -> None:
    parser = cli._parser()
    with pytest.raises(SystemExit):
        parser.parse_args(["serve", "--no-such-flag"])
    flags = vars(parser.parse_args(["serve"])).keys() - {
        "command", "config", "log_format", "log_level",
        "open",  # where a browser can be shown, there is a command line
    }  # fmt: skip
    assert flags <= Settings.model_fields.keys()
    assert flags == {"host", "port", "db", "db_wait", "seed", "speed", "clock", "failure_rate", "root_path"}


# health


def test_health_is_0_where_an_emulator_answers(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["health", "--url", served.url]) == 0
    assert main(["health", "--url", served.url + "/", "--wait"]) == 0
    assert main(["health", "--port", str(served.port)]) == 0
    monkeypatch.setenv("REPROMPT_MOCK_PORT", str(served.port))
    assert main(["health"]) == 0
    monkeypatch.setenv("REPROMPT_MOCK_URL", "http://127.0.0.1:9")
    assert main(["health", "--timeout", "1"]) == 1
    assert main(["health", "--url", served.url]) == 0


@pytest.mark.parametrize(
    "form",
    ["127.0.0.1:{port}", "localhost:{port}/", "{url}/", "{url}/v1", "{url}/v1/acme/place_enrichment", "{url}/readyz"],
)
def test_health_understands_addresses_as_they_are_written(served: Served, form: str) -> None:
    url = form.format(url=served.url, port=served.port)
    assert main(["health", "--url", url]) == 0
    assert main(["health", "--url", url, "--wait"]) == 0


@pytest.mark.parametrize("url", ["file:///", "http://[", "host:", "ftp://host", "host:port", "http://user:pw@host"])
@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_health_says_at_once_what_to_write_where_an_address_is_none(
    capsys: pytest.CaptureFixture[str], url: str, wait: list[str]
) -> None:
    assert main(["health", "--url", url, *wait]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("reprompt-mock: ")
    assert line.endswith("write one such as http://localhost:8780")
    assert "pw" not in line


def test_health_goes_through_no_proxy(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker hands the host's proxy to its containers."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["health", "--url", served.url]) == 0


def _machine_name() -> str:
    """Give a name of this machine that can be listened on, else one that always can."""
    name = socket.gethostname()
    try:
        for listener in listeners(name, 0):
            listener.close()
    except CannotListen:
        return "127.0.0.3"
    return name


HOSTS = [
    "localhost", "127.0.0.1", "127.0.0.2", "0.0.0.0", _machine_name(),
    pytest.param("::", marks=needs_ipv6), pytest.param("::1", marks=needs_ipv6),
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("source", ["environment", "flags", "file"])
def test_health_finds_an_emulator_that_was_started_alike(
    host: str, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = ServerThread(load({"host": host, "port": 0}, environ={}))
    server.start()
    port = server.url.rpartition(":")[2]
    flags = ["--host", host, "--port", port] if source == "flags" else []
    if source == "environment":
        monkeypatch.setenv("REPROMPT_MOCK_HOST", host)
        monkeypatch.setenv("REPROMPT_MOCK_PORT", port)
    elif source == "file":
        (tmp_path / "emulator.toml").write_text(f"host = {host!r}\nport = {port}\n")
        monkeypatch.setenv("REPROMPT_MOCK_CONFIG", str(tmp_path / "emulator.toml"))
    try:
        assert main(["health", *flags]) == 0
        assert main(["health", "--wait", "--timeout", "5", *flags]) == 0
    finally:
        server.stop()
    assert main(["health", *flags]) == 1


@needs_ipv6
def test_health_finds_an_emulator_of_a_container_that_listens_elsewhere_than_the_image_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = ServerThread(load({"host": "::", "port": 0}, environ={}))
    server.start()
    monkeypatch.setenv("REPROMPT_MOCK_HOST", "0.0.0.0")
    monkeypatch.setenv("REPROMPT_MOCK_PORT", server.url.rpartition(":")[2])
    assert main(["health"]) == 0
    server.stop()


def test_health_follows_what_kubernetes_injects_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_PORT", "tcp://10.0.0.1:8780")
    assert places_to_look(None, None, None) == ("http://127.0.0.1:8780", "http://[::1]:8780")


def test_health_cannot_guess_a_free_port(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_PORT", "0")
    assert main(["health"]) == 1
    assert "pass --url" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "port =", "port = " + "[" * 10_000])
def test_health_says_where_it_cannot_read_the_file_that_names_the_port(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "emulator.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("REPROMPT_MOCK_CONFIG", str(file))
    assert main(["health"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"reprompt-mock: cannot read {file}")


@pytest.mark.parametrize(
    "flags",
    [
        ["--url", "http://127.0.0.1:9"], ["--url", "127.0.0.1:9"], ["--url", "nonsense"], ["--url", "http://a..b"],
        ["--url", ""], ["--port", "99999"], ["--port", "-1"], ["--host", "a b"], ["--host", "http://localhost"],
    ],
)  # fmt: skip
def test_health_is_1_where_none_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_PORT", "9")
    assert main(["health", *flags, "--timeout", "0.3"]) == 1
    assert main(["health", *flags, "--timeout", "0.1", "--wait"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(line.startswith("reprompt-mock: no emulator answers at ") for line in errors)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n<html>",
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n[]",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
    ],
)
def test_health_is_1_where_something_else_answers(capsys: pytest.CaptureFixture[str], answer: bytes) -> None:
    with _answering(answer) as url:
        assert main(["health", "--url", url, "--timeout", "5"]) == 1
    assert capsys.readouterr().err == f"reprompt-mock: no emulator answers at {url}\n"


def test_health_repeats_what_an_emulator_says_that_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    answer = b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"detail": "It sleeps."}'
    with _answering(answer) as url:
        assert main(["health", "--wait", "--url", url, "--timeout", "0"]) == 1
    assert capsys.readouterr().err == f"reprompt-mock: the emulator at {url} is not ready: It sleeps.\n"


@contextmanager
def _answering(answer: bytes) -> Iterator[str]:
    """Answer one request with some bytes."""
    (listener,) = listeners("127.0.0.1", 0)

    def reply() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)

    other = threading.Thread(target=reply)
    other.start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        other.join()


def test_health_waits_for_an_emulator_until_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end, asked = threading.Event(), threading.Event(), threading.Semaphore(0)
    really_warm, really_ask = warm.warm, health._obstacle

    def held(engine: Engine) -> None:
        begun.set()
        assert may_end.wait(PATIENCE_SECONDS)
        really_warm(engine)

    def noted(url: str, path: str, timeout: float) -> str | None:
        obstacle = really_ask(url, path, min(timeout, 1))
        asked.release()
        return obstacle

    monkeypatch.setattr(warm, "warm", held)
    emulator = ServerThread(load({"port": 0}, environ={}))  # it listens, but does not answer yet
    starting = threading.Thread(target=emulator.start)
    codes: list[int] = []
    monkeypatch.setattr(health, "_obstacle", noted)
    waiting = threading.Thread(target=lambda: codes.append(main(["health", "--wait", "--url", emulator.url])))
    waiting.start()
    assert asked.acquire(timeout=PATIENCE_SECONDS)
    starting.start()
    assert begun.wait(PATIENCE_SECONDS)
    for _ in range(3):
        assert asked.acquire(timeout=PATIENCE_SECONDS)
    assert main(["health", "--url", emulator.url]) == 0
    assert codes == []
    may_end.set()
    waiting.join(PATIENCE_SECONDS)
    starting.join(PATIENCE_SECONDS)
    emulator.stop()
    assert codes == [0]


def test_health_loads_nothing_heavy() -> None:
    code = "import sys, reprompt_mock.cli; reprompt_mock.cli.main(['health', '--port', '9']); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    heavy = {"fastapi", "starlette", "sqlmodel", "sqlalchemy", "pydantic", "uvicorn", "faker", "httpx2", "msgspec"}
    assert not heavy & set(run.stdout.split())


# The rest


def test_a_served_emulator_collects_garbage_once_it_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    gc.disable()
    try:
        cli._Announcement("", opens=False).make("http://127.0.0.1:8780")
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
    url = "http://127.0.0.1:8780"
    assert capsys.readouterr().out.endswith(f"listening on {url} (dashboard: {url}/_mock/ui/)\n")


def test_the_dashboard_is_shown_in_the_browser_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr("webbrowser.open", shown.put)
    monkeypatch.setattr(gc, "freeze", lambda: None)

    cli._Announcement("/emulator", opens=True).make("http://127.0.0.1:8780")

    assert shown.get(timeout=10) == "http://127.0.0.1:8780/emulator/_mock/ui/"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"reprompt-mock {reprompt_mock.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["sevre"], ["--verison"]])
def test_without_a_command_the_usage_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == CANNOT_START
    assert "usage: reprompt-mock" in capsys.readouterr().err


def test_the_script_is_this_function() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="reprompt-mock")
    assert script.load() is main


@pytest.mark.parametrize("form", ["text", "json"])
def test_log_lines_have_their_form(capsys: pytest.CaptureFixture[str], form: str) -> None:
    cli._set_up_logs(form, "info")
    logger = logging.getLogger("reprompt_mock.anything")
    logger.debug("not shown")
    try:
        raise RuntimeError('a "quoted" reason\nof two lines')
    except RuntimeError:
        logger.exception("it %s", "broke")
    written, errors = capsys.readouterr()
    assert written == ""
    if form == "json":
        (line,) = (json.loads(line) for line in errors.splitlines())
        assert line["level"] == "error"
        assert line["logger"] == "reprompt_mock.anything"
        assert line["message"] == "it broke"
        assert "of two lines" in line["exception"]
    else:
        assert "ERROR reprompt_mock.anything: it broke\nTraceback" in errors
    assert "not shown" not in errors


def test_a_taken_port_frees_itself_once_its_emulator_ends(tmp_path: Path) -> None:
    with serve("--port", "0", "--db", str(tmp_path / "world.db")) as first:
        port = first.port
        assert first.call("GET", "/_mock/health")["version"] == reprompt_mock.__version__
        assert first.stop()[0] == 0
    eventually(lambda: _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
