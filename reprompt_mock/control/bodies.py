"""The control API's request bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, create_model

from reprompt_mock.specs import Strict, Time
from reprompt_mock.world_settings import WorldSettings


class ClockChange(Strict):
    """What to change about a world's clock; omitted fields stay unchanged."""

    now: Time | None = Field(
        None, description="The time to set, with a time zone; forward only, once the world has jobs."
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
