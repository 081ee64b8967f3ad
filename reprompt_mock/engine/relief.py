"""Relief: use cases that make room get, where the disk is full, what is spared for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_MAKING_ROOM: set[Callable[..., Any]] = set()


def makes_room(work: F) -> F:
    """Mark a use case that makes room, or takes hardly any."""
    _MAKING_ROOM.add(work)
    return work


def is_relief(work: Callable[..., Any]) -> bool:
    """Whether a use case makes room."""
    return work in _MAKING_ROOM
