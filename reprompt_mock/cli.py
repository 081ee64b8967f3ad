"""The command line: serve, demo, health, conduct, drift."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprompt_mock.dashboard.paths import UI
from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

CANNOT_START = 2
_SETTINGS = ("host", "port", "db", "db_wait", "seed", "speed", "clock", "failure_rate", "root_path")
_OUTPUT_ERRNOS = {errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF}
_LOG_LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 1 if it says no, 2 if it cannot do what it is asked for."""
    _open_missing_streams()
    parsed = _parser().parse_args(arguments)
    command = {"serve": _serve, "demo": _demo, "health": _health, "conduct": _conduct, "drift": _drift}[parsed.command]
    try:
        code = command(parsed)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _OUTPUT_ERRNOS:
            raise
        return _output_lost(error)
    return code


def _open_missing_streams() -> None:
    """Reserve the descriptors of closed standard streams (`>&-`), so that no file or socket receives stray output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor


def _output_lost(error: OSError) -> int:
    """Report that standard output cannot be written, and return the exit code."""
    # Otherwise Python would retry the unwritten output at exit and print a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _refuse(f"cannot write to the standard output: {error.strerror}")


def _refuse(reason: object) -> int:
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"reprompt-mock: {reason}", file=sys.stderr)
    return CANNOT_START


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reprompt-mock", description="A local emulator of Reprompt's place enrichment batch API."
    )
    parser.add_argument("--version", action="version", version=f"reprompt-mock {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_serve(commands.add_parser("serve", help="serve until SIGTERM or Ctrl-C; print the address once ready"))
    commands.add_parser(
        "demo", help="start an emulator on a free port and drive real places through the five batch endpoints"
    )
    _add_health(
        commands.add_parser(
            "health", help="exit with 0 if an emulator answers, or with --wait once it is ready; with 1 otherwise"
        )
    )
    _add_conduct(
        commands.add_parser(
            "conduct",
            help="judge the client of a running emulator; exit with 1 on findings, with 2 if nothing can be concluded",
        )
    )
    _add_drift(
        commands.add_parser(
            "drift",
            help="compare a newer published OpenAPI document with the emulator's own; exit with 1 on differences",
        )
    )
    return parser


def _add_drift(drift: argparse.ArgumentParser) -> None:
    drift.add_argument("published", type=Path, metavar="PUBLISHED.json", help="the published document, as JSON")
    drift.add_argument("--json", action="store_true", help="print the differences as JSON")
    drift.add_argument(
        "--accept", type=Path, metavar="KNOWN.json", help="write the differences to this file, as those that are known"
    )


def _add_conduct(conduct: argparse.ArgumentParser) -> None:
    conduct.add_argument("--org", required=True, metavar="SLUG", help="the organization whose requests are judged")
    conduct.add_argument("--url", help="the emulator, as for health")
    conduct.add_argument(
        "--format",
        choices=("text", "json", "junit", "github"),
        default="text",
        help="text to read, JSON, a JUnit file, or annotations of GitHub Actions",
    )
    conduct.add_argument("--fail-on", choices=("error", "warning"), default="error", help="exit with 1 from here on")
    conduct.add_argument(
        "--ignore", action="append", default=[], metavar="RULE", help="leave a rule out; can be repeated"
    )


def _add_health(health: argparse.ArgumentParser) -> None:
    health.add_argument("--wait", action="store_true", help="wait until the emulator is ready")
    health.add_argument(
        "--timeout", type=float, metavar="S", help="how many seconds to try: 2 by default, 30 with --wait"
    )
    health.add_argument(
        "--url", help="the emulator: host, host:port or a URL; by default the one configured by the environment"
    )
    health.add_argument("--host", help="the host passed to serve")
    health.add_argument("--port", type=int, help="the port passed to serve")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="the host or address to listen on; localhost is 127.0.0.1 and ::1")
    serve.add_argument("--port", type=int, help="8780 by default; 0 picks a free port")
    serve.add_argument("--db", metavar="FILE", help="keep everything in this file, or database postgresql://…")
    serve.add_argument("--db-wait", type=float, metavar="S", help="how many seconds to wait for a database server")
    serve.add_argument("--seed", type=int, metavar="N", help="everything random is drawn from it")
    serve.add_argument(
        "--speed",
        type=float,
        metavar="X",
        help="virtual seconds per real second: 50,000 places take over half an hour at 1",
    )
    serve.add_argument("--clock", choices=("running", "paused"), help="whether time passes by itself")
    serve.add_argument("--failure-rate", type=float, metavar="R", help="share of jobs that fail, 0 to 1")
    serve.add_argument(
        "--root-path", metavar="P", help="the prefix under which a proxy serves the emulator, such as /emulator"
    )
    serve.add_argument("--config", type=Path, metavar="FILE.toml", help="read settings from this file")
    serve.add_argument("--open", action="store_true", help="show the dashboard in the browser once ready")
    serve.add_argument("--log-format", choices=("text", "json"), help="the format of log lines; text by default")
    serve.add_argument("--log-level", choices=_LOG_LEVELS, help="the lowest level that is logged; warning by default")


def _drift(parsed: argparse.Namespace) -> int:
    from reprompt_mock import drift
    from reprompt_mock.api.app import service_document

    try:
        published = drift.facts_of(drift.read_document(parsed.published.read_bytes()))
    except OSError as error:
        return _refuse(f"cannot read {parsed.published}: {error.strerror}")
    except drift.NotADocument as error:
        return _refuse(f"cannot use {parsed.published}: {error}")
    own = drift.facts_of(service_document())
    if parsed.accept:
        parsed.accept.write_text(drift.as_known(drift.differences(published, own)), encoding="utf-8")
        return 0
    found = drift.differences(published, own, drift.known_differences())
    if parsed.json:
        print(drift.as_json(found))
    else:
        print(drift.as_text(found) or f"The emulator serves all that {parsed.published} says.")
    return 1 if found else 0


def _serve(parsed: argparse.Namespace) -> int:
    from reprompt_mock.errors import MockError
    from reprompt_mock.server import CannotListen, serve
    from reprompt_mock.settings import ConfigurationError, load

    flags = {name: getattr(parsed, name) for name in _SETTINGS}
    gc.disable()  # everything loaded at startup stays loaded: collecting meanwhile takes a fifth of the startup time
    try:
        _set_up_logs(
            parsed.log_format or os.environ.get("REPROMPT_MOCK_LOG_FORMAT") or "text",
            parsed.log_level or os.environ.get("REPROMPT_MOCK_LOG_LEVEL") or "warning",
        )
        config = parsed.config or os.environ.get("REPROMPT_MOCK_CONFIG")
        settings = load(flags, config=Path(config) if config else None)
        announcement = _Announcement(settings.root_path or "", opens=parsed.open)
        serve(settings, on_ready=announcement.make)
    except (ConfigurationError, CannotListen, MockError) as error:
        return _refuse(error)
    finally:
        gc.enable()
    if announcement.failure:
        return _output_lost(announcement.failure)
    _leave_work_behind()
    return 0


def _leave_work_behind() -> None:
    """Exit at once if a thread is still working on an abandoned request, which has not changed anything yet."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        logging.shutdown()
        if sys.stdout is not None:
            sys.stdout.flush()
        os._exit(0)


