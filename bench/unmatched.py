"""Rules and faults that match nothing: ids, names and paths, exact and with wildcards of every kind."""

from __future__ import annotations

import orjson

_NAMED = ("Nowhere {}", "Nowhere {} *", "*Nowhere {}*", "[N-Z]owhere {}", "* Nowhere-{}", "Caf? {}-*x")
_IDENTIFIED = ("nowhere-{}", "nowhere-{}-*", "*-nowhere-{}-*", "now?ere-{}", "airport-*-x{}", "[!a-z]{}-*")
_PATHS = (
    "/v1/bench/place_enrichment/batches/nowhere-{}",
    "/v1/bench/place_enrichment/batches/nowhere-{}/*",
    "/v1/*/place_enrichment/batches/nowhere-{}",
    "*/batches/nowhere-{}*",
    "/v1/*/jobs/?{}-*",
)


def rules(count: int) -> bytes:
    """Return the body that adds rules for place ids and names in turn."""
    globs = [("place_id", glob) for glob in _IDENTIFIED] + [("name", glob) for glob in _NAMED]
    matches = [_numbered(globs, number) for number in range(count)]
    return orjson.dumps([{"match": match, "then": {"outcome": "failed"}} for match in matches])


def faults(count: int) -> bytes:
    """Return the body that adds faults: for paths with and without an operation, and for another method."""
    globs = [("path", glob) for glob in _PATHS]
    kinds: tuple[dict[str, str], ...] = ({}, {"method": "GET"}, {"operation": "get_batch"}, {"method": "PATCH"})
    matches = [_numbered(globs, number) | kinds[number % len(kinds)] for number in range(count)]
    return orjson.dumps([{"match": match, "then": {"status": 503}} for match in matches])


def _numbered(globs: list[tuple[str, str]], number: int) -> dict[str, str]:
    condition, glob = globs[number % len(globs)]
    return {condition: glob.format(number)}
