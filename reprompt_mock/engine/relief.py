"""Relief: use cases that free space may use the reserve kept for a full disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock.errors import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.store.session import Store

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any]")

_MAKING_ROOM: set[Callable[..., Any]] = set()


def makes_room(work: F) -> F:
    """Mark a use case that frees space or needs hardly any."""
    _MAKING_ROOM.add(work)
    return work


def is_relief(work: Callable[..., Any]) -> bool:
    """Return whether a use case frees space."""
    return work in _MAKING_ROOM


def relieved(store: Store, work: Callable[[], T]) -> T:
    """Run work that makes room; where the disk is full it gets what is spared for that.

    Raises:
        StorageFailed: it cannot be stored even so.
    """
    try:
        return work()
    except StorageFailed:
        with store.making_room():
            return work()
