"""Addresses in results: one general form, and six national ones.

The form of `outputs.address_localized` depends on its `country_code`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class AddressDetails(BaseModel):
    """An address, split into parts."""

    full_address: str | None = Field(None, description="The address in one line.")
    unit_number: str | None = None
    floor: str | None = None
    building: str | None = None
    block: str | None = None
    km: str | None = Field(None, description="The kilometer mark on the road.")
    house: str | None = Field(None, description="The house number or name.")
    street: str | None = None
    neighborhood: str | None = None
    suburb: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    postalCode: str | None = None  # noqa: N815 - the service's name


class HongKongAddressDetails(AddressDetails):
    """An address in Hong Kong."""

    country: str = "Hong Kong"
    country_code: Literal["HK"] = "HK"
    district: str | None = None
    area: str | None = Field(None, description="Hong Kong Island, Kowloon or the New Territories.")


class MalaysiaAddress(AddressDetails):
    """An address in Malaysia."""

    country_code: Literal["MY"] = "MY"
    administrative_area_level1: str | None = Field(None, description="The state or federal territory.")
    administrative_area_level2: str | None = None
    administrative_area_level3: str | None = None
    administrative_area_level4: str | None = None
    nearby_street: str | None = None
    lot: str | None = None
    sub_lot: str | None = None


class IndonesiaAddress(BaseModel):
    """An address in Indonesia."""

    country: str = "Indonesia"
    country_code: Literal["ID"] = "ID"
    administrative_area_level1: str | None = Field(None, description="The province.")
    administrative_area_level2: str | None = Field(None, description="The city or regency.")
    administrative_area_level3: str | None = Field(None, description="The district.")
    administrative_area_level4: str | None = Field(None, description="The village.")
    rt_rw: str | None = Field(None, description="The neighborhood's numbers.")
    street: str | None = None
    gang: str | None = Field(None, description="The alley.")
    building: str | None = None
    km: str | None = Field(None, description="The kilometer mark on the road.")
    block: str | None = None
    house_no: str | None = None
    kav: str | None = Field(None, description="The plot.")
    postcode: str | None = None
    floor: str | None = None
    unit: str | None = None


class JapaneseAddress(BaseModel):
    """An address in Japan, from the largest part to the smallest."""

    country: str = "日本"
    country_code: Literal["JP"] = "JP"
    postal_code: Annotated[str, Field(pattern=r"^(?:〒)?(?:\d{3}-\d{4}|\d{7})$")] | None = None
    prefecture: str | None = None
    municipality: str | None = None
    town_area: str | None = None
    street_address: str | None = None


class SingaporeAddress(BaseModel):
    """An address in Singapore."""

    country: str = "Singapore"
    country_code: Literal["SG"] = "SG"
    full_address: str | None = Field(None, description="The address in one line.")
    postcode: str | None = None
    administrative_area_level1: str | None = None
    administrative_area_level2: str | None = None
    administrative_area_level3: str | None = None
    street: str | None = None
    house: str | None = None
    building: str | None = None
    floor: str | None = None
    unit: str | None = None
    block: str | None = None


class UAEAddress(BaseModel):
    """An address in the United Arab Emirates."""

    country: str | None = None
    country_code: Literal["AE"] = "AE"
    full_address: str | None = Field(None, description="The address in one line.")
    emirate: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    house: str | None = None
    building: str | None = None
    unit_number: str | None = None


LocalizedAddress = Annotated[
    IndonesiaAddress | JapaneseAddress | SingaporeAddress | MalaysiaAddress | HongKongAddressDetails | UAEAddress,
    Field(discriminator="country_code"),
]
