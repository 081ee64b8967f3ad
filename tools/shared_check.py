"""Try a shared emulator: two processes on one PostgreSQL behind HAProxy, stopped, killed and restarted under load.

It uses the configuration that deploy/ ships, a server of its own, and free ports. Usage: make shared-check.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.processes import Served, serve
from tests.stores import new_schema
from tools.shared_load import CONTROL, SERVICE, Account, Load, Wrong, batch, client, until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = ("compose.yaml", "compose.shared.yaml")
_FAULT = {"match": {"operation": "get_batch"}, "then": {"status": 418}, "times": 10}
_CLOSED = {"match": {"operation": "get_batch"}, "then": {"abort": "close"}, "times": 1}


class Missing(Exception):
    """Something that it needs is not on this machine; the message is a sentence."""


def _free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Member:
    """One of the emulators, which keeps its port when it is started again."""

    name: str
    address: str
    port: int = field(default_factory=_free_port)
    block: ExitStack = field(default_factory=ExitStack)
    running: Served = field(init=False)

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        arguments = ("--port", str(self.port), "--host", "127.0.0.1", "--db-wait", "30", "--speed", "10")
        self.running = self.block.enter_context(serve(*arguments, REPROMPT_MOCK_DB=self.address))

    def stop(self) -> None:
        """Stop it as an orchestrator does."""
        code, _, errors = self.running.stop(signal.SIGTERM)
        expect(code == 0, f"emulator {self.name} ended with {code}: {errors}")

    @property
    def megabytes(self) -> int:
        """Its largest resident memory."""
        status = Path(f"/proc/{self.running.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024


@dataclass(frozen=True)
class Balancer:
    """HAProxy with the configuration of deploy/, and what it says of itself."""

    url: str
    control: Path

    def column(self, name: str) -> dict[str, str]:
        """Return a column of its statistics, by emulator."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.control))
            connection.sendall(b"show stat\n")
            lines = b"".join(iter(lambda: connection.recv(65536), b"")).decode().removeprefix("# ").splitlines()
        heading, *rows = (line.split(",") for line in lines if line)
        servers = (dict(zip(heading, row, strict=False)) for row in rows if row[0] == "emulators")
        return {row["svname"]: row[name] for row in servers if row["svname"] != "BACKEND"}

    def wait_for(self, *, up: int) -> None:
        """Wait until it passes requests to that number of emulators."""
        until(lambda: [*self.column("status").values()].count("UP") == up, f"HAProxy never saw {up} emulators ready")


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, as in an assert
    """Go on only where something holds."""
    if not holds:
        raise Wrong(otherwise)


