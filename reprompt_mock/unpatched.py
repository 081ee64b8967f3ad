"""The world as it is: what a test replaced is put back while an emulator starts or ends.

Two kinds of test tools reach further than the functions that the emulator keeps references to. freezegun replaces the
classes of the module `datetime`, in every module that has them; a framework that is imported or that builds its schemas
meanwhile mixes false classes with real ones for the rest of the process. pyfakefs replaces the file system, in which
neither the frameworks nor the database are. Both are undone for as long as an emulator is made, started or closed, and
then put back as they were.
"""

from __future__ import annotations

import datetime
import sys
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_CLASSES = ("datetime", "date")
_FALSE_FILES = "pyfakefs.fake_filesystem_unittest"


@contextmanager
def unpatched() -> Iterator[None]:
    """Have the real classes of time and the real file system inside the block, and put back what there was after it."""
    with _real_files(), _real_classes():
        yield


def _real_files() -> AbstractContextManager[object]:
    """Pause pyfakefs, whose modules are looked at only where somebody else has imported them."""
    module: Any = sys.modules.get(_FALSE_FILES)
    patcher = getattr(getattr(module, "Patcher", None), "PATCHER", None)
    if patcher is None or not patcher.is_patching:
        return nullcontext()
    pause: AbstractContextManager[object] = module.Pause(patcher)
    return pause


@contextmanager
def _real_classes() -> Iterator[None]:
    """Put the real classes of time in the place of false ones, wherever a loaded module names them."""
    false = [getattr(datetime, name) for name in _CLASSES if _real(name) is not getattr(datetime, name)]
    real = {id(getattr(datetime, name)): _real(name) for name in _CLASSES}
    replaced = [
        (namespace, name, value)
        for namespace in _namespaces(false)
        for name, value in list(namespace.items())
        if any(value is one for one in false)
    ]
    for namespace, name, value in replaced:
        namespace[name] = real[id(value)]
    try:
        yield
    finally:
        for namespace, name, value in replaced:
            namespace[name] = value


def _real(name: str) -> object:
    """Find the class that a false one is derived from; one that is derived from nothing stays."""
    present = getattr(datetime, name)
    bases = getattr(present, "__mro__", ())
    return next((base for base in bases if (base.__module__, base.__name__) == ("datetime", name)), present)


def _namespaces(false: list[Any]) -> list[dict[str, Any]]:
    """Give the namespaces of all modules, where there are false classes, but those of the tool that made them."""
    makers = {one.__module__ for one in false}
    modules = list(sys.modules.items()) if false else []
    return [vars(module) for name, module in modules if name not in makers and isinstance(module, ModuleType)]
