"""The operations' answers, except results (contract B, D to I)."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from reprompt_mock.api.schemas.places import UniversalPlace
from reprompt_mock.api.schemas.results import BatchJobStatus


class StatusCounts(BaseModel):
    """The number of jobs in each status."""

    pending: int
    queued: int
    in_progress: int
    completed: int
    failed: int


class JobsByStatus(BaseModel):
    """The place ids in each status, in the order of submission."""

    pending: list[str]
    queued: list[str]
    in_progress: list[str]
    completed: list[str]
    failed: list[str]


class BatchMetadata(BaseModel):
    """A batch's progress in numbers."""

    total_jobs: int
    completed_jobs: int
    status_counts: StatusCounts
    success_rate: float | None = Field(
        description="The completed share of the finished jobs; null while none has finished."
    )


class AttributeStatusGroup(BaseModel):
    """The places whose attribute has one status."""

    total: int
    ids: list[str]


class AttributeStatusDistribution(BaseModel):
    """A batch's places by the status of one attribute."""

    RUN: AttributeStatusGroup
    ERROR: AttributeStatusGroup
    NOT_RUN: AttributeStatusGroup
    RUN_CONDITION_FAILED: AttributeStatusGroup


class SubmittedPlaceBatchResponse(BaseModel):
    """A batch and its places."""

    id: str
    batch_name: str
    status: BatchJobStatus = BatchJobStatus.PENDING
    jobs: JobsByStatus
    created_at: AwareDatetime
    metadata: BatchMetadata | None = Field(None, description="The progress; null when the batch is created.")
    attribute_statuses: dict[str, AttributeStatusDistribution] | None = Field(
        None, description="By attribute, if `enrichments` names any."
    )


class BatchJob(BaseModel):
    """A batch in the list."""

    id: str
    batch_name: str
    status_counts: StatusCounts
    created_at: AwareDatetime
    status: BatchJobStatus
    metadata: None = Field(None, description="Always null here.")
    refresh: bool | None = Field(None, description="Whether the batch is marked for refresh.")


class PaginatedBatchesResponse(BaseModel):
    """A page of batches, newest first."""

    batches: list[BatchJob]
    total: int = Field(description="The number of batches on all pages.")
    limit: int
    offset: int


class V1AttributesResponse(BaseModel):
    """The names of the attributes that can be requested."""

    core: list[str] = Field(description="Those of the set `core`.")
    custom: list[str] = Field(description="Always empty here.")
    all: list[str] = Field(description="Every attribute.")


class SubmittedJob(BaseModel):
    """A job that was accepted."""

    place_id: str
    inputs: UniversalPlace
    status: Literal["pending"]


class Message(BaseModel):
    """What was done."""

    status: str
    message: str


class ReprocessAnswer(Message):
    """Which jobs of a batch are run again."""

    job_count: int
    batch_id: str
    excluded_deferred_count: int


class ReprocessJobsAnswer(Message):
    """Which places' jobs are run again."""

    job_count: int
    place_ids: list[str]
    missing: list[str] = Field(description="The places without a job.")


class BulkRefreshBatchResponse(BaseModel):
    """Which batches are marked for refresh or unmarked."""

    updated: list[str]
    missing: list[str] = Field(description="The ids without a batch.")
    refresh: bool


class Problem(BaseModel):
    """What does not match the schema, and where."""

    loc: list[str | int] = Field(description="The path to the value.")
    msg: str
    type: str
    input: Any = Field(None, description="The value, cut off if it is long.")


class ErrorAnswer(BaseModel):
    """Why a request was refused."""

    detail: str | list[Problem] = Field(description="A sentence, or for 422 a list of what does not match.")
