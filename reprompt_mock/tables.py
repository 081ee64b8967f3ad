"""The database tables: what survives a restart. They contain no logic.

Times are whole microseconds of virtual time since 1970. Every row refers to its world, which has given out its key
(`keys`); a deleted world no longer has a slug, and its rows are purged later. What jobs share (lists of attributes,
histories, pins) is stored once per world in `document`, which keeps job rows narrow.

Every number is 64 bits wide, and what is true or false is 1 or 0, so that SQLite and PostgreSQL hold the same.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer
from sqlmodel import Field, SQLModel

SCHEMA_VERSION = 6

_BIG: Any = BigInteger().with_variant(Integer(), "sqlite")
"""In SQLite only a key whose type is INTEGER is the number of its row, which spares an index."""
_GIVEN = {"autoincrement": False}


def _partly(column: str) -> dict[str, Any]:
    """Return what restricts an index to the rows in which a column has a value; `store.definitions` writes it.

    Arguments of SQLAlchemy's own would import both dialects, which takes a twentieth of the start.
    """
    return {"info": {"where": f"{column} IS NOT NULL"}}


class World(SQLModel, table=True):
    """One organization's clock, settings, rules and faults; `secret` signs the addresses of its exports.

    `version` counts its changes, `next_row` and `next_job` are the numbers of its next rows (`keys`), `next_due` is the
    time of its next transition, and `latest` that of its last change. `interventions` counts what tests have changed.
    `origin` is the key of the row that was there before a snapshot was restored, 0 for none.
    """

    __table_args__: ClassVar = ({"sqlite_autoincrement": True},)

    pk: int | None = Field(default=None, primary_key=True, sa_type=_BIG)
    slug: str | None = Field(unique=True)
    clock_virtual: int = Field(sa_type=_BIG)
    clock_real: int = Field(sa_type=_BIG)
    clock_speed: float
    clock_running: int = Field(sa_type=_BIG)
    settings: str
    scenario: str
    secret: str
    version: int = Field(sa_type=_BIG)
    next_row: int = Field(sa_type=_BIG)
    next_job: int = Field(sa_type=_BIG)
    next_due: int | None = Field(sa_type=_BIG)
    latest: int = Field(sa_type=_BIG)
    interventions: int = Field(sa_type=_BIG)
    origin: int = Field(sa_type=_BIG)


class Submission(SQLModel, table=True):
    """A create, an append or a reprocess: when it came, and the settings in force.

    Its new jobs have the keys `first` to `last`, in order, except deleted ones. Without new jobs, as in a reprocess,
    `last` is `first` - 1; a reprocess has no batch either. So the jobs of a batch or world are those of its submissions
    in sequence, and need no index.
    """

    __table_args__: ClassVar = (
        Index("ix_submission_world", "world", "at"),
        Index("ix_submission_batch", "batch", "at", **_partly("batch")),
    )

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    at: int = Field(sa_type=_BIG)
    settings: str
    batch: int | None = Field(sa_type=_BIG)
    first: int = Field(sa_type=_BIG)
    last: int = Field(sa_type=_BIG)


class Document(SQLModel, table=True):
    """A JSON value shared by jobs of a world, found by the `digest` of its text, since long texts fit into no index."""

    __table_args__: ClassVar = (Index("ix_document_digest", "world", "digest", unique=True),)

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    digest: bytes
    text: str


class Body(SQLModel, table=True):
    """How often a world has received a body, from which batch ids are generated (contract D1)."""

    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    world: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    digest: str = Field(primary_key=True)
    count: int = Field(sa_type=_BIG)


class Batch(SQLModel, table=True):
    """A batch and the counts of its jobs, which are valid until `next_due`, the time of their next transition."""

    __table_args__: ClassVar = (
        Index("ix_batch_id", "world", "id", unique=True),
        Index("ix_batch_due", "world", "next_due", **_partly("next_due")),
    )

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    id: str
    name: str
    folded_name: str
    created_at: int = Field(sa_type=_BIG)
    refresh: int = Field(sa_type=_BIG)
    pending: int = Field(sa_type=_BIG)
    queued: int = Field(sa_type=_BIG)
    in_progress: int = Field(sa_type=_BIG)
    completed: int = Field(sa_type=_BIG)
    failed: int = Field(sa_type=_BIG)
    next_due: int | None = Field(sa_type=_BIG)


class Job(SQLModel, table=True):
    """A job's timetable and history, from which its status follows.

    `pk` is the order of submission, `place` the inputs as JSON. Results show the job as it was `lag` microseconds ago;
    None leaves that to the world's setting.
    """

    __table_args__: ClassVar = (
        Index("ix_job_place", "world", "place_id", "batch", unique=True),
        Index("ix_job_held", "world", **_partly("hold")),
    )

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    batch: int = Field(sa_type=_BIG)
    place_id: str
    created_in: int = Field(sa_type=_BIG)
    submission: int = Field(sa_type=_BIG)
    attempt: int = Field(sa_type=_BIG)
    own: int | None = Field(sa_type=_BIG)
    asked: int = Field(sa_type=_BIG)
    queued_at: int | None = Field(sa_type=_BIG)
    started_at: int | None = Field(sa_type=_BIG)
    finished_at: int | None = Field(sa_type=_BIG)
    outcome: int | None = Field(sa_type=_BIG)
    hold: int | None = Field(sa_type=_BIG)
    course: int | None = Field(sa_type=_BIG)
    ran: int | None = Field(sa_type=_BIG)
    planned: int | None = Field(sa_type=_BIG)
    fresh: int = Field(sa_type=_BIG)
    error: str | None
    last_enriched: int | None = Field(sa_type=_BIG)
    lag: int | None = Field(sa_type=_BIG)
    place: bytes


class Export(SQLModel, table=True):
    """A CSV export: its timetable, and what it contains (contract K).

    `batches` are the keys and ids of its batches as JSON. It contains the jobs of the submissions up to `known`, the
    last one when it was created, and of those before `running_at`. `rows` is None while its contents are derived from
    the jobs, and the number of rows once they have been written to `artifact`.
    """

    __table_args__: ClassVar = (
        Index("ix_export_id", "world", "id", unique=True),
        Index("ix_export_order", "world", "pk"),
        Index("ix_export_key", "world", "key", **_partly("key")),
    )

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    id: str
    key: str | None
    batches: str
    created_at: int = Field(sa_type=_BIG)
    running_at: int = Field(sa_type=_BIG)
    finished_at: int | None = Field(sa_type=_BIG)
    error: str | None
    known: int = Field(sa_type=_BIG)
    rows: int | None = Field(sa_type=_BIG)


class Artifact(SQLModel, table=True):
    """A part of a written CSV, compressed; its parts together are the file."""

    __table_args__: ClassVar = (
        Index("ix_artifact_part", "export", "part", unique=True),
        Index("ix_artifact_world", "world"),
    )

    pk: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    world: int = Field(sa_type=_BIG)
    export: int = Field(sa_type=_BIG)
    part: int = Field(sa_type=_BIG)
    data: bytes


class Request(SQLModel, table=True):
    """A request that a world saw, written only where several emulators share a database.

    `at` is when it came in real time, `process` and `number` tell it from others, `exchange` is what is known of it,
    and `evidence` what is kept for the verdict once it is over, at `ended_at`. It refers to its world by slug, since a
    restored snapshot has another key.
    """

    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    slug: str = Field(primary_key=True)
    at: int = Field(primary_key=True, sa_type=_BIG)
    process: int = Field(primary_key=True, sa_type=_BIG)
    number: int = Field(primary_key=True, sa_type=_BIG)
    operation: str | None
    exchange: bytes
    ended_at: int | None = Field(sa_type=_BIG)
    evidence: bytes | None


class Journal(SQLModel, table=True):
    """Up to when a world's requests were forgotten, and how many were dropped since."""

    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    slug: str = Field(primary_key=True)
    cleared_at: int = Field(sa_type=_BIG)
    dropped: int = Field(sa_type=_BIG)


class Peer(SQLModel, table=True):
    """An emulator that shares the database: until when it was seen, and the requests to write what it holds.

    It has answered all that were asked up to `answered`.
    """

    process: int = Field(primary_key=True, sa_type=_BIG, sa_column_kwargs=_GIVEN)
    asked: int = Field(sa_type=_BIG)
    answered: int = Field(sa_type=_BIG)
    seen_at: int = Field(sa_type=_BIG)


class Bucket(SQLModel, table=True):
    """The tokens that a key has left in a world at a real time, and whether the last request got one."""

    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    slug: str = Field(primary_key=True)
    key: bytes = Field(primary_key=True)
    tokens: float
    at: int = Field(sa_type=_BIG)
    taken: int = Field(sa_type=_BIG)
