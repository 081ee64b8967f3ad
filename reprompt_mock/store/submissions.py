"""Queries about submissions: creates, appends and reprocesses, each with its range of job keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Session


_COUNT_BODY = """
INSERT INTO body (world, digest, count) VALUES (?, ?, 1)
ON CONFLICT (world, digest) DO UPDATE SET count = body.count + 1 RETURNING count
"""
_COUNT_CREATE = f"{_COUNT_BODY}, (SELECT count(*) FROM batch WHERE world = ? AND id = ?)"
_MOST_KNOWN = 1000
_known: dict[int, tuple[WorldSettings, str]] = {}
"""Settings with their JSON by identity, which they keep as long as they are here."""


def add(
    session: Session,
    keys: Keys,
    at: int,
    settings: WorldSettings,
    *,
    batch: int | None = None,
    jobs: int = 0,
    world: int | None = None,
) -> tuple[int, int]:
    """Write a create, an append or a reprocess, with the settings in force; in another world if one is named.

    Returns:
        Its key, and the first of the keys reserved for its new jobs.
    """
    key, first = keys.row(), keys.jobs(jobs)
    session.later(
        "INSERT INTO submission (pk, world, at, settings, batch, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, world or keys.world, at, _written(settings), batch, first, first + jobs - 1),
    )
    return key, first


def move(session: Session, submission: int, world: int) -> None:
    """Move a submission to another world."""
    session.run("UPDATE submission SET world = ? WHERE pk = ?", (world, submission))


def _written(settings: WorldSettings) -> str:
    """Write settings as JSON, or take what was written before: most submissions of a world have the same."""
    known = _known.get(id(settings))
    if known is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[id(settings)] = settings, settings.model_dump_json()
    return known[1]


def settings_of(session: Session, submission: int) -> WorldSettings:
    """Read the settings that were in force at a submission."""
    settings = session.value("SELECT settings FROM submission WHERE pk = ?", (submission,))
    return WorldSettings.model_validate_json(settings)


def bodies(session: Session, world: int, digest: str) -> int:
    """Return how many creates had this body."""
    row = session.one("SELECT count FROM body WHERE world = ? AND digest = ?", (world, digest))
    return int(row[0]) if row else 0


def count_body(session: Session, world: int, digest: str) -> int:
    """Count the body of an export; return the number of equal ones before it."""
    return int(session.value(_COUNT_BODY, (world, digest))) - 1


def count_create(session: Session, world: int, digest: str, batch_id: str) -> tuple[int, bool]:
    """Count the body of a create; return the number of equal ones before it, and whether a batch has an id."""
    count, found = session.one(_COUNT_CREATE, (world, digest, world, batch_id)) or (1, 0)
    return int(count) - 1, bool(found)
