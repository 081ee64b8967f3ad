"""Drift: a newer published document is held against the emulator's own, fact by fact."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock import drift
from reprompt_mock.api.app import service_document
from reprompt_mock.cli import main

BATCHES = "/v1/{org_slug}/place_enrichment/batches"
SMALL: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10, "default": 5}},
                    {"name": "apiKey", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "404": {"description": "none"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "kind": {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                },
            }
        }
    },
}


def changed(change: Callable[[Any], object]) -> list[tuple[str, str]]:
    """What differs once a change was published: kind and part."""
    published = copy.deepcopy(SMALL)
    change(published)
    found = drift.differences(drift.facts_of(published), drift.facts_of(SMALL))
    return [(one.kind, one.part) for one in found if "[]" not in one.part]


THING = "GET /things/{id}"
CHANGES: dict[str, tuple[Callable[[Any], object], list[tuple[str, str]]]] = {
    "nothing": (lambda _: None, []),
    "a description": (lambda one: one["paths"]["/things/{id}"]["get"].update(summary="Other"), []),
    "an operation more": (
        lambda one: one["paths"]["/things/{id}"].update(delete={"responses": {"204": {}}}),
        [("new", "")],
    ),
    "an operation less": (lambda one: one["paths"].clear(), [("gone", "")]),
    "a parameter more": (
        lambda one: one["paths"]["/things/{id}"]["get"]["parameters"].append({"name": "x", "in": "query"}),
        [("new", "query parameter x")],
    ),
    "another bound": (
        lambda one: one["paths"]["/things/{id}"]["get"]["parameters"][1]["schema"].update(maximum=20),
        [("changed", "query parameter limit maximum")],
    ),
    "a field more": (
        lambda one: one["components"]["schemas"]["Thing"]["properties"].update(size={"type": "integer"}),
        [("new", "answer 200 as application/json.size"), ("new", "answer 200 as application/json.size type")],
    ),
    "a field less": (
        lambda one: one["components"]["schemas"]["Thing"]["properties"].pop("id"),
        [("gone", "answer 200 as application/json.id"), ("gone", "answer 200 as application/json.id type")],
    ),
    "another choice": (
        lambda one: one["components"]["schemas"]["Thing"]["properties"]["kind"]["anyOf"][0]["enum"].append("c"),
        [("changed", "answer 200 as application/json.kind enum")],
    ),
    "required now": (
        lambda one: one["components"]["schemas"]["Thing"]["required"].append("kind"),
        [("changed", "answer 200 as application/json.kind")],
    ),
    "another type": (
        lambda one: one["components"]["schemas"]["Thing"]["properties"]["id"].update(type="integer"),
        [("changed", "answer 200 as application/json.id type")],
    ),
    "another answer": (
        lambda one: one["paths"]["/things/{id}"]["get"]["responses"].update({"202": {}}),
        [("new", "answer 202")],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_new_gone_or_changed_is_found(what: str) -> None:
    change, expected = CHANGES[what]
    named = [(kind, part.replace("answer 200.", "answer 200 as application/json.")) for kind, part in changed(change)]
    assert named == expected


def test_known_differences_are_left_out_until_they_change() -> None:
    published, own = drift.facts_of(service_document()), drift.facts_of(service_document())
    key = ("POST /place_enrichment/batches", "body.batch_name type")
    published[key] = "integer"
    (found,) = drift.differences(published, own)
    assert drift.differences(published, own, frozenset({found})) == []
    published[key] = "array"
    assert [one.published for one in drift.differences(published, own, frozenset({found}))] == ["array"]


def test_what_is_known_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = drift.differences(drift.facts_of(SMALL), drift.facts_of(service_document()))
    (tmp_path / "drift_known.json").write_text(drift.as_known(found), encoding="utf-8")
    monkeypatch.setattr(drift, "files", lambda _: tmp_path)
    assert drift.known_differences() == frozenset(found)


def test_every_known_difference_is_still_one() -> None:
    own = drift.facts_of(service_document())
    stale = [one for one in drift.known_differences() if own.get((one.operation, one.part)) != one.emulator]
    assert stale == []


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any, *more: str) -> tuple[int, str, str]:
    file = tmp_path / "published.json"
    file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    code = main(["drift", str(file), *more])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_says_what_differs_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = service_document()
    document["paths"][BATCHES]["post"]["parameters"].append({"name": "dry_run", "in": "query"})
    code, out, _ = run(tmp_path, capsys, document)
    assert code == 1
    lines = out.splitlines()
    start = lines.index("POST /place_enrichment/batches")
    assert "  new: query parameter dry_run: optional" in lines[start:]


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(tmp_path, capsys, SMALL, "--json")
    assert code == 1
    assert {
        "kind": "new",
        "operation": THING,
        "part": "",
        "published": "operation",
        "emulator": None,
    } in json.loads(out)


def test_what_was_accepted_differs_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "drift_known.json"
    assert run(tmp_path, capsys, SMALL, "--accept", str(known)) == (0, "", "")
    monkeypatch.setattr(drift, "files", lambda _: tmp_path)
    code, out, _ = run(tmp_path, capsys, SMALL)
    assert (code, "serves all" in out) == (0, True)


@pytest.mark.parametrize(
    "document", [b"", b"[", b"[]", b"{}", b'{"paths": []}', b"\xff", b"openapi: 3.1.0", b"[" * 9000]
)
def test_what_is_no_document_is_refused_in_a_line(
    document: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(tmp_path, capsys, document)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_file_that_is_not_there_is_refused_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "/nowhere/published.json"]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "odd",
    [
        {"paths": {"/a": None, "/b": {"get": None}, "/c": {"get": {}}}},
        {"paths": {"/a": {"get": {"parameters": [{}], "responses": {"200": {"content": {"x/y": {}}}}}}}},
        {"paths": {"/a": {"post": {"requestBody": {"content": {"a/b": {"schema": {"$ref": "#/x/Nowhere"}}}}}}}},
        {
            "paths": {"/a": {"post": {"requestBody": {"content": {"a/b": {"schema": {"$ref": "#/c/schemas/A"}}}}}}},
            "components": {"schemas": {"A": {"$ref": "#/c/schemas/A"}}},
        },
    ],
)
def test_odd_documents_are_read(odd: Any) -> None:
    assert drift.facts_of(odd) is not None
