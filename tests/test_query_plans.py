"""How the database finds what statements ask for: by the index that is there for them, and never by a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.event_loop import new_loop
from reprompt_mock.settings import load
from reprompt_mock.store.definitions import index_definition
from reprompt_mock.store.sqlite import SqliteSession
from tests.conftest import LONDON, Org

INDEXES = sorted(str(index.name) for table in SQLModel.metadata.tables.values() for index in table.indexes)
KEY = "key"
MEANT_TO_SCAN = {
    "SELECT 1 FROM world LIMIT 1": "it reads a row, whichever, so that the transaction begins",
}
"""Statements that begin to read a whole table, with the reason why they may."""

_STEP = re.compile(r"(SCAN|SEARCH) (?:TABLE )?(\w+)(?: AS (\w+))?(?: USING .*?INDEX (\w+))?")


@dataclass(frozen=True)
class Access:
    """How a statement reads a table: by an index, by the primary key, or (without either) from end to end."""

    table: str
    by: str | None

    @classmethod
    def read(cls, detail: str) -> Access | None:
        """Read a line of a plan; None for one that reads no table."""
        step = _STEP.match(detail)
        if step is None:
            return None
        how, table, alias, index = step.groups()
        return cls(alias or table, (index or KEY) if how == "SEARCH" and "AUTOMATIC" not in detail else None)


Statements = dict[str, Any]
"""Statements with the values that they were run with."""


def empty_store(without: str | None = None) -> sqlite3.Connection:
    """Make a database with the tables of the store but one index; plans do not depend on what is in tables."""
    connection = sqlite3.connect(":memory:")
    for table in SQLModel.metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        for index in table.indexes:
            if index.name != without:
                connection.execute(index_definition(index, sqlite.dialect()))
    return connection


def accesses(connection: sqlite3.Connection, statements: Statements) -> set[Access]:
    """Give how statements read tables, what they work out themselves aside."""
    rows = [
        row
        for statement, values in statements.items()
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    ]
    found = {access for row in rows if (access := Access.read(row[3])) is not None}
    return {access for access in found if access.table != "counted"}


def recording(patch: pytest.MonkeyPatch) -> list[Statements]:
    """Have sessions note their statements in the last of the dictionaries that are given."""
    noted: list[Statements] = [{}]

    def note(name: str) -> None:
        run = getattr(SqliteSession, name)

        def noting(self: SqliteSession, statement: str, values: Any = ()) -> Any:
            given = list(values) if name == "many" else values
            if name != "many" or given:
                noted[-1].setdefault(" ".join(statement.split()), given[0] if name == "many" else given)
            return run(self, statement, given)

        patch.setattr(SqliteSession, name, noting)

    for name in ("rows", "one", "value", "run", "many", "insert"):
        note(name)
    return noted


@pytest.fixture(scope="module")
def statements() -> dict[str, Statements]:
    """The statements of requests, by the request's name, in an emulator with several batches in several worlds."""
    app = create_app(load({"clock": "paused"}, environ={}))
    by_request: dict[str, Statements] = {}
    with TestClient(app, backend_options={"loop_factory": new_loop}) as http, pytest.MonkeyPatch.context() as patch:
        orgs = [Org(http, slug, {"apiKey": "k"}) for slug in ("first", "second", "third")]
        for org in orgs:
            for batch_id in ("a", "b", "c"):
                org.create(*(f"{batch_id}-{number}" for number in range(5)), batch_id=batch_id)
        noted = recording(patch)
        for name, request in requests(orgs[1], app.engine.tick).items():
            noted.append({})
            request()
            by_request[name] = noted[-1]
    return by_request


