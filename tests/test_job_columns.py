"""Every column of a job is named once: the values that are written follow the table."""

from __future__ import annotations

import sqlite3
from dataclasses import fields

import pytest

from reprompt_mock.store.columns import NewJobs, Restarts
from reprompt_mock.store.sqlite import _ROWS, SqliteSession
from reprompt_mock.store.statements import JOB_COLUMNS
from reprompt_mock.tables import Job


def test_new_jobs_name_every_column_of_the_table() -> None:
    assert tuple(field.name for field in fields(NewJobs)) == tuple(Job.model_fields) == JOB_COLUMNS


def test_restarts_name_columns_of_the_table_and_none_of_what_a_job_is() -> None:
    named = {field.name for field in fields(Restarts)}
    assert named < set(JOB_COLUMNS)
    assert named.isdisjoint({"world", "batch", "place_id", "created_in", "place", "last_enriched"})


@pytest.mark.parametrize("size", [0, 1, _ROWS - 1, _ROWS, _ROWS + 1, 3 * _ROWS - 1, 3 * _ROWS])
def test_rows_that_are_inserted_together_are_all_there_with_what_is_common_to_them(size: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE seen (pk INTEGER PRIMARY KEY, kind INTEGER, name TEXT, note TEXT)")
    names = [f"n{number}" for number in range(size)]
    SqliteSession(connection).fill("seen", {"pk": range(size), "kind": 7, "name": names, "note": None}, size)
    assert connection.execute("SELECT * FROM seen").fetchall() == [(pk, 7, f"n{pk}", None) for pk in range(size)]
    connection.close()
