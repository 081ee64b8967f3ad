"""The control API's bodies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from reprompt_mock.settings import WorldSettings
from reprompt_mock.specs import Strict, Time


class Health(BaseModel):
    """Whether the emulator can serve."""

    status: Literal["ok"] = "ok"
    version: str


class Clock(BaseModel):
    """A world's clock."""

    now: datetime = Field(description="The virtual time, UTC.")
    running: bool = Field(description="Whether time passes by itself.")
    speed: float = Field(description="Virtual seconds per real second.")


class ClockChange(Strict):
    """What to change about a world's clock; what is left out stays."""

    now: Time | None = Field(None, description="The time to set, with its zone; forward only, once the world has jobs.")
    running: bool | None = Field(None, description="Resume (true) or pause (false).")
    speed: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Virtual seconds per real second, above 0 up to 1,000,000."
    )


class Advance(Strict):
    """By how much to move a clock."""

    seconds: float = Field(ge=0, le=1e12, allow_inf_nan=False, description="Virtual seconds.")


class Settle(Strict):
    """What to settle."""

    batch_id: str | None = Field(None, description="Only this batch's jobs.")


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


SettingsChange = create_model(
    "SettingsChange",
    __base__=Strict,
    __doc__="Which settings to change; what is left out stays.",
    **{  # type: ignore[call-overload] # the fields of the settings, each optional
        name: (field.annotation, field) for name, field in WorldSettings.model_fields.items()
    },
)


class Release(Strict):
    """Which held jobs to let go on; without anything, all."""

    place_id: str | None = Field(None, description="The place's id, as a glob.")
    batch: str | None = Field(None, description="The batch's id or name, as a glob.")


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
    """The latest requests of a world, newest last."""

    requests: list[dict[str, Any]] = Field(
        description="Each with sequence, time, real_time, operation, method, path, query, headers, body, status,"
        " duration_seconds, fault and rules."
    )
    dropped: int = Field(description="How many requests are kept no more.")
