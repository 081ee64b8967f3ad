"""A local, deterministic, controllable emulator of Reprompt's place enrichment batch API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock import real_time as _real_time  # noqa: F401 - must be imported before any test starts
from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from reprompt_mock.handle import RepromptMock
    from reprompt_mock.handle.types import RepromptMockFactory

__all__ = ["RepromptMock", "RepromptMockFactory", "__version__"]

if not TYPE_CHECKING:  # a type checker that saw __getattr__ would accept any misspelled name

    def __getattr__(name: str) -> object:
        # Imported lazily, so that reading the version does not load a client.
        if name == "RepromptMock":
            from reprompt_mock.handle import RepromptMock

            return RepromptMock
        if name == "RepromptMockFactory":
            from reprompt_mock.handle.types import RepromptMockFactory

            return RepromptMockFactory
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
