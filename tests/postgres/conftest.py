"""What tests of PostgreSQL share: a schema of their own on a real server, and an engine on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from reprompt_mock.engine.doors import Engine
from reprompt_mock.settings import load
from tests.stores import MISSING, new_schema


@pytest.fixture
def address() -> str:
    """The address of an empty schema."""
    address = new_schema()
    if address is None:
        pytest.skip(MISSING)
    return address


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    """An engine on it, whose worlds are paused."""
    engine = opened(address)
    yield engine
    engine.close()


def alone(connection: psycopg.Connection[Any]) -> bool:
    """Take a schema for a connection alone, as emulators did before they shared; return whether it was free."""
    key = "hashtextextended('reprompt-mock ' || current_schema(), 2)"
    (got,) = connection.execute(f"SELECT pg_try_advisory_lock({key})").fetchone() or (False,)
    return bool(got)


def opened(address: str, **settings: Any) -> Engine:
    """Open an engine."""
    return Engine(load({"clock": "paused", "db": address, **settings}, environ={}))
