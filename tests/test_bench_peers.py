"""What `make bench-peers` measures and writes, with a peer of its own: no package is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import Goal
from bench.peers import canned, catalogue
from bench.peers.__main__ import main
from bench.peers.catalogue import OURS, Peer, Site
from bench.peers.install import NODE, Missing, Package, check, install
from bench.peers.measure import Samples, Sizes
from bench.peers.requests import HEALTH, LARGE, SMALL, Request, dynamo
from bench.peers.table import Line, Row, columns, lines
from bench.servers import memory_of_tree

ROOT = Path(__file__).parent.parent
PLAIN = catalogue.PEERS[0]
TINY = ("--rounds", "1", "--seconds", "0.05", "--warm", "0", "--places", "20", "--single", "3", "--connections", "2")

pytestmark = pytest.mark.skipif(not (ROOT / "bench").is_dir(), reason="bench/ is not in the source distribution")

CANNED = f"""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, port = sys.argv[1:]
routes = json.load(open(folder + "/routes.json"))


class Canned(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def do_GET(self):
        answer = routes.get(self.path, "").encode()
        self.send_response(413 if self.path == "{LARGE}" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(port)), Canned).serve_forever()
"""


def canned_peer(name: str = "Canned") -> Peer:
    """A peer that stores nothing, refuses large batches, and closes a connection after each answer."""

    def command(site: Site) -> list[str | Path]:
        return [sys.executable, "-c", CANNED, site.files, str(site.port)]

    def files(answers: canned.Answers) -> dict[str, bytes]:
        return {"routes.json": json.dumps({path: answer for _, path, answer in answers.routes()}).encode()}

    return Peer(name, Request(SMALL), command, files=files)


def broken_peer() -> Peer:
    return Peer("Broken", Request(HEALTH), lambda _: [sys.executable, "-c", "raise SystemExit('no licence')"])


# A whole run


def test_a_run_measures_every_operation_beside_the_peers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--out", str(tmp_path)], [PLAIN, canned_peer(), broken_peer()]) == 0

    out, told = capsys.readouterr()
    document = json.loads((tmp_path / "bench-peers.json").read_text(encoding="utf-8"))
    rows = {row["row"]: row for row in document["rows"]}
    create = rows.pop("create")
    assert set(rows) == {"get", "p50", "p99", "post", "start", "usable", "memory"}
    assert all(set(row["medians"]) == {"ours", PLAIN.name, "Canned"} for row in rows.values())
    assert all(row["ratio"] == row["medians"]["ours"] / row["medians"][row["best"]] for row in rows.values())
    assert create["refused"] == {"Canned": "refused: 413"}
    assert set(create["medians"]) == {"ours", PLAIN.name}
    assert create["best"] == PLAIN.name
    assert document["missing"] == {"Broken": "Broken did not start: no licence"}
    assert "Broken is left out: Broken did not start: no licence" in told
    assert "Canned ◦" in out.splitlines()[0]
    assert "Broken" not in (tmp_path / "bench-peers.md").read_text(encoding="utf-8")


def test_a_run_without_any_peer_says_what_is_missing_and_succeeds(tmp_path: Path) -> None:
    chosen = [argument for name in ("prism", "wiremock", "mockoon") for argument in ("--peer", name)]
    command = [sys.executable, "-m", "bench.peers", *chosen, "--out", str(tmp_path), "--installed", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PATH": ""})

    assert ran.returncode == 0, ran.stderr
    *left_out, last = ran.stdout.splitlines()
    assert [line.partition(":")[0] for line in left_out] == [
        "Prism is left out",
        "WireMock is left out",
        "Mockoon is left out",
    ]
    assert "java 11 or later is missing: apt-get install default-jre-headless" in left_out[1]
    assert last == "No peer can run here, so nothing is measured."
    assert list(tmp_path.iterdir()) == []


# What is missing


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def test_an_old_program_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "node", "echo v18.20.4")
    with pytest.raises(Missing, match=r"^node is 18, 20 or later is needed: "):
        check(NODE)

    program(tmp_path, "node", "echo v24.1.0 >&2")
    check(NODE)


def test_a_package_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, below = tmp_path / "programs", tmp_path / "below"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    package = Package("npm", "@some/thing@1.2.3", ())
    program(programs, "npm", "echo 'no such host' >&2; exit 1")
    with pytest.raises(Missing, match=r"^@some/thing@1\.2\.3 could not be installed, .*: no such host$"):
        install(package, below)

    program(programs, "npm", f'echo "$@" >> {tmp_path}/said')
    folders = {install(package, below), install(package, below)}

    assert folders == {below / "some-thing-1.2.3"}
    (said,) = (tmp_path / "said").read_text(encoding="utf-8").splitlines()
    assert said.startswith(f"install --prefix {below}/some-thing-1.2.3 --ignore-scripts")
    assert said.endswith(" @some/thing@1.2.3")
    assert package.version == "1.2.3"


# What peers get

ANSWERS = canned.Answers(b"{}", b'{"get":"\xc3\xa4"}', b'{"post":1}', b'{"create":1}')


def test_peers_answer_as_the_emulator_does() -> None:
    (mappings,) = canned.wiremock(ANSWERS).values()
    (environment,) = canned.mockoon(ANSWERS).values()
    expected = [(method, path, answer) for method, path, answer in ANSWERS.routes()]

    assert [
        (one["request"]["method"], one["request"]["urlPath"], one["response"]["body"])
        for one in json.loads(mappings)["mappings"]
    ] == expected
    assert [
        (one["method"].upper(), f"/{one['endpoint']}", one["responses"][0]["body"])
        for one in json.loads(environment)["routes"]
    ] == expected
    assert canned.prism(ANSWERS) == {"openapi.json": b"{}"}


def test_items_are_written_in_parts_and_none_twice() -> None:
    create = dynamo(2).create
    written = [
        put["PutRequest"]["Item"]["id"]["S"]
        for request in create(60)
        for put in json.loads(request.body or b"")["RequestItems"]["jobs"]
    ]

    assert len(create(60)) == 3
    assert len(set(written)) == 60


# The table


def line(row: Row, samples: dict[str, list[float]], refused: dict[str, str] | None = None) -> Line:
    return Line(row, (canned_peer("Quick"), storing("Slow")), samples, refused or {})


def storing(name: str) -> Peer:
    return Peer(name, Request(HEALTH), lambda _: [], stores=True)


RATE = Row("get", "get", "GET", "requests/s", more_is_better=True, goals={"Quick": Goal(1.5, at_least=True)})
TIME = Row("create", "create", "create", "ms", must_store=True, goals={"Slow": Goal(0.5), "Quick": Goal(2)})


@pytest.mark.parametrize(
    ("row", "samples", "cells"),
    [
        (
            RATE,
            {"ours": [3.0, 1.0, 2.0], "Quick": [1.0], "Slow": [0.5]},
            ["GET, requests/s", "2.00", "1.00", "0.500", "2.00 × Quick", "≥ 1.50 × Quick: 2.00"],  # noqa: RUF001
        ),
        (
            RATE,
            {"ours": [1.0], "Quick": [1.0], "Slow": [4.0]},
            ["GET, requests/s", "1.00", "1.00", "4.00", "0.25 × Slow", "≥ 1.50 × Quick: 1.00 (missed)"],  # noqa: RUF001
        ),
        (
            TIME,
            {"ours": [1.0], "Quick": [0.1], "Slow": [4.0]},
            [
                "create, ms",
                "1.00",
                "0.100",
                "4.00",
                "0.25 × Slow",  # noqa: RUF001
                "≤ 0.50 × Slow: 0.25; ≤ 2.00 × Quick: 10.00 (missed)",  # noqa: RUF001
            ],
        ),
        (
            TIME,
            {"ours": [1.0]},
            ["create, ms", "1.00", "", "", "", "≤ 0.50 × Slow: not measured; ≤ 2.00 × Quick: not measured"],  # noqa: RUF001
        ),
    ],
)
def test_a_line_has_the_best_peer_and_the_targets(row: Row, samples: dict[str, list[float]], cells: list[str]) -> None:
    assert line(row, samples).cells() == cells


def test_a_refusal_stands_in_its_cell() -> None:
    cells = line(TIME, {"ours": [1.0], "Slow": [2.0]}, {"Quick": "refused: 413"}).cells()

    assert cells[1:4] == ["1.00", "refused: 413", "2.00"]


def test_the_table_has_a_column_for_each_server_and_a_line_for_each_operation() -> None:
    peers = catalogue.PEERS
    found = lines(peers, Sizes(), Samples())

    assert [title for title in columns(peers) if title.endswith("◦")] == [
        peer.title for peer in peers if not peer.stores
    ]
    assert len(columns(peers)) == len(peers) + 4
    assert {name for one in found for name, _, _ in one.targets()} == {"Prism", "WireMock", "Mockoon"}
    assert OURS.stores


def test_memory_is_that_of_a_process_and_its_descendants() -> None:
    assert memory_of_tree(10, " 1 0 5\n10 1 100\n11 10 20\n12 11 3\n13 1 1000\n") == 123
