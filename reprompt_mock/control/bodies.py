"""The control API's request bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.operations import OPERATION_IDS
from reprompt_mock.specs import Count, Strict, Time, refuse_unknown
from reprompt_mock.world_settings import WorldSettings

FINISHED = "finished"
"""A status to wait for: completed or failed."""
BATCH_STATUSES = (FINISHED, *(status.name for status in JobStatus))
MOST_WAIT_SECONDS = 600.0


class ClockChange(Strict):
    """What to change about a world's clock; omitted fields stay unchanged."""

    now: Time | None = Field(
        None, description="The time to set, with a time zone; forward only, once the world has jobs or exports."
    )
    running: bool | None = Field(None, description="Resume (true) or pause (false).")
    speed: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Virtual seconds per real second, above 0 up to 1,000,000."
    )


class Advance(Strict):
    """How far to advance a clock."""

    seconds: float = Field(ge=0, le=1e12, allow_inf_nan=False, description="Virtual seconds.")


class Settle(Strict):
    """What to settle."""

    batch_id: str | None = Field(None, description="Only this batch's jobs.")


class Requests(Strict):
    """Requests to wait for."""

    operation: str = Field(description="The operation's id, such as get_batch.")
    count: Count = Field(1, description="How many have come since the world began or its journal was last cleared.")

    @model_validator(mode="after")
    def _known_operation(self) -> Requests:
        refuse_unknown("operation", [self.operation], OPERATION_IDS)
        return self


class Wait(Strict):
    """What to wait for: a batch, requests, or whichever comes first."""

    batch_id: str | None = Field(None, description="The batch, which need not exist yet.")
    status: Literal[BATCH_STATUSES] | None = Field(  # type: ignore[valid-type] # a literal of names that are data
        None, description="The batch's status; `finished`, the default, means completed or failed."
    )
    requests: Requests | None = Field(None, description="The operation, and how many of its requests.")
    timeout_seconds: Annotated[float, Field(ge=0, le=MOST_WAIT_SECONDS, allow_inf_nan=False)] = Field(
        30, description="Real seconds after which it answers anyway."
    )

    @model_validator(mode="after")
    def _has_an_end(self) -> Wait:
        if self.batch_id is None and self.requests is None:
            raise PydanticCustomError("wait", "Input should have a batch_id or requests to wait for")
        if self.batch_id is None and self.status is not None:
            raise PydanticCustomError("wait", "Input should have the batch_id of the batch to have this status")
        return self


SettingsChange = create_model(
    "SettingsChange",
    __base__=Strict,
    __doc__="Which settings to change; omitted ones stay unchanged.",
    **{  # type: ignore[call-overload] # the fields of the settings, each optional
        name: (field.annotation, field) for name, field in WorldSettings.model_fields.items()
    },
)


class Release(Strict):
    """Which held jobs to release; all if nothing is given."""

    place_id: str | None = Field(None, description="The place's id, as a glob.")
    batch: str | None = Field(None, description="The batch's id or name, as a glob.")
