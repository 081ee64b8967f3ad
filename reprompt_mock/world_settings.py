"""The settings of a world, with their bounds and defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.hints import nearest
from reprompt_mock.lifecycle import Pace
from reprompt_mock.numerals import portable
from reprompt_mock.shares import Shares

Rate = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Seed = Annotated[
    int,
    Field(ge=-(2**63), lt=2**63),
    PlainSerializer(portable, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
                {"type": "string", "pattern": "^-?[0-9]{1,19}$"},
            ]
        }
    ),
]
"""A 64-bit integer; in JSON, a string if JavaScript would round it."""


def _known(rates: dict[str, float]) -> dict[str, float]:
    for name in rates:
        if name not in CATALOGUE:
            context = {"name": repr(name), "hint": nearest(name, CATALOGUE)}
            raise PydanticCustomError("unknown_attribute", "unknown attribute {name}{hint}", context)
    return rates


FoundRates = Annotated[dict[str, Rate], AfterValidator(_known)]


class WorldSettings(BaseModel):
    """The settings that can differ between worlds and be changed at run time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: Seed = Field(0, description="Everything random is drawn from it.")
    clock: Literal["running", "paused"] = Field(
        "running", description="Whether time passes by itself; if `paused`, it stands still until advanced."
    )
    speed: float = Field(
        1.0,
        gt=0,
        le=1e6,
        description="Virtual seconds per real second. At 1, 50,000 places take over half an hour.",
    )
    poll_advance: Seconds = Field(
        0.0,
        description="Virtual seconds by which each `GET /batches/{batch_id}` first advances the clock.",
    )
    pending_seconds: Seconds = Field(1.0, description="Mean time in `pending`, drawn per job, ±50 %.")
    queued_seconds: Seconds = Field(1.0, description="Mean time in `queued`, drawn per job, ±50 %.")
    processing_seconds: Seconds = Field(2.0, description="Mean time in `in_progress`, drawn per job, ±50 %.")
    workers: int = Field(50, ge=1, le=10**6, description="The most jobs of one submission in progress at once.")
    failure_rate: Rate = Field(0.0, description="Share of jobs that fail.")
    attribute_error_rate: Rate = Field(0.0, description="Share of completed jobs' attributes that end in `ERROR`.")
    not_found_rate: Rate = Field(
        0.1, description="Share of places for which an attribute without a rate of its own finds nothing."
    )
    found_rates: FoundRates = Field(
        {}, description="Share of places for which an attribute finds something, by attribute, instead of its default."
    )
    drift_rate: Rate = Field(
        0.2, description="Share of attributes whose values change in a reprocess with `refresh: true`."
    )
    batch_failure_threshold: Rate = Field(
        0.5, description="A finished batch is `failed` if a larger share of its jobs failed."
    )
    max_jobs_per_request: int = Field(
        50_000,
        ge=0,
        le=10**6,
        description="The most jobs in one create; lower it to test the limit with few places.",
    )
    attribute_status: Literal["all", "asked"] = Field(
        "all", description="Whether results show the status of all attributes, or only of requested ones."
    )
    generate_place_ids: bool = Field(
        False,
        description="Accept jobs without a `place_id`: `inputs.place_id` or `inputs.id`, else a generated one.",
    )
    strict_attributes: bool = Field(False, description="Refuse attributes that the emulator does not know.")
    places_move: bool = Field(
        False, description="Whether a place is in one batch at a time: a create deletes its jobs in other batches."
    )
    results_lag_seconds: Seconds = Field(
        0.0, description="Virtual seconds for which results show a job as it was, while its status is already final."
    )
    unpaid_attributes: list[str] = Field(
        [], max_length=1000, description="Attributes that are not in the plan: requests for one are refused with 402."
    )
    export_inline_rows: int = Field(
        50_000,
        ge=0,
        le=10**9,
        description="Several batches with more rows become an export; otherwise the answer is the CSV itself.",
    )
    export_inline_bytes: int = Field(
        120_000_000, ge=0, le=10**12, description="Several batches with a larger CSV become an export."
    )
    export_queued_seconds: Seconds = Field(2.0, description="Mean time of an export in `queued`, ±50 %.")
    export_seconds_per_10000_rows: Seconds = Field(
        4.0, description="Mean time of an export in `running` for each started 10,000 rows, ±50 %."
    )
    export_failure_rate: Rate = Field(0.0, description="Share of exports that fail.")
    rate_limit: float = Field(
        0.0,
        ge=0,
        le=1e6,
        allow_inf_nan=False,
        description="Requests per second per key, in real time; 0 for no limit.",
    )
    conduct_poll_seconds: Seconds = Field(
        5.0, description="Seconds between two polls of a batch below 0.9 times which Conduct finds them too fast."
    )

    @property
    def shares(self) -> Shares:
        """The settings that decide how often something is found."""
        return Shares(self.not_found_rate, tuple(self.found_rates.items()))

    @property
    def pace(self) -> Pace:
        """The settings that shape timetables."""
        return Pace(
            self.pending_seconds,
            self.queued_seconds,
            self.processing_seconds,
            self.workers,
            self.failure_rate,
        )
