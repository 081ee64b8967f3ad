"""The parts of a handle: one class for each part of a world."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from reprompt_mock.handle.connection import Connection
    from reprompt_mock.handle.types import (
        FaultThen,
        JournalEntry,
        Method,
        Operation,
        RequestMatch,
        Rule,
        RuleMatch,
        RuleThen,
        WorldOptions,
    )


class Settled(NamedTuple):
    """The result of settling: the time, how far it advanced, and how many jobs in scope are still unfinished."""

    now: datetime
    advanced_seconds: float
    unfinished: int


class Clock:
    """A world's clock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""
        return _time(self._connection.call("GET", "/clock")["now"])

    @property
    def running(self) -> bool:
        """Whether the clock runs."""
        return bool(self._connection.call("GET", "/clock")["running"])

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return float(self._connection.call("GET", "/clock")["speed"])

    def advance(self, seconds: float) -> datetime:
        """Advance the clock by virtual seconds, and apply what is then due; return the new time."""
        return _time(self._connection.call("POST", "/clock/advance", {"seconds": seconds})["now"])

    def settle(self, batch_id: str | None = None) -> Settled:
        """Advance just far enough for every job of the world, or of a batch, to finish.

        Held and stuck jobs and uploads stay unfinished.
        """
        settled = self._connection.call("POST", "/clock/settle", {"batch_id": batch_id})
        return Settled(_time(settled["now"]), settled["advanced_seconds"], settled["unfinished"])

    def pause(self) -> None:
        """Stop the clock; only `advance` and `settle` then move it."""
        self._connection.call("PATCH", "/clock", {"running": False})

    def resume(self, speed: float | None = None) -> None:
        """Run the clock, at `speed` virtual seconds per real second if given."""
        self._connection.call("PATCH", "/clock", {"running": True, **({} if speed is None else {"speed": speed})})

    def set(self, now: datetime) -> None:
        """Set the time, which must have a time zone; forward only, once the world has jobs."""
        self._connection.call("PATCH", "/clock", {"now": now.isoformat()})


class _ScenarioPart:
    """What rules and faults have in common; `_kind` is the name of their path and list."""

    _kind: ClassVar[str]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _add(self, specs: Any) -> list[str]:
        return list(self._connection.call("POST", f"/{self._kind}", specs)["ids"])

    def remove(self, item_id: str, /) -> None:
        """Delete one; what was drawn under a rule stays as it is."""
        self._connection.call("DELETE", f"/{self._kind}/{quote(item_id, safe='')}")

    def clear(self) -> None:
        """Delete all."""
        self._connection.call("DELETE", f"/{self._kind}")

    def list(self) -> list[dict[str, Any]]:
        """Return all, oldest first, each with how many it has `served` and, for faults, `seen`."""
        return list(self._connection.call("GET", f"/{self._kind}")[self._kind])


class Rules(_ScenarioPart):
    """A world's rules: what happens to jobs."""

    _kind = "rules"

    def add(
        self,
        *,
        match: RuleMatch | None = None,
        then: RuleThen,
        times: int | None = None,
    ) -> str:
        """Add a rule; return its id. The newest rule that matches applies."""
        rule = {"match": dict(match or {}), "then": dict(then), "times": times}
        return self._add(rule)[0]

    def add_all(self, rules: Sequence[Rule]) -> list[str]:
        """Add rules given as data, for example from a file; return their ids."""
        return self._add(list(rules))


class Faults(_ScenarioPart):
    """A world's faults: what happens to requests."""

    _kind = "faults"

    def add(
        self,
        *,
        match: RequestMatch | None = None,
        then: FaultThen,
        skip: int = 0,
        times: int | None = None,
        probability: float = 1.0,
        when: Literal["before", "after"] = "before",
        per: Literal["arrival", "request"] | None = None,
    ) -> str:
        """Add a fault; return its id. Only the newest fault that matches applies."""
        fault = {
            "match": dict(match or {}),
            "then": dict(then),
            "skip": skip,
            "times": times,
            "probability": probability,
            "when": when,
            **({} if per is None else {"per": per}),
        }
        return self._add(fault)[0]


class Journal:
    """The latest requests that a world received."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(
        self,
        *,
        method: Method | None = None,
        path: str | None = None,
        operation: Operation | None = None,
        status: int | None = None,
        limit: int | None = None,
    ) -> list[JournalEntry]:
        """Return the requests that match in order of arrival, including those in progress.

        `path` is a glob, `limit` keeps the newest.
        """
        query = {"method": method, "path": path, "operation": operation, "status": status, "limit": limit}
        found = self._connection.call("GET", "/journal", query=query)
        return list(found["requests"])

    def clear(self) -> None:
        """Forget all requests."""
        self._connection.call("DELETE", "/journal")


class Settings:
    """A world's settings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> dict[str, Any]:
        """Return all settings by name."""
        return _settings(self._connection.call("GET", "/settings"))

    def update(self, **changes: Unpack[WorldOptions]) -> dict[str, Any]:
        """Change settings for everything submitted or reprocessed from now on; return all settings."""
        return _settings(self._connection.call("PATCH", "/settings", changes))


def _settings(answer: dict[str, Any]) -> dict[str, Any]:
    # A large seed is text in JSON, for languages that would round a number.
    return {**answer, "seed": int(answer["seed"])}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
