"""The control API's response models, which only its OpenAPI document uses and loads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from reprompt_mock.http.answers import BatchMetadata, StatusCounts


class Health(BaseModel):
    """The emulator is up."""

    status: Literal["ok"] = "ok"
    version: str
    control: int = Field(description="The version of the control API.")


class Clock(BaseModel):
    """A world's clock."""

    now: datetime = Field(description="The virtual time, UTC.")
    running: bool = Field(description="Whether the clock runs.")
    speed: float = Field(description="Virtual seconds per real second.")


class Settled(BaseModel):
    """The result of settling."""

    now: datetime = Field(description="The virtual time, UTC.")
    advanced_seconds: float = Field(description="How far the clock moved.")
    unfinished: int = Field(description="How many jobs in scope are still unfinished: held ones and uploads.")


class ExportCounts(BaseModel):
    """Exports by status."""

    queued: int
    running: int
    completed: int
    failed: int
    expired: int


class WorldSummary(BaseModel):
    """A world's counts and clock."""

    org_slug: str
    batches: int
    jobs: StatusCounts
    exports: ExportCounts
    clock: Clock


class WorldList(BaseModel):
    """All worlds."""

    orgs: list[WorldSummary]


class Batch(BaseModel):
    """A batch as the service describes it."""

    id: str
    batch_name: str
    status: str
    jobs: dict[str, list[str]] = Field(description="Place ids by status.")
    created_at: datetime
    metadata: BatchMetadata


class Released(BaseModel):
    """How many jobs were released."""

    released: int


class Ids(BaseModel):
    """The ids of what was added."""

    ids: list[str]


class RequestCount(BaseModel):
    """How many requests of an operation came."""

    operation: str
    count: int


class Waited(BaseModel):
    """What was seen when a wait ended."""

    met: bool = Field(description="Whether what was waited for has happened.")
    waited_seconds: float = Field(description="Real seconds.")
    batch_id: str | None
    status: str | None = Field(description="The batch's status, null while the world has no such batch.")
    jobs: StatusCounts | None = Field(description="The batch's jobs by status.")
    requests: RequestCount | None
    forgotten: bool = Field(description="Whether the world was forgotten, which ends every wait in it.")


class Timeline(BaseModel):
    """How many jobs have each status at some times, past and future."""

    now: datetime = Field(description="The virtual time, UTC.")
    times: list[datetime] = Field(description="Virtual times at equal steps; none for a world without jobs.")
    pending: list[int]
    queued: list[int]
    in_progress: list[int]
    completed: list[int]
    failed: list[int]


class Journal(BaseModel):
    """The latest requests of a world in order of arrival."""

    requests: list[dict[str, Any]] = Field(
        description="Each with sequence, time, real_time, operation, method, path, query, headers, body, status,"
        " answer_headers, facts, sent, carried_out, connection, request_on_connection, duration_seconds, fault, rules."
    )
    dropped: int = Field(description="How many older requests were dropped.")


class Finding(BaseModel):
    """A rule that the client broke."""

    rule: str
    severity: Literal["error", "warning", "note"]
    requests: list[int] = Field(description="The numbers in the journal of the requests that show it, at most 50.")
    batch_id: str | None = Field(description="The batch that it concerns.")
    message: str = Field(description="What was seen.")
    advice: str = Field(description="What to do.")
    source: str = Field(description="Where it is written.")


class Verdict(BaseModel):
    """How the client behaved."""

    verdict: Literal["good", "questionable", "bad", "inconclusive"] = Field(
        description="`bad` with any error, `questionable` with any warning, `inconclusive` where facts were lost."
    )
    findings: list[Finding] = Field(description="Errors first, then warnings and notes.")
    judged: int = Field(description="How many requests were judged.")
    dropped: int = Field(description="The facts of how many requests were lost.")
