"""Undoing tests' patches of time and files while an emulator starts or stops.

Keeping references to the original functions does not help against two test tools. freezegun replaces the classes of
`datetime` in every module that has them; a framework that is imported or builds its schemas meanwhile mixes fake and
real classes for the rest of the process. pyfakefs replaces the file system by one that has neither the frameworks nor
the database. Both are suspended while an emulator is created, started or closed.
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
    """Use the real time classes and the real file system inside the block, and restore the patches after it."""
    with _real_files(), _real_classes():
        yield


def _real_files() -> AbstractContextManager[object]:
    """Pause pyfakefs if it is active; its module is only looked up, never imported."""
    module: Any = sys.modules.get(_FALSE_FILES)
    patcher = getattr(getattr(module, "Patcher", None), "PATCHER", None)
    if patcher is None or not patcher.is_patching:
        return nullcontext()
    pause: AbstractContextManager[object] = module.Pause(patcher)
    return pause


@contextmanager
def _real_classes() -> Iterator[None]:
    """Replace fake time classes by the real ones in every loaded module, and restore them afterwards."""
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
    """Return the real class that a fake one derives from, or the present class if it derives from none."""
    present = getattr(datetime, name)
    bases = getattr(present, "__mro__", ())
    return next((base for base in bases if (base.__module__, base.__name__) == ("datetime", name)), present)


def _namespaces(false: list[Any]) -> list[dict[str, Any]]:
    """Return the namespaces of all modules except the patching tool's, or none if no class is fake."""
    makers = {one.__module__ for one in false}
    modules = list(sys.modules.items()) if false else []
    return [vars(module) for name, module in modules if name not in makers and isinstance(module, ModuleType)]
