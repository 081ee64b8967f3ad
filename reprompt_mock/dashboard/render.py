"""Rendering: templates in which every value is text unless a template of ours says otherwise."""

from __future__ import annotations

from functools import lru_cache
from io import FileIO
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from reprompt_mock.clock import LATEST, SECOND, iso
from reprompt_mock.dashboard.charts import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reprompt_mock.dashboard.forms import Field

_FOLDER = Path(__file__).with_name("templates")
_PLAIN_DIGITS = len("2026-01-31T09:30:00")


@lru_cache
def environment() -> Environment:
    """Return the templates, which are read and compiled once.

    Raises:
        OSError: a template cannot be read.
    """
    loader = DictLoader({file.name: _read(file) for file in sorted(_FOLDER.iterdir()) if file.suffix == ".html"})
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= _FILTERS
    for name in loader.list_templates():
        made.get_template(name)
    return made


def _read(file: Path) -> str:
    with FileIO(file) as opened:
        return opened.readall().decode()


def groups(fields: Iterable[Field]) -> Iterator[tuple[str, list[Field]]]:
    """Yield the fields of a form in groups: by the part of the body that they are in, "" for the body itself."""
    for name, members in groupby(fields, key=lambda field: field.name.rpartition(".")[0]):
        yield name, list(members)


def code(hint: str) -> Markup:
    """Return a sentence of ours as HTML, in which what stands in backticks is code."""
    pieces = [escape(piece) for piece in hint.split("`")]
    return Markup().join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(pieces))


def spec(fault: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault without its id and counts."""
    return {name: value for name, value in fault.items() if name not in {"id", "seen", "served"}}


def time(moment: int | None) -> str:
    """Return a time in microseconds as people read it, in UTC and whole seconds."""
    if moment is None:
        return "never"
    return "beyond the year 9999" if moment > LATEST else iso(moment)[:_PLAIN_DIGITS].replace("T", " ")


def seconds(microseconds: int) -> str:
    """Return a duration in seconds, with as many digits as tell something."""
    return f"{microseconds / SECOND:,.3f}".rstrip("0").rstrip(".")


def written(value: Any) -> str:
    """Return a value as indented JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


_FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "bar": bar,
        "code": code,
        "count": "{:,}".format,
        "groups": groups,
        "iso": iso,
        "json": written,
        "seconds": seconds,
        "spec": spec,
        "time": time,
    }
)