def found(name: str, package: str) -> str:
    """Return the path of a program."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if path is None:
        raise Missing(f"{name} is needed: apt-get install {package}")
    return path


def check_files() -> None:
    """Hold compose files and manifests against their published schemas."""
    scripts = str(Path(sys.executable).parent)
    manifests = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.stem != "kustomization")
    commands = (
        [
            f"{scripts}/check-jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            *(str(ROOT / name) for name in COMPOSE),
        ],
        [f"{scripts}/kubernetes-validate", "--strict", *map(str, manifests)],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        expect(done.returncode == 0, f"{Path(command[0]).name}: {done.stdout}{done.stderr}")
    print(f"shared-check: {len(COMPOSE)} compose files and {len(manifests)} manifests are as their schemas say")


@contextmanager
def balanced(haproxy: str, *members: Member) -> Iterator[Balancer]:
    """Run HAProxy in front of two emulators."""
    port = _free_port()
    one, two = (f"127.0.0.1:{member.port}" for member in members)
    environment = {**os.environ, "LISTEN": f"127.0.0.1:{port}", "EMULATOR_ONE": one, "EMULATOR_TWO": two}
    with tempfile.TemporaryDirectory() as folder:
        control, more = Path(folder, "socket"), Path(folder, "more.cfg")
        more.write_text(f"global\n    stats socket {control} level user\n", encoding="ascii")
        command = [haproxy, "-db", "-f", str(DEPLOY / "haproxy.cfg"), "-f", str(more)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            until(lambda: process.poll() is not None or control.exists(), "HAProxy never started")
            expect(process.poll() is None, "HAProxy refuses its configuration: haproxy -c -f deploy/haproxy.cfg")
            yield Balancer(f"http://127.0.0.1:{port}", control)
        finally:
            process.terminate()
            process.wait(timeout=10)


def interrupt(load: Load, balancer: Balancer, one: Member, two: Member) -> tuple[int, int]:
    """Under load, stop the first and start it again, then kill the second.

    Returns:
        The requests that clients had to repeat because of the stop, and because of the kill.
    """
    load.go_on()
    before = load.account.repeats
    one.stop()
    load.go_on()
    one.start()
    balancer.wait_for(up=2)
    load.go_on()
    between = load.account.repeats
    two.running.kill()
    load.go_on()
    two.start()
    balancer.wait_for(up=2)
    load.go_on()
    return between - before, load.account.repeats - between


def check_stored(account: Account, one: str, two: str) -> None:
    """Hold what was acknowledged against what each emulator says is stored, by their addresses."""
    with client(one) as first, client(two) as second:
        first.patch(f"{CONTROL}/clock", json={"running": False}).raise_for_status()
        first.post(f"{CONTROL}/clock/settle", json={}).raise_for_status()
        for http in (first, second):
            stored = listed(http)
            expect(len(stored) == len({*stored}), "a batch is listed twice")
            missing = account.acknowledged.keys() - {*stored}
            expect(not missing, f"acknowledged, but not stored: {sorted(missing)[:5]}")
        for name, jobs in account.acknowledged.items():
            views = [http.get(f"{SERVICE}/batches/{name}") for http in (first, second)]
            expect(views[0].content == views[1].content, f"the emulators differ on {name}: {[v.text for v in views]}")
            expect(views[0].json()["metadata"]["completed_jobs"] == jobs, f"{name} has lost jobs: {views[0].text}")


def listed(http: httpx2.Client) -> list[str]:
    """Return the ids of all batches, page by page."""
    names: list[str] = []
    while True:
        page: Any = http.get(f"{SERVICE}/batches?limit=500&offset={len(names)}").json()["batches"]
        names += [one["id"] for one in page]
        if len(page) < 500:
            return names


def check_faults(balancer: Balancer) -> None:
    """A fault for ten requests hits ten, whichever emulator gets them, and one that closes connections does."""
    with client(balancer.url) as http:
        http.post(f"{SERVICE}/batches", json=batch("fault", 1)).raise_for_status()
        http.post(f"{CONTROL}/faults", json=_FAULT).raise_for_status()
        with ThreadPoolExecutor(4) as threads:
            answers = threads.map(lambda _: http.get(f"{SERVICE}/batches/fault").status_code, range(60))
            hits = [*answers].count(418)
        expect(hits == 10, f"a fault for ten requests hit {hits}")
        http.post(f"{CONTROL}/faults", json=_CLOSED).raise_for_status()
        try:
            answer = http.get(f"{SERVICE}/batches/fault").status_code
        except httpx2.RemoteProtocolError:
            return
        raise Wrong(f"a fault that closes the connection was answered with {answer}")


def check_journal(balancer: Balancer, one: Member, two: Member) -> None:
    """Each emulator shows what all of them were asked, in the same order."""
    with client(balancer.url) as http:
        http.delete(f"{CONTROL}/journal").raise_for_status()
        for number in range(20):
            http.get(f"{SERVICE}/batches?limit={1 + number}").raise_for_status()
    views = []
    for member in (one, two):
        with client(member.running.url) as http:
            requests = http.get(f"{CONTROL}/journal").raise_for_status().json()["requests"]
        views.append([request["query"] for request in requests])
    expect(len(views[0]) == 20, f"the journal has {len(views[0])} of 20 requests")
    expect(views[0] == views[1], "the emulators show different journals")


def check_service() -> None:
    """Run the whole set-up, and print what it showed."""
    haproxy = found("haproxy", "haproxy")
    address = new_schema()
    if address is None:
        raise Missing("PostgreSQL is needed: apt-get install postgresql, or name a server in TEST_POSTGRES")
    one, two = Member("one", address), Member("two", address)
    with one.block, two.block, balanced(haproxy, one, two) as balancer:
        one.start()
        two.start()
        balancer.wait_for(up=2)
        with Load(balancer.url) as load:
            stopped, killed = interrupt(load, balancer, one, two)
        account = load.account
        check_stored(account, one.running.url, two.running.url)
        check_faults(balancer)
        check_journal(balancer, one, two)
        shares = [int(share) for share in balancer.column("stot").values()]
        expect(min(shares) > 0, "HAProxy passed all requests to one emulator")
        memory = max(one.megabytes, two.megabytes)
    print(
        f"shared-check: {account.answers} answers from two emulators ({shares[0]} and {shares[1]} requests),"
        f" {len(account.acknowledged)} batches acknowledged, none lost, doubled or answered falsely\n"
        f"shared-check: a stop under load cost {stopped} repeated requests, a kill {killed};"
        f" at most {memory} MB a process"
    )


def main() -> int:
    """Try it.

    Returns:
        The exit code: 0, 1 if a promise was broken, 2 if something is missing.
    """
    try:
        check_files()
        check_service()
    except Missing as error:
        print(f"shared-check: {error}", file=sys.stderr)
        return 2
    except (Wrong, TimeoutError) as error:
        print(f"shared-check: FAILED: {error}", file=sys.stderr)
        return 1
    print("shared-check: passed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
