"""Relief: use cases that free space may use the reserve kept for a full disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_MAKING_ROOM: set[Callable[..., Any]] = set()


def makes_room(work: F) -> F:
    """Mark a use case that frees space or needs hardly any."""
    _MAKING_ROOM.add(work)
    return work


def is_relief(work: Callable[..., Any]) -> bool:
    """Return whether a use case frees space."""
    return work in _MAKING_ROOM
