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
_SURFACES = ("reprompt_mock.api.", "reprompt_mock.control.")


def warm(engine: Engine) -> None:
    """Load everything that an engine's requests may need; raises the exception of whatever fails to load."""
    for name in LATE_MODULES:
        import_module(name)
    with suppress(ModuleNotFoundError):  # a private module, which other versions of anyio may lack
        import_module("anyio._backends._asyncio")
    for name, module in list(sys.modules.items()):
        if name.startswith(_SURFACES):
            linecache.getlines(module.__file__ or "")  # FastAPI reads a route's source when it is called
    for name in facts.FILES:
        facts.data(name)
    engine.store.check()
