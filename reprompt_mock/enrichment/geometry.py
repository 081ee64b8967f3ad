"""The location of a WKT geometry (contract C1): a point itself, or the center of another shape's bounding box."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNREADABLE = "cannot be parsed: use a form such as POINT(longitude latitude)"
_OPEN = "has a ring that is not closed: its last position must be its first"
_OFF = "lies off the earth: longitude comes first, -180 to 180, then latitude, -90 to 90"
_REFERENCE = re.compile(r"\s*SRID\s*=\s*[0-9]+\s*;", re.IGNORECASE)
_WORD = re.compile(r"\s*(?:([(),])|((?:[A-Z]+|[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:E[+-]?[0-9]+)?)(?![^\s(),])))")
_DIMENSIONS = {"": (2, 3, 4), "Z": (3,), "M": (3,), "ZM": (4,)}
_DEEPEST = 16
"""Collections in collections that are followed."""
_LINE, _RING = 2, 4
"""The least positions of a line and of a ring."""

Position = tuple[float, ...]


class GeometryError(ValueError):
    """The text is not a WKT geometry on the earth."""


def point_of(wkt: str) -> tuple[float, float]:
    """Return the longitude and latitude of a WKT geometry, whose coordinates are longitude first.

    Heights and measures are read over, and so are empty members of a collection and the reference system of EWKT.

    Raises:
        GeometryError: the geometry cannot be parsed, is empty, has an open ring, or is not on the earth.
    """
    reference = _REFERENCE.match(wkt)
    reader = _Reader(wkt.upper(), reference.end() if reference else 0)
    positions = reader.geometry(0)
    reader.expect("")
    if not positions:
        raise GeometryError(_UNREADABLE)
    west, east = min(one[0] for one in positions), max(one[0] for one in positions)
    south, north = min(one[1] for one in positions), max(one[1] for one in positions)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise GeometryError(_OFF)
    return (west + east) / 2, (south + north) / 2


class _Reader:
    """Reads a text of capitals, word by word; what is read of a geometry are its positions, none if it is empty."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._next = text, start
        self._dimensions: tuple[int, ...] = ()
        self.word = ""
        self.step()

    def step(self) -> str:
        """Return the current word, number or sign, and go to the next; after the last one comes ""."""
        before, found = self.word, _WORD.match(self._text, self._next)
        if found is None and self._text[self._next :].strip():
            raise GeometryError(_UNREADABLE)
        self.word = (found[1] or found[2]) if found else ""
        self._next = found.end() if found else len(self._text)
        return before

    def expect(self, word: str) -> None:
        if self.word != word:
            raise GeometryError(_UNREADABLE)
        self.step()

    def geometry(self, depth: int) -> list[Position]:
        name = self.step()
        shape = name.rstrip("ZM")
        dimensions = name[len(shape) :] or (self.step() if self.word in ("Z", "M", "ZM") else "")
        read = _SHAPES.get(shape)
        if dimensions not in _DIMENSIONS or depth > _DEEPEST or (read is None and shape != "GEOMETRYCOLLECTION"):
            raise GeometryError(_UNREADABLE)
        if read is None:
            return self.all_of(lambda: self.geometry(depth + 1))
        self._dimensions = _DIMENSIONS[dimensions]
        return read(self)

    def all_of(self, member: Callable[[], list[Position]]) -> list[Position]:
        """Read members in brackets, or the word for none."""
        if self.word == "EMPTY":
            self.step()
            return []
        self.expect("(")
        positions = member()
        while self.word == ",":
            self.step()
            positions += member()
        self.expect(")")
        return positions

    def position(self) -> list[Position]:
        numbers: list[float] = []
        while self.word[-1:].isdigit() or self.word.endswith("."):
            numbers.append(float(self.step()))
        if len(numbers) not in self._dimensions:
            raise GeometryError(_UNREADABLE)
        self._dimensions = (len(numbers),)
        return [tuple(numbers)]

    def point(self) -> list[Position]:
        positions = self.all_of(self.position)
        if len(positions) > 1:
            raise GeometryError(_UNREADABLE)
        return positions

    def member_point(self) -> list[Position]:
        return self.point() if self.word in ("(", "EMPTY") else self.position()

    def line(self) -> list[Position]:
        positions = self.all_of(self.position)
        if 0 < len(positions) < _LINE:
            raise GeometryError(_UNREADABLE)
        return positions

    def ring(self) -> list[Position]:
        positions = self.all_of(self.position)
        if 0 < len(positions) < _RING:
            raise GeometryError(_UNREADABLE)
        if positions and positions[0][:2] != positions[-1][:2]:
            raise GeometryError(_OPEN)
        return positions

    def rings(self) -> list[Position]:
        return self.all_of(self.ring)


_SHAPES: dict[str, Callable[[_Reader], list[Position]]] = {
    "POINT": _Reader.point,
    "LINESTRING": _Reader.line,
    "LINEARRING": _Reader.ring,
    "TRIANGLE": _Reader.rings,
    "POLYGON": _Reader.rings,
    "MULTIPOINT": lambda reader: reader.all_of(reader.member_point),
    "MULTILINESTRING": lambda reader: reader.all_of(reader.line),
    "MULTIPOLYGON": lambda reader: reader.all_of(reader.rings),
}
