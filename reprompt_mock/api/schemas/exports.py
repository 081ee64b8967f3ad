"""Exports as clients ask for them (contract K)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from reprompt_mock.api.schemas.places import Named


class CreateExportRequest(BaseModel):
    """Which batches to export."""

    batch_ids: list[Named] = Field(
        min_length=1, description="The batches, in the order of the rows; repeats count once."
    )
