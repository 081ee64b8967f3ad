"""Loads in advance everything that requests may need later, so that no request opens a file or imports a module.

A test may fake the file system, freeze time or use up all descriptors; anything first read under such a test could be
wrong, and would stay wrong.
"""

from __future__ import annotations

import linecache
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from reprompt_mock.enrichment import facts

if TYPE_CHECKING:
    from reprompt_mock.engine.doors import Engine

LATE_MODULES = (
    "reprompt_mock.api.schemas.answers",
    "reprompt_mock.api.schemas.batches",
    "reprompt_mock.api.schemas.exports",
    "reprompt_mock.api.schemas.results",
    "reprompt_mock.control.answers",
    "difflib",
    "sse_starlette",
    "statistics",
    "tzfpy",
)
"""Modules that this package or its dependencies import only when they are needed.

The last unpacks its time zones on first use, which takes 30 MB but opens no file, so that can wait.
"""
_SERVED_BY_FASTAPI = ("reprompt_mock.api.app", "reprompt_mock.api.exports", "reprompt_mock.control.app")
"""The modules with routes that no shortcut leads to."""


def warm(engine: Engine) -> None:
    """Load everything that an engine's requests may need; raises the exception of whatever fails to load."""
    for name in LATE_MODULES:
        import_module(name)
    with suppress(ModuleNotFoundError):  # a private module, which other versions of anyio may lack
        import_module("anyio._backends._asyncio")
    for name in _SERVED_BY_FASTAPI:
        linecache.getlines(sys.modules[name].__file__ or "")  # it reads the source of a route that it serves
    for name in facts.FILES:
        facts.data(name)
    engine.store.check()
