"""Results: what a job has found about its place, and how (contract F3 to F7)."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from reprompt_mock.api.schemas.outputs import GenericJobOutputs
from reprompt_mock.api.schemas.places import UniversalPlace


class BatchJobStatus(StrEnum):
    """The status of a job or batch, in lifecycle order."""

    PENDING = "pending"
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class AttributeStatusEnum(StrEnum):
    """How an attribute fared; the emulator sends the last four."""

    NOT_FOUND = "NOT FOUND"
    ADDED = "ADDED"
    VERIFIED = "VERIFIED"
    CORRECTED = "CORRECTED"
    NOT_VERIFIED = "NOT VERIFIED"
    NOT_ENRICHED = "NOT ENRICHED"
    RUN = "RUN"
    RUN_CONDITION_FAILED = "RUN_CONDITION_FAILED"
    ERROR = "ERROR"
    NOT_RUN = "NOT_RUN"


class ConfidenceScore(StrEnum):
    """How reliable a value is."""

    VERY_HIGH = "VERY_HIGH"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    NONE = "NONE"


class JobMetadata(BaseModel):
    """How a job's attributes fared."""

    last_enriched: AwareDatetime | None = Field(None, description="When values were last updated.")
    enrichment_metadata: dict[str, dict[str, Any]] | None = Field(
        None, description="By attribute, the error and its code if it failed."
    )
    attribute_status: dict[str, AttributeStatusEnum] = Field(description="By requested attribute.")
    country_code: str | None = Field(None, description="ISO 3166-1 alpha-2, as given or inferred.")


class JobReasoning(BaseModel):
    """Sentences about how values were found."""

    open_closed_status: str | None = None
    address: str | None = None
    categories: str | None = None
    website: str | None = None
    phone: str | None = None
    facebook: str | None = None
    instagram: str | None = None
    tiktok: str | None = None
    opening_hours: str | None = None
    name: str | None = None
    coordinates: str | None = None
    price_tier: str | None = None
    menu: str | None = None
    cuisine: str | None = None
    approximate_user_reviews: str | None = None
    chain: str | None = None
    entity_type: str | None = None
    digital_footprint: str | None = None
    place_definition: str | None = None
    place_reality: str | None = None
    merchant: str | None = None
    located_within: str | None = None
    parking_spaces: str | None = None
    parking_spaces_total: str | None = None
    parking_spaces_street: str | None = None
    parking_spaces_shared: str | None = None
    parking_spaces_dedicated: str | None = None
    one_line_summary: str | None = None
    signage: str | None = None
    building_condition: str | None = None
    entrances: str | None = None
    primary_turns: str | None = None
    traffic_control: str | None = None
    reprompt_core_attributes: str | None = None
    apple_business_attributes: str | None = None
    storefront_images: str | None = None
    available_services: str | None = None
    reprompt_id: str | None = None


class JobConfidenceScores(BaseModel):
    """How reliable values are."""

    open_closed_status: ConfidenceScore | None = None
    phone: ConfidenceScore | None = None
    website: ConfidenceScore | None = None
    address: ConfidenceScore | None = None
    categories: ConfidenceScore | None = None
    coordinates: ConfidenceScore | None = None
    opening_hours: ConfidenceScore | None = None
    entity_type: ConfidenceScore | None = None
    name: ConfidenceScore | None = None
    parking_spaces: ConfidenceScore | None = None
    parking_spaces_total: ConfidenceScore | None = None
    parking_spaces_street: ConfidenceScore | None = None
    parking_spaces_shared: ConfidenceScore | None = None
    parking_spaces_dedicated: ConfidenceScore | None = None
    chain: ConfidenceScore | None = None
    reprompt_core: ConfidenceScore | None = None
    located_within: ConfidenceScore | None = None
    price_tier: ConfidenceScore | None = None
    approximate_user_reviews: ConfidenceScore | None = None
    menu: ConfidenceScore | None = None


class PlaceJobResult(BaseModel):
    """A job and what it has found so far."""

    place_id: str
    status: BatchJobStatus
    job_metadata: JobMetadata
    inputs: UniversalPlace = Field(description="The place as it was sent.")
    outputs: GenericJobOutputs
    reasoning: JobReasoning
    confidence_scores: JobConfidenceScores = Field(default_factory=JobConfidenceScores)


class JobListResponse(BaseModel):
    """A page of jobs, in order of submission."""

    jobs: list[PlaceJobResult]
    total: int = Field(description="The number of jobs on all pages.")
    limit: int
    offset: int
