"""Rows: a JSON list of lists, decoded some at a time, since as objects all of them take several times the text."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from pydantic_core import core_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import GetCoreSchemaHandler

_SOME = 2_000
"""How many rows are objects at a time."""

Row = list[Any]


class Rows:
    """The rows of a table; to validation and schemas a list of lists.

    Args:
        text: the JSON of a list, which is looked through but not decoded.

    Attributes:
        text: the same.

    Raises:
        msgspec.DecodeError: it is not a list.
    """

    def __init__(self, text: msgspec.Raw | bytes) -> None:
        self.text = text
        self._rows = _ROWS.decode(text)

    def parts(self) -> Iterator[list[Row]]:
        """Decode the rows, some at a time.

        Raises:
            ValueError: one of them is not JSON, or not a list.
        """
        texts = iter(self._rows)
        while some := list(islice(texts, _SOME)):
            rows = orjson.loads(b"[%b]" % b",".join(some))
            if not all(isinstance(row, list) for row in rows):
                raise ValueError("a row is a list")
            yield rows

    def __iter__(self) -> Iterator[Row]:
        for part in self.parts():
            yield from part

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Take rows as they are, and lists of lists."""
        return core_schema.no_info_wrap_validator_function(cls._validated, handler(list[list[Any]]))

    @classmethod
    def _validated(cls, value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Rows:
        if isinstance(value, Rows):
            return value
        return cls(orjson.dumps(handler(value)))


_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
