"""Batches in requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from reprompt_mock.api.schemas.places import AttributeNames, Named, PlaceJob, UnidentifiedPlaceJob

AttributeSet = Literal["open_closed", "core", "all"]
BatchId = Annotated[Named, Field(min_length=1, max_length=255, pattern="^[^/]*$")]


class _WantedBatch(BaseModel):
    batch_id: BatchId | None = Field(None, description="The batch's id, without slashes; generated if missing.")
    batch_name: Named = Field(description="The name that the list of batches shows and searches.")
    attribute_set: AttributeSet | None = Field(None, description="A predefined set for every job.")
    attributes: AttributeNames | None = Field(
        None, description="Attributes for every job, added to those of attribute_set."
    )
    kick_off_jobs_now: bool = Field(True, description="Whether the jobs run at once or stay pending until reprocessed.")
    owner_id: str | None = Field(None, description="Accepted but ignored.")


class PlaceBatchPayload(_WantedBatch):
    """A batch to create, or jobs to append if `batch_id` names an existing batch."""

    jobs: list[PlaceJob] = Field(description="The places, up to 50,000 per request.")


class UnidentifiedPlaceBatchPayload(_WantedBatch):
    """The same where place ids are generated: they may be missing."""

    jobs: list[UnidentifiedPlaceJob]


class ReprocessBatchRequest(BaseModel):
    """Which jobs of a batch to run again, and how."""

    failed_only: bool = Field(True, description="The failed jobs.")
    incomplete_only: bool = Field(False, description="The pending, queued and in-progress jobs.")
    refresh: bool = Field(False, description="Enrich again even if values are cached.")
    attributes: AttributeNames | None = Field(
        None, description="The attributes to enrich, added to those of attribute_set."
    )
    attribute_set: AttributeSet | None = Field(None, description="A predefined set of attributes.")
    use_previous_invocation_params: bool = Field(
        False, description="Use each job's own previous attributes, and the request's only if it has none."
    )


class ReprocessJobRequest(BaseModel):
    """Which places to run again, and how."""

    place_ids: list[Named] = Field(description="The places whose most recently submitted job is to run again.")
    attributes: AttributeNames | None = Field(None, description="The attributes to enrich.")
    attribute_set: AttributeSet | None = Field(None, description="A predefined set of attributes.")
    refresh: bool = Field(False, description="Enrich again even if values are cached.")
    use_previous_invocation_params: bool = Field(
        False, description="Use each job's own previous attributes, and the request's only if it has none."
    )


class UpdateBatchRequest(BaseModel):
    """What to change about a batch; omitted fields stay unchanged."""

    batch_name: Named | None = Field(None, description="The new name.")
    refresh: bool | None = Field(None, description="Whether the batch is marked for refresh.")


class BulkRefreshBatchRequest(BaseModel):
    """Which batches to mark for refresh or unmark."""

    batch_ids: list[Named] = Field(description="The batches.")
    refresh: bool = Field(True, description="Whether they are marked.")
