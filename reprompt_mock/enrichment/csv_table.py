"""The table of an export: the columns of a CSV of results, and their contents (contract K7)."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.countries import country_of
from reprompt_mock.enrichment.finders.national import NATIONAL_FORMS
from reprompt_mock.numerals import written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

FIXED = ("batch_id", "batch_name", "place_id", "status")
_PARTS = ("original", "enriched", "status", "confidence", "reasoning")
_ORIGINAL = _PARTS.index("original")
_NATIONAL = "address_localized"
"""A field that only some countries have, so that most results need not be derived to see that it is blank."""
_ADDED = "input_type"
"""What results add to a client's inputs."""


class Column(NamedTuple):
    """A column: one part of a field and its key in results; `attribute` is the field's attribute, if any."""

    field: str
    part: int
    key: str
    attribute: str | None = None

    @property
    def title(self) -> str:
        """The column's title in the header line."""
        return f"{self.field}_{_PARTS[self.part]}"


def _catalogue() -> dict[str, list[Column]]:
    """Return the columns of every field; fields are the output keys, in the catalogue's order."""
    found: dict[str, list[Column]] = {}
    for one in CATALOGUE.values():
        for position, name in enumerate(one.outputs):
            score, reason = (_beside(name, keys, position, one.outputs) for keys in (one.confidence, one.reasoning))
            keys = (name, name, one.name, score, reason)
            columns = [Column(name, part, key, one.name) for part, key in enumerate(keys) if key is not None]
            found.setdefault(name, columns)
    return found


def _beside(name: str, keys: Sequence[str], position: int, outputs: Sequence[str]) -> str | None:
    """Return the key of a field's score or reason; one without a field belongs to the attribute's first field."""
    if name in keys:
        return name
    return next((key for key in keys if position == 0 and key not in outputs), None)


FIELDS: Mapping[str, Sequence[Column]] = _catalogue()


def _sources(result: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the part of a result that contains each part of a field."""
    statuses = result["job_metadata"]["attribute_status"]
    return result["inputs"], result["outputs"], statuses, result["confidence_scores"], result["reasoning"]


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


class Survey:
    """Finds the columns that are not blank in every row; it needs only results that may show further ones."""

    def __init__(self) -> None:
        self._inputs: dict[str, None] = {}
        self._used: set[Column] = set()
        self._unseen: dict[Any, set[Column]] = {}

    def add_inputs(self, inputs: Mapping[str, Any]) -> None:
        """Record the inputs of a place."""
        for name, value in inputs.items():
            if name not in self._inputs and not _is_blank(value) and name != _ADDED:
                self._inputs[name] = None

    def wants(self, alike: Any, attributes: Collection[str], inputs: Mapping[str, Any]) -> bool:
        """Return whether a result may show a column that was not seen yet.

        Args:
            alike: a hashable value that stands for all results with these attributes.
            attributes: the attributes for which the results have any values.
            inputs: the result's inputs.
        """
        if alike not in self._unseen:
            shown = (column for columns in FIELDS.values() for column in columns if column.attribute in attributes)
            self._unseen[alike] = {column for column in shown if column.part != _ORIGINAL}
        unseen = self._unseen[alike]
        unseen -= self._used
        return any(column.field != _NATIONAL for column in unseen) or (
            bool(unseen) and country_of(inputs) in NATIONAL_FORMS
        )

    def add(self, alike: Any, result: Mapping[str, Any]) -> None:
        """Record which columns a result shows."""
        sources = _sources(result)
        for column in self._unseen[alike]:
            if not _is_blank(sources[column.part].get(column.key)):
                self._used.add(column)

    def columns(self) -> list[Column]:
        """Return the columns in order: those of the fields, then other inputs by first appearance."""
        fields = (column for columns in FIELDS.values() for column in columns)
        known = [
            column
            for column in fields
            if (column.field in self._inputs if column.part == _ORIGINAL else column in self._used)
        ]
        return [*known, *(Column(name, _ORIGINAL, name) for name in self._inputs if name not in FIELDS)]


class Table:
    """Writes the lines of a CSV with the given columns: RFC 4180, with CRLF, in UTF-8.

    It quotes as few cells as the standard library's `csv` does, in half the time: statuses and scores need no look.

    Args:
        columns: the columns besides the fixed ones, in order.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._titles = [column.title for column in columns]
        by_part = sorted(range(len(columns)), key=lambda position: columns[position].part)
        self._keys = [[column.key for column in columns if column.part == part] for part in range(len(_PARTS))]
        order = [len(FIXED) + by_part.index(position) for position in range(len(columns))]
        self._in_order = itemgetter(*range(len(FIXED)), *order)

    def header(self) -> bytes:
        """Write the header line."""
        return _line(map(_cell, [*FIXED, *self._titles])).encode()

    def lines(self, results: Iterable[tuple[str, str, Mapping[str, Any]]]) -> bytes:
        """Write a line for each result; each comes with the id and name of its batch."""
        return "".join([_line(self._in_order(self._cells(*row))) for row in results]).encode()

    def _cells(self, batch_id: str, batch_name: str, result: Mapping[str, Any]) -> list[str]:
        """Collect a line's cells, part by part."""
        inputs, outputs, statuses, scores, reasoning = _sources(result)
        original, enriched, status, confidence, reason = self._keys
        return [
            *map(_cell, (batch_id, batch_name, result["place_id"])),
            result["status"],
            *map(_cell, map(inputs.get, original)),
            *map(_cell, map(outputs.get, enriched)),
            *[statuses.get(key, "") for key in status],
            *[scores.get(key, "") for key in confidence],
            *map(_cell, map(reasoning.get, reason)),
        ]


def _line(cells: Iterable[str]) -> str:
    return ",".join(cells) + "\r\n"


def _cell(value: Any) -> str:
    """Write a value: a string unchanged, null as nothing, everything else as compact JSON; quoted where it must be."""
    if value is None:
        return ""
    text = value if type(value) is str else orjson.dumps(value, default=written).decode()
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text or "\r" in text else text
