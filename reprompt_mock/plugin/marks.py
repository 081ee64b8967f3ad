"""The mark `reprompt_mock`: marks on module, class and function together set up a test's world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.handle.org import Setup
from reprompt_mock.hints import nearest
from reprompt_mock.plugin import conduct
from reprompt_mock.settings import ConfigurationError, Settings
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

NAME = "reprompt_mock"
_EXAMPLE = f"@pytest.mark.{NAME}(failure_rate=0.3)"


def merged(marks: Iterable[pytest.Mark]) -> Setup:
    """Merge marks, given closest to the test first; for each key (`rules` is one) the closest mark wins.

    Raises:
        ConfigurationError: a mark has a positional argument, or a key that is not a world's setting.
    """
    wanted: dict[str, Any] = {}
    for mark in marks:
        if mark.args:
            raise ConfigurationError(
                f"the mark {NAME} takes settings by keyword, not {_shown(mark.args)}: write {_EXAMPLE}"
            )
        wanted = {**mark.kwargs, **wanted}
    conduct.checked(wanted.pop(conduct.KEY, conduct.MODES[0]), f"the mark {NAME}")
    return setup(wanted.pop("rules", ()), wanted)


def setup(rules: Sequence[Any], settings: Mapping[str, Any]) -> Setup:
    """Return a world's setup, given settings by name and rules.

    Raises:
        ConfigurationError: a key is not a setting of a world.
    """
    known = {*WorldSettings.model_fields, "rules", conduct.KEY}
    for key in settings:
        if key not in known:
            is_wider = key in Settings.model_fields
            reason = ": it applies to the whole emulator; set it in [tool.reprompt-mock]" if is_wider else ""
            raise ConfigurationError(f"{key} is not a setting of a world{reason or nearest(key, known)}")
    return Setup(dict(settings), list(rules))  # type: ignore[arg-type] # its keys have just been checked


def _shown(arguments: tuple[object, ...]) -> str:
    text = ", ".join(map(repr, arguments))
    return text if len(text) <= 60 else f"{text[:60]}…"
