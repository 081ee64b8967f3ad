"""What the control API answers: for its document alone, with which it is loaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The emulator answers."""

    status: Literal["ok"] = "ok"
    version: str
    control: int = Field(description="The version of the control API.")


class Clock(BaseModel):
    """A world's clock."""

    now: datetime = Field(description="The virtual time, UTC.")
    running: bool = Field(description="Whether time passes by itself.")
    speed: float = Field(description="Virtual seconds per real second.")


class Settled(BaseModel):
    """What settling came to."""

    now: datetime = Field(description="The virtual time, UTC.")
    advanced_seconds: float = Field(description="By how much the clock moved.")
    unfinished: int = Field(description="How many jobs in scope are still unfinished: held ones and uploads.")


class StatusCounts(BaseModel):
    """Jobs by status."""

    pending: int
    queued: int
    in_progress: int
    completed: int
    failed: int


class WorldSummary(BaseModel):
    """A world's counts and clock."""

    org_slug: str
    batches: int
    jobs: StatusCounts
    clock: Clock


class WorldList(BaseModel):
    """All worlds."""

    orgs: list[WorldSummary]


class BatchMetadata(BaseModel):
    """A batch's counts."""

    total_jobs: int
    completed_jobs: int
    status_counts: StatusCounts
    success_rate: float | None


class Batch(BaseModel):
    """A batch as the service describes it."""

    id: str
    batch_name: str
    status: str
    jobs: dict[str, list[str]] = Field(description="Place ids by status.")
    created_at: datetime
    metadata: BatchMetadata


class Released(BaseModel):
    """How many jobs go on."""

    released: int


class Ids(BaseModel):
    """What was added, by id."""

    ids: list[str]


class ErrorEntry(BaseModel):
    """What does not fit a schema, and where."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any = None


class ErrorAnswer(BaseModel):
    """Why a request is refused: a sentence, or what does not fit its schema."""

    detail: str | list[ErrorEntry]


class Journal(BaseModel):
    """The latest requests of a world in order of arrival, newest last."""

    requests: list[dict[str, Any]] = Field(
        description="Each with sequence, time, real_time, operation, method, path, query, headers, body, status,"
        " answer_headers, facts, sent, carried_out, connection, request_on_connection, duration_seconds, fault, rules."
    )
    dropped: int = Field(description="How many requests are kept no more.")
