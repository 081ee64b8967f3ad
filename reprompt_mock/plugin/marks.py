"""The mark reprompt_mock: those of module, class and function together say how one test's world is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.handle.org import Setup
from reprompt_mock.hints import nearest
from reprompt_mock.settings import ConfigurationError, Settings
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

NAME = "reprompt_mock"
_EXAMPLE = f"@pytest.mark.{NAME}(failure_rate=0.3)"


def merged(marks: Iterable[pytest.Mark]) -> Setup:
    """Merge marks, the closest to the test first: key by key the closest has it; the rules of one are one key.

    Raises:
        ConfigurationError: a mark has a positional argument, or a key that a world has not.
    """
    wanted: dict[str, Any] = {}
    for mark in marks:
        if mark.args:
            raise ConfigurationError(
                f"the mark {NAME} takes settings by keyword, not {_shown(mark.args)}: write {_EXAMPLE}"
            )
        wanted = {**mark.kwargs, **wanted}
    return setup(wanted.pop("rules", ()), wanted)


def setup(rules: Sequence[Any], settings: Mapping[str, Any]) -> Setup:
    """Make the set-up of a world of settings by name and of rules.

    Raises:
        ConfigurationError: a key is no setting of a world.
    """
    known = {*WorldSettings.model_fields, "rules"}
    for key in settings:
        if key not in known:
            is_wider = key in Settings.model_fields
            reason = ": it holds for the whole emulator; set it in [tool.reprompt-mock]" if is_wider else ""
            raise ConfigurationError(f"{key} is no setting of one world{reason or nearest(key, known)}")
    return Setup(dict(settings), list(rules))  # type: ignore[arg-type] # its keys have just been checked


def _shown(arguments: tuple[object, ...]) -> str:
    text = ", ".join(map(repr, arguments))
    return text if len(text) <= 60 else f"{text[:60]}…"
