"""The peers: what each needs, how it is installed and started, what it answers from, and what it is sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.peers import canned, requests
from bench.peers.install import JAVA, NODE, NPM, Package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.peers.canned import Answers
    from bench.peers.requests import Operations, Request


@dataclass(frozen=True)
class Site:
    """Where a peer runs: the folder of its package, that of its files, an unused file for what it stores, its port."""

    installed: Path
    files: Path
    database: Path
    port: int


def _no_files(_: Answers) -> Mapping[str, bytes]:
    return {}


@dataclass(frozen=True)
class Peer:
    """A server to measure: the success of `first` ends the cold start."""

    name: str
    first: Request
    command: Callable[[Site], Sequence[str | Path]]
    package: Package | None = None
    files: Callable[[Answers], Mapping[str, bytes]] = _no_files
    operations: Callable[[int], Operations] = requests.service
    stores: bool = False

    @property
    def title(self) -> str:
        """The name with the version, and a mark if the peer does not store."""
        version = f" {self.package.version}" if self.package else ""
        return f"{self.name}{version}{'' if self.stores else ' ◦'}"


def _ours(site: Site) -> Sequence[str | Path]:
    return [sys.executable, "-m", "reprompt_mock", "serve", "--clock", "paused", "--port", str(site.port)]


def _plain(site: Site) -> Sequence[str | Path]:
    return [sys.executable, "-m", "bench.peers.plain", site.database, str(site.port)]


def _moto(site: Site) -> Sequence[str | Path]:
    return [site.installed / "bin" / "python", "-m", "moto.server", "--port", str(site.port)]


def _prism(site: Site) -> Sequence[str | Path]:
    program = site.installed / "node_modules/@stoplight/prism-cli/dist/index.js"
    document = site.files / "openapi.json"
    return ["node", program, "mock", "--port", str(site.port), "--verboseLevel", "silent", document]


def _wiremock(site: Site) -> Sequence[str | Path]:
    jar = site.installed / f"node_modules/wiremock/build/wiremock-standalone-{_WIREMOCK.version}.jar"
    quick = ["--no-request-journal", "--use-chunked-encoding", "never", "--disable-banner"]
    where = ["--port", str(site.port), "--bind-address", "127.0.0.1", "--root-dir", str(site.files)]
    return ["java", "-jar", jar, *quick, *where]


def _mockoon(site: Site) -> Sequence[str | Path]:
    program = site.installed / "node_modules/@mockoon/cli/bin/run.js"
    data = site.files / "environment.json"
    return ["node", program, "start", "--port", str(site.port), "--disable-log-to-file", "--data", data]


_MOTO = Package("pip", "moto[server]==5.2.5", ())
_PRISM = Package("npm", "@stoplight/prism-cli@5.14.2", (NODE, NPM))
_WIREMOCK = Package("npm", "wiremock@3.13.2", (JAVA, NPM))
_MOCKOON = Package("npm", "@mockoon/cli@9.9.0", (NODE, NPM))

_HEALTH = requests.Request(requests.HEALTH)
_GET = requests.Request(requests.SMALL)
OURS = Peer("ours", _HEALTH, _ours, stores=True)
PEERS = (
    Peer("FastAPI + SQLModel", _HEALTH, _plain, stores=True),
    Peer("moto", requests.LIST_TABLES, _moto, _MOTO, operations=requests.dynamo, stores=True),
    Peer("Prism", _GET, _prism, _PRISM, canned.prism),
    Peer("WireMock", _GET, _wiremock, _WIREMOCK, canned.wiremock),
    Peer("Mockoon", _GET, _mockoon, _MOCKOON, canned.mockoon),
)
