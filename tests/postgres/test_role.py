"""The role that deploy/ makes has what an emulator needs, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from reprompt_mock.engine import batches
from tests.postgres.conftest import opened
from tests.stores import MISSING, server

FILE = Path(__file__).parents[2] / "deploy" / "role.sql"


@pytest.fixture
def role(worker_id: str) -> Iterator[str]:
    """The address of a server, for a role and schema that the file made."""
    address = server()
    if address is None:
        pytest.skip(MISSING)
    name = f"role_{worker_id}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(FILE.read_text(encoding="utf-8").replace("reprompt_mock", name).encode())
        yield re.sub(r"//[^@]*@", f"//{name}@", address)
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
        connection.execute(f"DROP ROLE {name}".encode())


def test_an_emulator_needs_no_more_than_the_role_has(role: str) -> None:
    engine = opened(role)
    try:
        assert engine.read(engine.arrive("acme"), batches.page, "", limit=9, offset=0).batches == []
    finally:
        engine.close()


@pytest.mark.parametrize("statement", ["CREATE SCHEMA more", "CREATE ROLE more", "CREATE DATABASE more"])
def test_the_role_may_make_nothing_else(role: str, statement: str) -> None:
    with psycopg.connect(role, autocommit=True) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
