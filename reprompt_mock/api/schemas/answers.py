"""The operations' answers, except results (contract B, D to I)."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from reprompt_mock.api.schemas.places import UniversalPlace
from reprompt_mock.api.schemas.results import BatchJobStatus
from reprompt_mock.http.answers import BatchMetadata, StatusCounts


class JobsByStatus(BaseModel):
    """The place ids in each status, in the order of submission."""

    pending: list[str]
    queued: list[str]
    in_progress: list[str]
    completed: list[str]
    failed: list[str]


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


class ExportStatusResponse(BaseModel):
    """An export that is a job of its own."""

    id: str
    status: str = Field(description="`queued`, `running`, `completed`, `failed` or `expired`.")
    batch_ids: list[str]
    batch_names: dict[str, str] = Field({}, description="The names of the batches that are still there, by id.")
    created_at: str | None = None
    updated_at: str | None = None
    status_url: str = Field(description="Where to poll, relative to the host.")
    download_url: str | None = Field(None, description="Where to download the file, once it is completed.")
    error: str | None = Field(None, description="Why it failed.")
    metadata: dict[str, Any] | None = Field(None, description="How many rows it has, and how long it took.")
    expired: bool


class ExportListResponse(BaseModel):
    """A page of exports, the newest first."""

    exports: list[ExportStatusResponse]
    next_cursor: str | None = None
