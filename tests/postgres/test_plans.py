"""How the server finds what hot statements ask for, also while its statistics are older than the rows."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from bench import places
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.engine import batches
from reprompt_mock.engine.doors import Engine
from reprompt_mock.store import statements

MANY = 4000
PLANS = {
    "status": (statements.PLACES_OF_RUN, "job_pkey"),
    "page": (statements.RESULTS_OF_RUN, "job_pkey"),
    "small status": (statements.PLACES_BY_STATUS, "job_pkey"),
    "recount": (statements.RECOUNT_DUE, "job_pkey"),
    "a place": (statements.RESULTS_OF_PLACE, "ix_job_place"),
}
IN_ORDER = ("status", "page")


def create(engine: Engine, slug: str, count: int) -> None:
    """Create a batch."""
    request = parse_batch(places.body(count, batch_id="b"), max_jobs=10**6)
    engine.write(engine.arrive(slug), batches.create, request)


@pytest.fixture(params=["none", "of hardly any rows"])
def filled(engine: Engine, address: str, request: pytest.FixtureRequest) -> Engine:
    """An engine with large batches, whose server has no statistics or outdated ones."""
    create(engine, "small", 3)
    if request.param != "none":
        with psycopg.connect(address, autocommit=True) as connection:
            for table in ("world", "batch", "submission", "job"):
                connection.execute(f"ANALYZE {table}".encode())
    for slug in ("one", "two", "three"):
        create(engine, slug, MANY)
    return engine


def test_hot_statements_find_rows_by_their_indexes_and_sort_no_pages(filled: Engine) -> None:
    plans = filled.read(filled.arrive("two"), explained)
    for name, (_, index) in PLANS.items():
        assert index in plans[name], f"{name}: {plans[name]}"
        assert "Seq Scan on job" not in plans[name], f"{name}: {plans[name]}"
    for name in IN_ORDER:
        assert "Sort" not in plans[name], plans[name]


def explained(reading: Any) -> dict[str, str]:
    """Give the plan of each statement."""
    session, world = reading.session, reading.state.row
    batch = batches.find(reading, "b").pk
    ((first, last),) = session.rows(statements.few_runs("batch", 9), {"batch": batch})
    values = {
        "world": world, "batch": batch, "first_key": first, "last_key": last, "now": reading.now, "lag": 0,
        "place_id": "x",
    }  # fmt: skip
    return {
        name: "\n".join(line for (line,) in session.rows(f"EXPLAIN {statement}", values))
        for name, (statement, _) in PLANS.items()
    }
