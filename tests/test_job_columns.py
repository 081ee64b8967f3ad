"""Every column of a job is named once: the values that are written follow the table."""

from __future__ import annotations

from dataclasses import fields

from reprompt_mock.store.columns import NewJobs, Restarts
from reprompt_mock.store.statements import JOB_COLUMNS, RESTART_COLUMNS
from reprompt_mock.tables import Job


def test_new_jobs_name_every_column_of_the_table() -> None:
    assert tuple(field.name for field in fields(NewJobs)) == tuple(Job.model_fields) == JOB_COLUMNS


def test_restarts_name_their_key_and_every_column_that_a_restart_sets() -> None:
    assert {field.name for field in fields(Restarts)} == {"pk", *RESTART_COLUMNS}
    assert set(RESTART_COLUMNS) < set(JOB_COLUMNS)