def requests(org: Org, tick: Callable[[], None]) -> dict[str, Callable[[], Any]]:
    """Give the requests by name, in the order in which they can be made."""
    alone = {"place_id": "alone", "inputs": LONDON}
    held = {"match": {}, "then": {"hold": "queued"}}
    again = {"failed_only": False, "refresh": True}
    pages = f"/_mock/ui/fragments/orgs/{org.slug}"

    def restore() -> None:
        snapshot = org.control("GET", "/snapshot")
        assert org.other().control("PUT", "/snapshot", snapshot.json()).status_code == 200

    def move() -> None:
        org.set(places_move=True)
        org.create("c-3", batch_id="a")
        org.set(places_move=False)

    def export() -> None:
        org.set(export_inline_rows=0, export_queued_seconds=0)
        body = {"batch_ids": ["a", "b"]}
        assert org.call("POST", "/exports", json=body, headers={"Idempotency-Key": "k"}).status_code == 202

    def download() -> None:
        org.settle()
        (made,) = org.get("/exports")["exports"]
        assert org.call("GET", f"/exports/{made['id']}/download").status_code == 200

    def purge() -> None:
        for _ in range(10):
            tick()

    return {
        "advance": lambda: org.advance(1.5),
        "status": lambda: org.batch("b"),
        "status with attributes": lambda: org.batch("b", enrichments="websites"),
        "page of results": lambda: org.get("/jobs", batchId="b", limit=2, offset=1),
        "late page of results": lambda: org.get("/jobs", batchId="b", offset=500),
        "page of all results": lambda: org.get("/jobs", limit=2),
        "results of a day": lambda: org.get("/jobs", day="2026-01-01"),
        "list": lambda: org.get("/batches", limit=2),
        "one job": lambda: org.get("/jobs/b-1"),
        "append": lambda: org.create("b-1", "b-new", batch_id="b", attributes=["wi_fi"]),
        "create": lambda: org.create("b-1", attributes=["menu"]),
        "create what moves": move,
        "create alone": lambda: org.post("/jobs", alone),
        "settle a batch": lambda: org.settle("b"),
        "settle": org.settle,
        "reprocess": lambda: org.post("/batches/b/reprocess", again),
        "reprocess places": lambda: org.post("/jobs/reprocess", {"place_ids": ["b-1", "alone"], **again}),
        "hold": lambda: org.control("POST", "/rules", held),
        "create what is held": lambda: org.create("held", batch_id="held"),
        "release": lambda: org.control("POST", "/release", {}),
        "timeline": lambda: org.control("GET", "/timeline"),
        "timeline of a batch": lambda: org.control("GET", "/timeline?batch_id=b"),
        "dashboard of a batch": lambda: org.http.get(f"{pages}/batch?id=b&status=failed&q=b"),
        "dashboard of a place": lambda: org.http.get(f"{pages}/place?batch=b&id=b-1"),
        "wait": lambda: org.control("POST", "/wait", {"batch_id": "b", "timeout_seconds": 0}),
        "summary": lambda: org.control("GET"),
        "snapshot": restore,
        "export": export,
        "repeat an export": export,
        "list exports": lambda: org.get("/exports", limit=1),
        "rename what is exported": lambda: org.call("PUT", "/batches/b", json={"batch_name": "Other"}),
        "download": download,
        "snapshot with a file": restore,
        "delete a job": lambda: org.call("DELETE", "/jobs/b-2"),
        "delete": lambda: org.call("DELETE", "/batches/c"),
        "forget": lambda: org.other().control("DELETE"),
        "purge": purge,
    }


