"""The table [tool.reprompt-mock] of a pyproject.toml: finding it, and what it may contain."""

from __future__ import annotations

import tomllib
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.handle.own import SERVER_KINDS
from reprompt_mock.hints import nearest
from reprompt_mock.plugin import conduct
from reprompt_mock.settings import ConfigurationError, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reprompt_mock.settings import Settings

NAME = "tool.reprompt-mock"
_KEY = "reprompt-mock"
_ALIKE = 0.85
_OWN_KEYS = ("server", conduct.KEY)
_SENSELESS = {
    "host": "the plugin's emulator listens on 127.0.0.1",
    "port": "the plugin's emulator uses a free port; name a running emulator with --reprompt-mock-url",
    "db": "the plugin's worlds are forgotten after each test, and nothing is kept",
}


class Configuration(NamedTuple):
    """The settings of the emulator, whether it runs in a thread or process, and what becomes of misconduct."""

    settings: Settings
    server: str = "thread"
    conduct: str = "report"


def read(root: Path, file: Path | None) -> Configuration:
    """Read the nearest table, searching upwards; without one, the environment and the defaults apply.

    Args:
        root: the folder to start from.
        file: the file that configured pytest, which comes first if it is TOML.

    Raises:
        ConfigurationError: the table's name is misspelt, or a key or value cannot be used.
    """
    found = next(_tables(root, file), None)
    if found is None:
        return Configuration(_paused(load()))
    place, table = found
    _refuse_senseless(place, table)
    server = table.get("server", SERVER_KINDS[0])
    if server not in SERVER_KINDS:
        hint = nearest(str(server), SERVER_KINDS)
        raise ConfigurationError(f'server in [{NAME}] of {place} is "thread" or "process", not {server!r}{hint}')
    mode = conduct.checked(table.get(conduct.KEY, "report"), f"[{NAME}] of {place}")
    return Configuration(_paused(load(config=place, table=NAME, passed_over=_OWN_KEYS)), server, mode)


def _paused(settings: Settings) -> Settings:
    """Pause the clock of every new world unless configured otherwise."""
    return settings if "clock" in settings.model_fields_set else settings.model_copy(update={"clock": "paused"})


def _tables(root: Path, file: Path | None) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for place in _places(root, file):
        try:
            text = place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # there is none, or this user cannot read it
        if "reprompt" not in text.lower():
            continue
        try:
            document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            load(config=place, table=NAME)  # reports this without repeating any value
            continue
        table = _table_of(place, document)
        if table is not None:
            yield place, table


def _places(root: Path, file: Path | None) -> Iterator[Path]:
    if file is not None and file.suffix == ".toml":
        yield file
    for folder in (root, *root.parents):
        if (place := folder / "pyproject.toml") != file:
            yield place


def _table_of(place: Path, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the table of a document, or None.

    Raises:
        ConfigurationError: the document has a table with a similar name, or a value that is not a table.
    """
    tools = document.get("tool", {})
    table = tools.get(_KEY) if isinstance(tools, dict) else None
    if table is None:
        names = [(f"tool.{name}", name) for name in tools] if isinstance(tools, dict) else []
        for written, name in [*names, *((name, name) for name in document)]:
            if SequenceMatcher(None, name.lower().replace("_", "-"), _KEY).ratio() >= _ALIKE:
                raise ConfigurationError(f"[{written}] in {place} is not read: write [{NAME}]")
        return None
    if not isinstance(table, dict):
        raise ConfigurationError(f"{_KEY} must be a table in {place}: write [{NAME}]")
    return table


def _refuse_senseless(place: Path, table: Mapping[str, Any]) -> None:
    for key, reason in _SENSELESS.items():
        if key in table:
            raise ConfigurationError(f"leave out {key} in [{NAME}] of {place}: {reason}")
