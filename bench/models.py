"""What the apps that the emulator is measured against take of a place."""

from pydantic import BaseModel


class Inputs(BaseModel):
    name: str
    full_address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postalCode: str | None = None  # noqa: N815 - the service's name
    country: str | None = None
    country_code: str | None = None
    type: str | None = None