BY_BATCH = [("came", "ix_submission_batch"), ("job", KEY)]
HOT: dict[str, list[tuple[str, str]]] = {
    "advance": [("batch", "ix_batch_due"), ("stale", KEY), *BY_BATCH, ("batch", KEY)],
    "status": [("batch", "ix_batch_id"), *BY_BATCH],
    "status with attributes": [*BY_BATCH],  # the batch itself was read by the status before
    "page of results": [("batch", "ix_batch_id"), *BY_BATCH],
    "late page of results": BY_BATCH,
    "page of all results": [("came", "ix_submission_world"), ("job", KEY)],
    "results of a day": [("submission", "ix_submission_world"), ("came", "ix_submission_world"), ("job", KEY)],
    "list": [("batch", "ix_batch_id"), ("batch", KEY)],
    "one job": [("job", "ix_job_place"), ("batch", KEY)],
    "append": [("batch", "ix_batch_id"), ("job", "ix_job_place"), ("document", "ix_document_digest"), ("batch", KEY)],
    "create": [("batch", "ix_batch_id"), ("document", "ix_document_digest")],
    "create what moves": [("job", "ix_job_place"), ("batch", KEY)],
    "create alone": [("batch", "ix_batch_id"), ("job", "ix_job_place")],
    "settle a batch": [("batch", "ix_batch_id"), *BY_BATCH],
    "settle": [("batch", "ix_batch_due"), *BY_BATCH],
    "reprocess": [("batch", "ix_batch_id"), *BY_BATCH],
    "reprocess places": [("job", "ix_job_place"), ("job", KEY)],
    "release": [("job", "ix_job_held"), ("batch", KEY)],
    "timeline": [("came", "ix_submission_world"), ("job", KEY), ("latest", KEY)],
    "timeline of a batch": [("batch", "ix_batch_id"), *BY_BATCH, ("latest", KEY)],
    "dashboard of a batch": [("batch", "ix_batch_id"), *BY_BATCH],
    "dashboard of a place": [("batch", "ix_batch_id"), ("job", "ix_job_place"), ("submission", KEY)],
    "wait": [("batch", "ix_batch_id")],
    "snapshot": [("batch", "ix_batch_id"), ("job", KEY), ("stale", KEY), *BY_BATCH],
    "export": [("batch", "ix_batch_id"), ("export", "ix_export_key")],
    "list exports": [("export", "ix_export_order")],
    "rename what is exported": [("export", "ix_export_order"), ("submission", "ix_submission_batch"), ("job", KEY)],
    "download": [("export", "ix_export_id"), ("artifact", "ix_artifact_part")],
    "snapshot with a file": [("artifact", "ix_artifact_world")],
    "delete a job": [("job", "ix_job_place"), ("job", KEY)],
    "delete": [("submission", "ix_submission_batch"), ("batch", KEY)],
    "purge": [("world", "sqlite_autoindex_world_1"), ("submission", "ix_submission_world"), ("job", KEY)],
}
"""How the statements of a request find rows, by the names that they give to tables."""


def missing(connection: sqlite3.Connection, name: str, statements: Statements) -> set[Access]:
    """Give the ways by which a request's statements do not find rows, though they should."""
    return {Access(*expected) for expected in HOT[name]} - accesses(connection, statements)


@pytest.mark.parametrize("name", HOT)
def test_statements_find_rows_by_their_indexes(statements: dict[str, Statements], name: str) -> None:
    assert missing(empty_store(), name, statements[name]) == set()


def test_no_statement_reads_a_whole_table(statements: dict[str, Statements]) -> None:
    connection = empty_store()
    every = {statement: values for seen in statements.values() for statement, values in seen.items()}
    scans = {one for one, values in every.items() if any(not way.by for way in accesses(connection, {one: values}))}

    assert len(every) > 40
    assert scans == set(MEANT_TO_SCAN)


@pytest.mark.parametrize("index", INDEXES)
def test_a_lost_index_is_noticed(statements: dict[str, Statements], index: str) -> None:
    """So each index serves a statement that is hot."""
    connection = empty_store(without=index)

    assert [name for name in HOT if missing(connection, name, statements[name])]


@pytest.mark.parametrize(
    ("detail", "access"),
    [
        ("SCAN job", Access("job", None)),
        ("SCAN job USING COVERING INDEX ix_job_place", Access("job", None)),
        ("SCAN TABLE submission AS came", Access("came", None)),
        ("SEARCH job USING INTEGER PRIMARY KEY (rowid=?)", Access("job", KEY)),
        ("SEARCH body USING PRIMARY KEY (world=?)", Access("body", KEY)),
        ("SEARCH batch USING COVERING INDEX ix_batch_due (world=?)", Access("batch", "ix_batch_due")),
        ("SEARCH job USING AUTOMATIC COVERING INDEX (world=?)", Access("job", None)),
        ("USE TEMP B-TREE FOR GROUP BY", None),
    ],
)
def test_a_line_of_a_plan_is_understood(detail: str, access: Access | None) -> None:
    assert Access.read(detail) == access
