"""Places in requests, and what makes one acceptable (contract C1 to C4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from reprompt_mock.enrichment.geometry import GeometryError, point_of
from reprompt_mock.enrichment.places import ADDRESS_PARTS, has_address

LONGEST_PLACE_ID = 512
LOCATION_NEEDED = (
    "a place needs latitude and longitude, or full_address, or wkt_geometry, or at least one address part ("
    + ", ".join(ADDRESS_PARTS)
    + ")"
)
COORDINATES_TOGETHER = "latitude and longitude must be given together"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("string_nul", "String must not contain NUL")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("string_blank", "String must not be blank")
    return text


Named = Annotated[str, AfterValidator(_without_nul)]
PlaceId = Annotated[Named, Field(min_length=1, max_length=LONGEST_PLACE_ID)]
AttributeNames = list[Named]


class UniversalPlace(BaseModel):
    """A place to enrich. Additional fields are kept and echoed."""

    model_config = ConfigDict(extra="allow")

    name: Annotated[Named, AfterValidator(_not_blank)] = Field(description="The name of the place, not blank.")
    full_address: str | None = Field(None, description="The address in one line, as on a letter.")
    country_code: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = Field(
        None, description="ISO 3166-1 alpha-2; inferred if missing."
    )
    category: str | None = Field(None, description="What kind of place it is.")
    website: str | None = Field(None, description="The website, if known.")
    phone: str | None = Field(None, description="The phone number, preferably with its country prefix.")
    id: str | None = Field(None, description="An identifier of your own.")
    input_type: Literal["place"] = Field("place", description="Always `place`.")
    latitude: Annotated[FiniteFloat, Field(ge=-90, le=90)] | None = Field(None, description="Degrees north, -90 to 90.")
    longitude: Annotated[FiniteFloat, Field(ge=-180, le=180)] | None = Field(
        None, description="Degrees east, -180 to 180."
    )
    wkt_geometry: str | None = Field(None, description="A WKT geometry instead of coordinates, longitude first.")
    street: str | None = Field(None, description="The street.")
    city: str | None = Field(None, description="The city.")
    house: str | None = Field(None, description="The house number or name.")
    state: str | None = Field(None, description="The state or region.")
    postalCode: str | None = Field(None, description="The postal code.")  # noqa: N815 - the service's name
    country: str | None = Field(None, description="The country's name, or its ISO 3166-1 code.")
    opening_hours: dict[str, str] | None = Field(None, description="The opening hours by day.")
    source: str | None = Field(None, description="Where the data about the place come from.")

    @model_validator(mode="after")
    def _located(self) -> UniversalPlace:
        if (self.latitude is None) != (self.longitude is None):
            raise PydanticCustomError("coordinates_incomplete", COORDINATES_TOGETHER)
        if self.wkt_geometry is not None:
            self._locate_by(self.wkt_geometry)
        if self.latitude is None and not has_address(self):
            raise PydanticCustomError("place_not_located", LOCATION_NEEDED)
        return self

    def _locate_by(self, geometry: str) -> None:
        try:
            longitude, latitude = point_of(geometry)
        except GeometryError as error:
            raise PydanticCustomError("wkt_geometry", "wkt_geometry {reason}", {"reason": str(error)}) from None
        if self.latitude is None:
            self.latitude, self.longitude = latitude, longitude


def _usable_id(place_id: str) -> str:
    if len(place_id) > LONGEST_PLACE_ID or "\0" in place_id:
        raise PydanticCustomError("place_id", "A place id must have 1 to 512 characters without NUL")
    return place_id


class _WantedPlace(BaseModel):
    inputs: UniversalPlace = Field(description="The place to enrich.")
    attributes: AttributeNames | None = Field(
        None, description="The attributes to enrich, added to those of attribute_set."
    )
    attribute_set: Literal["open_closed", "core", "all"] | None = Field(
        None, description="A predefined set of attributes."
    )
    attributes_enrichments: list[dict[str, Any]] | None = Field(None, description="Accepted but ignored.")
    refresh: bool = Field(False, description="Enrich again even if values are cached.")


class PlaceJob(_WantedPlace):
    """A place and what to enrich about it."""

    place_id: PlaceId = Field(description="Your identifier of the place.")


class UnidentifiedPlaceJob(_WantedPlace):
    """The same where place ids are generated: it may be missing."""

    place_id: PlaceId | None = None

    @model_validator(mode="after")
    def _identified(self) -> UnidentifiedPlaceJob:
        inputs = self.inputs.model_extra or {}
        for place_id in (self.place_id, inputs.get("place_id"), self.inputs.id):
            if isinstance(place_id, str) and place_id:
                self.place_id = _usable_id(place_id)
                break
        return self