class _Announcement:
    """Prints the address once the server is ready; if that fails, stops the server."""

    failure: OSError | None = None

    def __init__(self, root: str, *, opens: bool) -> None:
        self._root, self._opens = root, opens

    def make(self, url: str) -> None:
        try:
            dashboard = f"{url}{self._root}{UI}/"
            print(f"reprompt-mock {__version__} listening on {url} (dashboard: {dashboard})", flush=True)
            if self._opens:
                import webbrowser

                threading.Thread(target=webbrowser.open, args=[dashboard], daemon=True).start()
            gc.freeze()
            gc.enable()
        except OSError as error:
            self.failure = error
            signal.raise_signal(signal.SIGTERM)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _set_up_logs(form: str, level: str) -> None:
    from reprompt_mock.settings import ConfigurationError

    if form not in {"text", "json"}:
        raise ConfigurationError("REPROMPT_MOCK_LOG_FORMAT must be text or json")
    if level not in _LOG_LEVELS:
        raise ConfigurationError(f"REPROMPT_MOCK_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}")
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonLines() if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _health(parsed: argparse.Namespace) -> int:
    from reprompt_mock.addresses import AddressUnreadable
    from reprompt_mock.health import Unhealthy, check, places_to_look

    patience = parsed.timeout if parsed.timeout is not None else (30.0 if parsed.wait else 2.0)
    try:
        check(places_to_look(parsed.url, parsed.host, parsed.port), wait=parsed.wait, patience=patience)
    except (AddressUnreadable, Unhealthy) as error:
        print(f"reprompt-mock: {error}", file=sys.stderr)
        return 1
    return 0


def _conduct(parsed: argparse.Namespace) -> int:
    from reprompt_mock import verdicts
    from reprompt_mock.addresses import AddressUnreadable
    from reprompt_mock.handle.conduct import RuleUnknown, without
    from reprompt_mock.handle.transport import ControlError
    from reprompt_mock.health import places_to_look

    token = os.environ.get("REPROMPT_MOCK_CONTROL_TOKEN") or None
    try:
        mock, everything = verdicts.ask(places_to_look(parsed.url, None, None), parsed.org, token)
        verdict = without(everything, parsed.ignore)
        text = verdicts.printed(mock, verdict, parsed.format)
    except (AddressUnreadable, ControlError, RuleUnknown) as error:
        return _refuse(error)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of batches are in all scripts
    print(text)
    return verdicts.exit_code(verdict, parsed.fail_on)


def _demo(_: argparse.Namespace) -> int:
    from reprompt_mock.demo import run

    return run()
