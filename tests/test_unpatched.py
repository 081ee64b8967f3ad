"""False classes of time and a false file system: gone inside the block, there again after it."""

from __future__ import annotations

import datetime
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from reprompt_mock.unpatched import unpatched

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL_DATETIME, REAL_DATE = datetime.datetime, datetime.date


class FalseDatetime(datetime.datetime):
    """What a test has in the place of the class."""


class FalseDate(datetime.date):
    """What a test has in the place of the class."""


class Underived:
    """What tells nothing of the class that it stands for."""


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that has the false classes by names of its own."""
    module = ModuleType("a_users_module")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(FalseDatetime, "__module__", "a_tool")
    monkeypatch.setattr(FalseDate, "__module__", "a_tool")
    monkeypatch.setattr(datetime, "datetime", FalseDatetime)
    monkeypatch.setattr(datetime, "date", FalseDate)
    module.now, module.day, module.other = FalseDatetime, FalseDate, "x"  # type: ignore[attr-defined]
    yield module
    monkeypatch.undo()


def shown(module: ModuleType) -> tuple[object, ...]:
    return (datetime.datetime, datetime.date, module.now, module.day, module.other)


def test_real_classes_are_in_all_modules_inside_and_the_false_ones_after_it(user: ModuleType) -> None:
    with unpatched():
        assert shown(user) == (REAL_DATETIME, REAL_DATE, REAL_DATETIME, REAL_DATE, "x")
        with unpatched():
            assert shown(user) == (REAL_DATETIME, REAL_DATE, REAL_DATETIME, REAL_DATE, "x")

    assert shown(user) == (FalseDatetime, FalseDate, FalseDatetime, FalseDate, "x")


def test_what_is_loaded_inside_keeps_what_it_got(user: ModuleType) -> None:
    with unpatched():
        user.later = datetime.datetime  # type: ignore[attr-defined]

    assert user.later is REAL_DATETIME


def test_false_classes_are_there_again_after_an_error(user: ModuleType) -> None:
    with pytest.raises(ZeroDivisionError), unpatched():
        raise ZeroDivisionError

    assert shown(user) == (FalseDatetime, FalseDate, FalseDatetime, FalseDate, "x")


def test_the_tool_keeps_its_own_classes(user: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = ModuleType("a_tool")
    tool.FalseDatetime = false = FalseDatetime  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_tool", tool)

    with unpatched():
        assert tool.FalseDatetime is false
        assert user.now is REAL_DATETIME


def test_a_class_that_is_derived_from_nothing_stays(user: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datetime, "datetime", Underived)

    with unpatched():
        assert vars(datetime)["datetime"] is Underived
        assert datetime.date is REAL_DATE
        assert user.now is FalseDatetime


def test_nothing_is_looked_through_where_nothing_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unread(ModuleType):
        """A module whose attributes nobody may ask for."""

        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

    monkeypatch.setitem(sys.modules, "unread", Unread("unread"))

    with unpatched():
        assert datetime.datetime is REAL_DATETIME


@pytest.mark.parametrize("is_patching", [True, False])
def test_a_false_file_system_is_paused_if_it_is_there(monkeypatch: pytest.MonkeyPatch, *, is_patching: bool) -> None:
    said: list[str] = []

    class Pause:
        def __init__(self, patcher: object) -> None:
            assert patcher is active

        def __enter__(self) -> None:
            said.append("paused")

        def __exit__(self, *_: object) -> None:
            said.append("resumed")

    active = SimpleNamespace(is_patching=is_patching)
    tool = SimpleNamespace(Patcher=SimpleNamespace(PATCHER=active), Pause=Pause)
    monkeypatch.setitem(sys.modules, "pyfakefs.fake_filesystem_unittest", tool)

    with unpatched():
        said.append("inside")

    assert said == (["paused", "inside", "resumed"] if is_patching else ["inside"])
