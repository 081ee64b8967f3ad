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
    from collections.abc import Collection, Iterator, Mapping, Sequence

FIXED = ("batch_id", "batch_name", "place_id", "status")
_PARTS = ("original", "enriched", "status", "confidence", "reasoning")
_ORIGINAL, _STATUS = _PARTS.index("original"), _PARTS.index("status")
_NATIONAL = "address_localized"
"""A field that only some countries have, so that most results need not be derived to see that it is blank."""
_ADDED = "input_type"
"""What results add to a client's inputs."""
_TEXTS = frozenset((str, type(None)))
_UNQUOTED = frozenset((bool, int, float))
"""The types of values whose JSON has nothing to quote."""


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
        self._settled = {_ADDED}
        self._used: set[Column] = set()
        self._unseen: dict[Any, set[Column]] = {}

    def add_inputs(self, inputs: Mapping[str, Any]) -> None:
        """Record the inputs of a place."""
        if self._settled.issuperset(inputs):
            return
        for name, value in inputs.items():
            if name not in self._settled and not _is_blank(value):
                self._inputs[name] = None
                self._settled.add(name)

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
        if not unseen:
            return False
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

    It quotes as few cells as the standard library's `csv` does. Many lines are written together, column by column: most
    columns have no cell to quote, which one look at the whole column tells.

    Args:
        columns: the columns besides the fixed ones, in order.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._titles = [column.title for column in columns]
        by_part = sorted(range(len(columns)), key=lambda position: columns[position].part)
        self._keys = [[column.key for column in columns if column.part == part] for part in range(len(_PARTS))]
        self._order = [by_part.index(position) for position in range(len(columns))]

    def header(self) -> bytes:
        """Write the header line."""
        return _lines([[_quoted(title)] for title in (*FIXED, *self._titles)])

    def lines(self, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> bytes:
        """Write a line for each result; each comes with the id and name of its batch."""
        if not rows:
            return b""
        batch_ids, batch_names, results = zip(*rows, strict=True)
        sources = list(zip(*map(_sources, results), strict=True))
        alike = _are_the_same(sources[_STATUS])
        found = [
            cells
            for part, keys in enumerate(self._keys)
            for cells in _columns(sources[part], keys, alike=alike and part != _ORIGINAL)
        ]
        place_ids, statuses = ([result[key] for result in results] for key in FIXED[-2:])
        own = map(_cells, (batch_ids, batch_names, place_ids))
        return _lines([*own, statuses, *(found[position] for position in self._order)])


def _columns(source: Sequence[Mapping[str, Any]], keys: Sequence[str], *, alike: bool) -> Iterator[list[str]]:
    """Write the columns of some keys; `alike` says that all of the source has the same keys."""
    first = source[0]
    if _are_the_same(source):
        return (_cells([first.get(key)]) * len(source) for key in keys)
    known = [key for key in keys if key in first]
    if not alike or len(known) < 2:
        return (_cells([one.get(key) for one in source]) for key in keys)
    values = dict(zip(known, zip(*map(itemgetter(*known), source), strict=True), strict=True))
    return (_cells(values[key]) if key in values else [""] * len(source) for key in keys)


def _are_the_same(source: Sequence[Any]) -> bool:
    first = source[0]
    return all(one is first for one in source)


def _lines(columns: Sequence[Sequence[str]]) -> bytes:
    return b"".join([f"{','.join(row)}\r\n".encode() for row in zip(*columns, strict=True)])


def _cells(values: Sequence[Any]) -> list[str]:
    """Write a column's values: strings unchanged, null as nothing, the rest as compact JSON; quoted where needed."""
    if not _TEXTS.issuperset(map(type, values)):
        once = {id(value): value for value in values}  # results share opening hours, categories and flags
        found = {key: _cell(value) for key, value in once.items()}
        return [found[id(value)] for value in values]
    cells = [value or "" for value in values]
    everything = "".join(cells)
    if '"' in everything:
        return list(map(_quoted, cells))
    if "," in everything or "\n" in everything or "\r" in everything:
        return [f'"{cell}"' if "," in cell or "\n" in cell or "\r" in cell else cell for cell in cells]
    return cells


def _cell(value: Any) -> str:
    if type(value) is str:
        return _quoted(value)
    return "" if value is None else _document(value)


def _quoted(text: str) -> str:
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text or "\r" in text else text


def _document(value: Any) -> str:
    text = orjson.dumps(value, default=written).decode()
    return text if type(value) in _UNQUOTED else _quoted(text)
