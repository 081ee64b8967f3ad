"""The outputs of enrichment for a place (contract F5).

A key is present if its attribute ran, and null if the attribute found nothing.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reprompt_mock.api.schemas.addresses import AddressDetails, LocalizedAddress
from reprompt_mock.api.schemas.menus import Menu


class DayOfWeek(StrEnum):
    """A day of the week."""

    SUN = "Sun"
    MON = "Mon"
    TUE = "Tue"
    WED = "Wed"
    THU = "Thu"
    FRI = "Fri"
    SAT = "Sat"


class DaysGroupedByHoursFormat(BaseModel):
    """Days with the same opening hours."""

    days: list[DayOfWeek]
    opens: str
    closes: str


class StorefrontImage(BaseModel):
    """A picture of the place from the outside."""

    url: str


class GenericJobOutputs(BaseModel):
    """The enriched values; keys of attributes that did not run are absent."""

    model_config = ConfigDict(extra="forbid")

    # identity and position
    reprompt_id: str | None = None
    coordinates: tuple[float, float] | None = Field(None, description="Latitude, then longitude.")
    coordinates_distance: int | None = Field(None, description="Meters between the given and the found position.")
    open_closed_status: str | None = Field(
        None, description="Open, Closed, Temporarily Closed or No Internet Presence."
    )
    date_closed: str | None = None
    date_opened: str | None = None

    # chain
    chain_id: str | None = None
    chain_name: str | None = None
    chain_domains: list[str] | None = None
    alternative_names: list[str] | None = None
    chain_wikipedia_url: str | None = None
    number_of_locations: int | None = None
    logo_url: str | None = None

    # social networks
    facebook_followers: int | None = None
    facebook_likes: int | None = None
    facebook_page_id: str | None = None
    facebook_bio: str | None = None
    instagram_followers: int | None = None
    instagram_media_count: int | None = None
    instagram_username: str | None = None
    instagram_profile_pic_url: str | None = None
    instagram_bio: str | None = None
    approximate_review_count: str | None = Field(None, description="A range of counts.")
    approximate_average_rating: float | None = None

    # names
    name: str | None = None
    multilingual_names: dict[str, str | None] = Field(
        default_factory=dict, description="Names by language; empty if there are none."
    )
    alt_name: str | None = None
    official_name: str | None = None
    brand_name: str | None = None
    common_names: list[str] | None = None

    # services
    storefront_images: list[StorefrontImage] | None = None
    available_services: dict[str, Any] | None = None
    has_delivery: bool | None = None
    has_takeout: bool | None = None
    has_dining: bool | None = None
    has_pickup: bool | None = None

    # address and contact
    address: AddressDetails | None = None
    address_localized: LocalizedAddress | None = Field(
        None, description="The address in its country's own form, if there is one."
    )
    categories: list[str] | None = None
    website: str | None = None
    phone: str | None = Field(None, description="In E.164 form.")
    phone_additional: list[str] | None = None

    # industry
    naics_code: str | None = None
    naics_description: str | None = None
    merchant_category_code: str | None = None
    mcc_description: str | None = None
    merchant_category_group: str | None = None
    merchant_super_industry: str | None = None
    located_within: dict[str, Any] | None = Field(None, description="The place that contains this one.")

    # profiles and hours
    instagram: str | None = None
    facebook: str | None = None
    tiktok: str | None = None
    opening_hours: dict[str, str] | None = Field(None, description="Hours by day.")
    opening_hours_grouped_by_hours: list[DaysGroupedByHoursFormat] | None = None
    is_open_24h: bool | None = None

    # menu and prices
    menu_urls: list[str] | None = None
    menu_url_official: str | None = None
    menu_content: list[Menu] | None = None
    menu_images: list[str] | None = None
    price_tier: int | None = None
    average_price: int | None = None
    currency: str | None = None
    cuisines: list[str] | None = None

    # reviews
    review_count: int | str | None = Field(None, description="A count, or a range of counts.")
    average_rating: float | None = None
    wilson_score: float | None = None
    popularity: float | None = None
    review_summary: str | None = None
    summary: str | None = None
    recent_review_count: int | None = None
    instagram_profile: dict[str, Any] | None = None

    # existence
    building_footprint: Any | None = None
    entity_type: str | None = None
    digital_footprint: str | None = None
    place_definition: list[str] | None = None
    place_reality: list[str] | None = None

    # site: parking, access, visibility
    parking_spaces_total: int | None = None
    parking_spaces_street: int | None = None
    parking_spaces_shared: int | None = None
    parking_spaces_dedicated: int | None = None
    parking_spaces_image_url: str | None = None
    traffic_control: bool | None = None
    one_line_summary: str | None = None
    site_quality_score: str | None = None
    accessibility_rating: str | None = None
    accessibility_summary: str | None = None
    primary_turns_required: int | None = None
    min_turns: int | None = None
    primary_turns: int | None = None
    primary_turns_route_matrix_visualization: dict[str, Any] | None = None
    visibility_rating: str | None = None

    # signs
    signage_summary: str | None = None
    has_brand_signage: bool | None = None
    pylon_sign_exists: bool | None = None
    pylon_coordinates: list[float] | None = None
    pylon_latitude: float | None = None
    pylon_longitude: float | None = None
    pylon_number_of_brands: str | None = None
    pylon_reasoning: str | None = None
    pylon_includes_brand_sign: bool | None = None
    monument_sign_exists: bool | None = None
    monument_coordinates: list[float] | None = None
    monument_latitude: float | None = None
    monument_longitude: float | None = None
    monument_number_of_brands: str | None = None
    monument_reasoning: str | None = None
    monument_includes_brand_sign: bool | None = None
    sign_locations: list[dict[str, Any]] | None = None

    # building
    location_type: str | None = None
    building_condition: str | None = None
    building_condition_score: str | None = None
    shopping_center_condition: str | None = None
    shopping_center_condition_score: str | None = None
    location_category: str | None = None
    building_condition_summary: str | None = None
    building_condition_rating: str | None = None
    key_strengths: list[str] | None = None
    potential_concerns: list[str] | None = None
    route_matrix_visualization: dict[str, Any] | None = None
    prominence: str | None = None
    entrance_views: list[dict[str, Any]] | None = None

    # bundles
    reprompt_core_attributes: dict[str, Any] | None = None
    apple_business_attributes: dict[str, Any] | None = None
