"""Measures the emulator beside its peers and prints one table, also written to build/bench-peers.md and .json.

Packages are installed into build/peers and stay there. A peer that cannot run here is left out, with a line that says
what is missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import report
from bench.peers import table
from bench.peers.catalogue import PEERS, Peer
from bench.peers.install import Missing, install
from bench.peers.measure import Arena, Sizes, answers_of_ours, measure
from bench.servers import ROOT, Bay, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTES = """\
◦ does not store: it answers what it was given, whatever was sent before.
moto has no such API: its DynamoDB stores an item for each job (GetItem, PutItem, BatchWriteItem of 25).
"""


def main(arguments: Sequence[str] | None = None, peers: Sequence[Peer] = PEERS) -> int:
    """Run the bench; return 0, also where no peer can run."""
    options = _parser(peers).parse_args(arguments)
    sizes = Sizes(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Sizes)})
    chosen = [peer for peer in peers if not options.peer or _word(peer) in options.peer]
    installed, missing = available(chosen, options.installed)
    present = [peer for peer in chosen if peer.name not in missing]
    if not present or (missing and not installed):
        print("No peer can run here, so nothing is measured.")
        return 0
    facts = report.facts(sizes)
    report.warn_if_busy()
    bay = Bay(Target())
    try:
        samples = measure(Arena(bay, answers_of_ours(bay, sizes), installed), present, sizes)
    finally:
        bay.close()
    started = [peer for peer in present if peer.name not in samples.left_out]
    _write(options.out, table.lines(started, sizes, samples), facts, missing | samples.left_out)
    return 0


def _parser(peers: Sequence[Peer]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Measure the emulator beside peers.")
    names = [_word(peer) for peer in peers]
    parser.add_argument("--peer", action="append", choices=names, help="only this peer; can be repeated")
    parser.add_argument("--out", type=Path, default=ROOT / "build", metavar="DIR", help="where bench-peers.* go")
    parser.add_argument(
        "--installed", type=Path, default=ROOT / "build" / "peers", metavar="DIR", help="where packages are kept"
    )
    for field in dataclasses.fields(Sizes):
        parser.add_argument(
            f"--{field.name}", type=type(field.default), default=field.default, metavar="N", help=f"{field.default:,}"
        )
    return parser


def _word(peer: Peer) -> str:
    return peer.name.partition(" ")[0].lower()


def available(peers: Sequence[Peer], below: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Install what is not there yet; return the folders of the packages and why peers are missing, by name."""
    installed: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for peer in peers:
        if peer.package is None:
            continue
        try:
            installed[peer.name] = install(peer.package, below)
        except Missing as error:
            missing[peer.name] = str(error)
            print(f"{peer.name} is left out: {error}", flush=True)
    return installed, missing


def _write(out: Path, lines: Sequence[table.Line], facts: dict[str, Any], missing: dict[str, str]) -> None:
    peers = lines[0].peers
    out.mkdir(parents=True, exist_ok=True)
    document = facts | {
        "peers": {peer.name: peer.package.version if peer.package else None for peer in peers},
        "missing": missing,
        "rows": [line.as_json() for line in lines],
    }
    report.write(out / "bench-peers", table.columns(peers), [line.cells() for line in lines], document)
    print(_NOTES, end="")


if __name__ == "__main__":
    sys.exit(main())
