"""Answers that both surfaces share; only their documents need these models, which are loaded along with them."""

from typing import Any

from pydantic import BaseModel, Field


class StatusCounts(BaseModel):
    """The number of jobs in each status."""

    pending: int
    queued: int
    in_progress: int
    completed: int
    failed: int


class BatchMetadata(BaseModel):
    """A batch's progress in numbers."""

    total_jobs: int
    completed_jobs: int
    status_counts: StatusCounts
    success_rate: float | None = Field(
        description="The completed share of the finished jobs; null while none has finished."
    )


class Problem(BaseModel):
    """What does not match the schema, and where."""

    loc: list[str | int] = Field(description="The path to the value.")
    msg: str
    type: str
    input: Any = Field(None, description="The value, cut off if it is long.")


class ErrorAnswer(BaseModel):
    """Why a request was refused."""

    detail: str | list[Problem] = Field(description="A sentence, or for 422 a list of what does not match.")
