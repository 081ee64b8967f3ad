"""The common statements as PostgreSQL takes them: with numbered places for values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.store.statements import NAME_OF_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.store.session import Values

_NAME = "convert_from(place, 'UTF8')::json ->> 'name'"
_PLACE = re.compile(r"'[^']*'|\?(?P<number>\d*)|(?<![:\w]):(?P<name>[a-z_]\w*)")

_NUMBER = re.compile(r"'[^']*'|\$(\d+)")


class Numbered(NamedTuple):
    """A statement with places $1, $2 and so on, and the names of their values; no names if values come in order."""

    text: str
    names: tuple[str, ...]

    def arranged(self, values: Values) -> Any:
        """Return values in the order of their places."""
        return [values[name] for name in self.names] if self.names else values  # type: ignore[call-overload] # by name


@lru_cache(maxsize=1024)
def numbered(statement: str) -> Numbered:
    """Write a statement whose places are `?`, `?1` or `:name` with numbered ones; texts in quotes stay as they are."""
    names: dict[str, int] = {}
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found["name"]:
            return f"${names.setdefault(found['name'], len(names) + 1)}"
        if found["number"] is None:
            return found[0]
        count += 1
        return f"${found['number'] or count}"

    return Numbered(_PLACE.sub(place, statement.replace(NAME_OF_PLACE, _NAME)), tuple(names))


def inlined(statement: str, values: Values, quoted: Callable[[Any], str]) -> str:
    """Write values into a statement, as texts that `quoted` makes of them, so that others can go with it in one."""
    texts = [quoted(value) for value in numbered(statement).arranged(values)]
    return "".join([piece if isinstance(piece, str) else texts[piece] for piece in _pieces(statement)])


@lru_cache(maxsize=1024)
def _pieces(statement: str) -> list[str | int]:
    """Cut a statement at its places; each is the position of its value."""
    text, pieces, start = numbered(statement).text, list[str | int](), 0
    for found in _NUMBER.finditer(text):
        if found[1]:
            pieces += [text[start : found.start()], int(found[1]) - 1]
            start = found.end()
    return [*pieces, text[start:]]
