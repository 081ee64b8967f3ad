"""What a request may need beyond what makes it be served: loaded before, so that none opens a file or a module.

A test that fakes the file system, freezes time or takes all descriptors finds everything in memory; and what would be
read wrong under it would stay wrong.
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
    "pygeoif",
    "statistics",
    "tzfpy",
)
"""Modules that are imported where they are needed, here or in what we use.

The last unpacks its time zones when it is first asked, which takes 30 MB and opens nothing: that can wait.
"""
_SURFACES = ("reprompt_mock.api.", "reprompt_mock.control.")


def warm(engine: Engine) -> None:
    """Load all that the requests of an engine may need; raises what went wrong."""
    for name in LATE_MODULES:
        import_module(name)
    with suppress(ModuleNotFoundError):  # how anyio calls what it loads at its first use is its own matter
        import_module("anyio._backends._asyncio")
    for name, module in list(sys.modules.items()):
        if name.startswith(_SURFACES):
            linecache.getlines(module.__file__ or "")  # FastAPI looks up where a route's code stands when it is called
    for name in facts.FILES:
        facts.data(name)
    engine.store.check()
