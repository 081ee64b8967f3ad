"""Addresses of PostgreSQL databases, whose secrets are never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_SCHEME = re.compile(r"postgres(ql)?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dsn:
    """The address of a database; as text it shows the server and the name alone.

    Attributes:
        secret: the address as it was given, perhaps with a password.
    """

    secret: str = field(repr=False)

    def __str__(self) -> str:
        """Return the address without user, password and options."""
        try:
            parts = urlsplit(self.secret)
            hosts = parts.netloc.rpartition("@")[2]
        except ValueError:
            return "postgresql://…"
        return f"postgresql://{hosts}{parts.path}"


def is_dsn(text: str) -> bool:
    """Return whether a text is meant as the address of a PostgreSQL database."""
    return _SCHEME.match(text) is not None
