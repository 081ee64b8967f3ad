"""Pages and their parts: a page is rendered when somebody opens it, a part again whenever what it shows has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reprompt_mock.dashboard.looking import Looking

Values = Mapping[str, Any]
Load = Callable[[Looking], Awaitable[Values]]


async def nothing(_: Looking) -> Values:
    """Load nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page that follows events.

    Attributes:
        name: its name, also that of its template.
        kinds: the kinds of events after which it may look different.
        load: reads what its template shows.
        is_late: whether the page is shown before it, since it takes long.
    """

    name: str
    kinds: tuple[str, ...]
    load: Load
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        name: the name of its template.
        parts: what changes on it.
        load: reads what its template shows beside its parts.
    """

    name: str
    parts: tuple[Part, ...] = ()
    load: Load = nothing
