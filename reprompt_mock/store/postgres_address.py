"""What the address of a PostgreSQL database says, and what it need not say."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reprompt_mock.errors import DatabaseUnreadable

if TYPE_CHECKING:
    from reprompt_mock.dsn import Dsn

_DEFAULTS = {
    "connect_timeout": "2",
    "target_session_attrs": "read-write",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "reprompt-mock",
    "client_encoding": "UTF8",
}
"""What an address need not say; it may say otherwise."""
_SERVER = {
    "jit": "off",  # compiling a recount takes longer than running it
    "work_mem": "32MB",
    "enable_bitmapscan": "off",  # it loses the order of keys, which then are sorted
    "random_page_cost": "1.1",
    "synchronous_commit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "datestyle": "ISO",
}
"""Parameters of the server for these connections; those in the address's `options` come later and win."""
_POOLER = re.compile(r"(?<=[?&])pgbouncer=(?P<value>[^&]*)&?")
_PLAIN = re.compile(r"[^'\\\0]*")
"""A text that means the same in quotes, whatever a server takes a backslash for."""
_SAID = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Address:
    """How to connect.

    Attributes:
        conninfo: the address as libpq takes it.
        keywords: what the driver is told besides.
        prelude: a statement that begins each transaction through a pooler in transaction mode, where nothing that was
            set before lasts; "" for a server itself.
    """

    conninfo: str
    keywords: dict[str, Any]
    prelude: str = ""

    @property
    def is_pooled(self) -> bool:
        """Whether a session may have another connection to the server after each transaction."""
        return bool(self.prelude)


def read(dsn: Dsn) -> Address:
    """Read an address.

    Raises:
        DatabaseUnreadable: it cannot be read.
    """
    said = _POOLER.search(dsn.secret)
    is_pooled = _SAID.get(said["value"]) if said else False
    if is_pooled is None:
        raise DatabaseUnreadable(path=dsn, reason="`pgbouncer` in its address is neither true nor false")
    try:
        given = conninfo_to_dict(_POOLER.sub("", dsn.secret))
    except psycopg.Error:
        raise DatabaseUnreadable(path=dsn, reason="its address cannot be read") from None
    options = str(given.pop("options", None) or "")
    keywords = {"autocommit": True, "cursor_factory": psycopg.RawCursor}
    if is_pooled:
        conninfo = make_conninfo("", **{**_DEFAULTS, **given})
        return Address(conninfo, {**keywords, "prepare_threshold": None}, _prelude({**_SERVER, **_parameters(options)}))
    ours = " ".join(f"-c {name}={value}" for name, value in _SERVER.items())
    return Address(make_conninfo("", **{**_DEFAULTS, **given, "options": f"{ours} {options}".strip()}), keywords)


def _parameters(options: str) -> dict[str, str]:
    """Read the parameters in `options`, which has the form of a command line: -c name=value, --name=value."""
    words = (word.removeprefix("-c").removeprefix("--") for word in shlex.split(options))
    return {name: value for name, is_set, value in (word.partition("=") for word in words) if is_set}


def _prelude(parameters: dict[str, str]) -> str:
    calls = (f"set_config({quoted(name)}, {quoted(value)}, true)" for name, value in parameters.items())
    return f"SELECT {', '.join(calls)};"


def quoted(value: Any, connection: psycopg.Connection[Any] | None = None) -> str:
    """Write a value as a literal; what is true or false is a number in all tables.

    The driver, which asks the connection how to write a text, takes five times as long as the common cases do here.
    """
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return f"{int(value)}" if value >= 0 else f" {int(value)}"  # "--" would begin a comment
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return f"'{value}'"
    if isinstance(value, bytes | bytearray):
        return rf"E'\\x{value.hex()}'::bytea"
    return sql.Literal(value).as_string(connection)
