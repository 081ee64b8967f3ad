"""How findings word what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.clock import SECOND, iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.conduct.seen import Seen

_TO_SECONDS = len("2026-01-31T12:00:00")


def seconds(microseconds: float) -> str:
    """Write a duration in seconds."""
    return f"{microseconds / SECOND:.3g} s" if microseconds < 1000 * SECOND else f"{microseconds / SECOND:,.0f} s"


def at(seen: Seen) -> str:
    """Write when a request came, in the world's time."""
    return f"at {iso(seen.time)[:_TO_SECONDS]}"


def number(count: int, noun: str, plural: str = "") -> str:
    """Write a number of things."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def often(count: int) -> str:
    """Write how often something happened."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def numbers(exchanges: Iterable[Seen]) -> list[int]:
    """Return the numbers of exchanges, each once, in order."""
    return sorted({seen.sequence for seen in exchanges})


def outcome(seen: Seen) -> str:
    """Write what a client was answered."""
    return "a lost answer" if seen.status is None else str(seen.status)
