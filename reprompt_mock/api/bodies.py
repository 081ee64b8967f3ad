"""Request bodies: bytes in, requests for the engine out.

The pydantic models define what is accepted and word the errors. Bodies that do not need their leniency are decoded by
msgspec structs, which accept a strict subset and are an order of magnitude faster.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import orjson
from fastapi.exceptions import RequestValidationError

from reprompt_mock import numerals
from reprompt_mock.api.fields import unknown_fields
from reprompt_mock.api.schemas.batches import AttributeSet, PlaceBatchPayload, UnidentifiedPlaceBatchPayload
from reprompt_mock.api.schemas.places import LONGEST_PLACE_ID, PlaceJob, UnidentifiedPlaceJob
from reprompt_mock.attributes import merged
from reprompt_mock.engine.requirements import check_size
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.enrichment.places import has_address, written_place
from reprompt_mock.http.wire import loaded, validated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Answers that echo a place nest it a few levels deeper, and orjson writes at most 254 levels.
_SPARE_LEVELS = 16
_ESCAPE = b"\\"
_NUL = b"\\u0000"
"""The JSON escape of NUL, which names and ids must not contain; bodies with it are left to the models."""
_COUNTRY_CODES = frozenset((None, *map("".join, product(ascii_uppercase, repeat=2))))


class _Place(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    full_address: str | None = None
    country_code: str | None = None
    category: str | None = None
    website: str | None = None
    phone: str | None = None
    id: Annotated[str, msgspec.Meta(max_length=LONGEST_PLACE_ID)] | None = None
    input_type: Literal["place"] = "place"
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    street: str | None = None
    city: str | None = None
    house: str | None = None
    state: str | None = None
    postalCode: str | None = None  # noqa: N815 - the service's name
    country: str | None = None
    opening_hours: dict[str, str] | None = None
    source: str | None = None
    # Fields that the service does not type, but that its clients send.
    type: str | None = None
    building: str | None = None
    unit_number: str | None = None
    floor: str | None = None
    block: str | None = None
    km: str | None = None
    suburb: str | None = None

    def is_accepted(self) -> bool:
        """Return whether the place has a name and a location; if not, the models say what is wrong."""
        if not self.name or self.name.isspace() or (self.latitude is None) != (self.longitude is None):
            return False
        return self.country_code in _COUNTRY_CODES and (self.latitude is not None or has_address(self))


class _OpenPlace(_Place, forbid_unknown_fields=False, gc=False):
    """A place with extra fields."""


class _Job(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    inputs: msgspec.Raw
    place_id: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PLACE_ID)] | None = None
    attributes: list[str] | None = None
    attribute_set: AttributeSet | None = None
    attributes_enrichments: None = None
    refresh: bool = False


class _Batch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    batch_name: str
    jobs: list[_Job]
    batch_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    attribute_set: AttributeSet | None = None
    attributes: list[str] | None = None
    kick_off_jobs_now: bool = True
    owner_id: str | None = None


_decode_batch = msgspec.json.Decoder(_Batch).decode
_decode_place = msgspec.json.Decoder(_Place).decode
_decode_open_place = msgspec.json.Decoder(_OpenPlace).decode
_MODELS_ONLY = ("wkt_geometry", "place_id")
"""Fields that replace other fields; only the models support them."""
_TYPED = frozenset(("latitude", "longitude", "opening_hours"))
_OF_NUMBERS = frozenset((float, dict, list))
"""Types of values that may be or contain a number which the decoder has rounded."""


class _NotStrict(Exception):
    """The body is not in the strict form."""


def parse_batch(body: bytes, *, max_jobs: int, generates_ids: bool = False) -> BatchToCreate:
    """Decode the body of a create.

    Args:
        body: the body as it came.
        max_jobs: how many jobs it may have.
        generates_ids: whether place ids may be missing (contract C4).

    Raises:
        TooManyJobs: it is JSON with more than `max_jobs` jobs, which is judged before the places are (contract D2).
        RequestValidationError: it is not JSON, or does not fit `PlaceBatchPayload`.
    """
    try:
        return _strict_batch(body, max_jobs, generates_ids=generates_ids)
    except (_NotStrict, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _lenient_batch(body, max_jobs, generates_ids=generates_ids)


def _strict_batch(body: bytes, max_jobs: int, *, generates_ids: bool) -> BatchToCreate:
    if _ESCAPE in body and _NUL in body:  # most bodies have no escape at all, which is cheap to check
        raise _NotStrict
    batch = _decode_batch(body)
    # The decoder has not looked at the places yet: what is too large may be damaged as well, which comes first.
    if len(batch.jobs) > max_jobs or (batch.batch_id is not None and "/" in batch.batch_id):
        raise _NotStrict
    places = list(_strict_places(batch, generates_ids=generates_ids))
    return BatchToCreate(batch.batch_id, batch.batch_name, places, batch.kick_off_jobs_now)


def _strict_places(batch: _Batch, *, generates_ids: bool) -> Iterator[PlaceToEnrich]:
    of_batch = (batch.attribute_set, batch.attributes)
    shared = merged(of_batch)
    for job in batch.jobs:
        inputs: msgspec.Raw | bytes = job.inputs
        try:
            place = _decode_place(inputs)
        except msgspec.ValidationError:
            place, inputs = _open_place(inputs)
        if not (place.is_accepted() and (job.place_id or generates_ids)):
            raise _NotStrict
        has_own = job.attribute_set or job.attributes
        attributes = merged((job.attribute_set, job.attributes), of_batch) if has_own else shared
        yield PlaceToEnrich(job.place_id or place.id or None, bytearray(inputs), attributes)


def _open_place(inputs: msgspec.Raw | bytes) -> tuple[_Place, msgspec.Raw | bytes]:
    """Decode a place with extra fields; return it and the JSON to store."""
    place = _decode_open_place(inputs)
    whole = _strictly_loaded(inputs)
    if any(field in whole for field in _MODELS_ONLY):
        raise _NotStrict
    if _has_free_numbers(whole) and numerals.has_suspects(memoryview(inputs)):
        return place, written_place(numerals.loads(memoryview(inputs)))
    return place, inputs


def _has_free_numbers(inputs: dict[str, Any]) -> bool:
    """Return whether a place has extra fields that may contain numbers, and thus rounded ones."""
    return any(type(value) in _OF_NUMBERS and name not in _TYPED for name, value in inputs.items())


def _strictly_loaded(inputs: msgspec.Raw | bytes) -> dict[str, Any]:
    """Check that extra fields, which msgspec skipped, can be echoed; return the whole place."""
    try:
        whole: dict[str, Any] = orjson.loads(memoryview(inputs))
        _check_depth(whole)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise _NotStrict from None
    return whole


def _check_depth(inputs: dict[str, Any]) -> None:
    """Check that answers can echo the inputs.

    Raises:
        orjson.JSONEncodeError: the inputs are nested too deeply.
    """
    nested: Any = inputs
    for _ in range(_SPARE_LEVELS):
        nested = [nested]
    orjson.dumps(nested, default=numerals.written)


def _loaded(body: bytes) -> Any:
    """Decode JSON, keeping the digits of any number that a decoder may round, so that it is echoed as sent."""
    try:
        value = loaded(body)
    except RequestValidationError:
        return _beyond_doubles(body)
    jobs = value.get("jobs", [value]) if isinstance(value, dict) else ()
    places = [job.get("inputs") for job in jobs if isinstance(job, dict)] if isinstance(jobs, list) else ()
    if any(isinstance(place, dict) and _has_free_numbers(place) for place in places) and numerals.has_suspects(body):
        with suppress(RecursionError):  # nested this deeply, it is refused if it is to be echoed at all
            return numerals.loads(body)
    return value


def _beyond_doubles(body: bytes) -> Any:
    """Decode JSON that orjson refuses, possibly because of a very large integer."""
    if numerals.has_suspects(body):
        with suppress(ValueError, TypeError, RecursionError):
            value = numerals.loads(body)
            orjson.dumps(value, default=numerals.written)  # refuses lone surrogates, which Python's decoder accepts
            return value
    return loaded(body)


def parse_place(body: bytes, *, generates_ids: bool = False) -> PlaceToEnrich:
    """Decode the body of a request for one place.

    Raises:
        RequestValidationError: it is not JSON, or does not fit `PlaceJob`.
    """
    model: type[PlaceJob | UnidentifiedPlaceJob] = UnidentifiedPlaceJob if generates_ids else PlaceJob
    return place_to_enrich(validated(model, _loaded(body or b"{}")))


def _lenient_batch(body: bytes, max_jobs: int, *, generates_ids: bool) -> BatchToCreate:
    value = _loaded(body)
    if isinstance(value, dict) and isinstance(value.get("jobs"), list):
        check_size(len(value["jobs"]), max_jobs)
    model: type[PlaceBatchPayload | UnidentifiedPlaceBatchPayload]
    model = UnidentifiedPlaceBatchPayload if generates_ids else PlaceBatchPayload
    batch = validated(model, value)
    of_batch = (batch.attribute_set, batch.attributes)
    jobs: Sequence[PlaceJob | UnidentifiedPlaceJob] = batch.jobs
    places = [place_to_enrich(job, of_batch, at=("jobs", position, "inputs")) for position, job in enumerate(jobs)]
    strange = tuple(unknown_fields(PlaceBatchPayload, value))
    return BatchToCreate(batch.batch_id, batch.batch_name, places, batch.kick_off_jobs_now, unknown_fields=strange)


def place_to_enrich(
    job: PlaceJob | UnidentifiedPlaceJob,
    of_batch: tuple[str | None, Sequence[str] | None] = (None, None),
    *,
    at: Sequence[str | int] = ("inputs",),
) -> PlaceToEnrich:
    """Convert a job in a request to the engine's form (contract C4, D6).

    Raises:
        RequestValidationError: the inputs are nested too deeply to be echoed.
    """
    inputs = job.inputs.model_dump(exclude_unset=True)
    attributes = merged((job.attribute_set, job.attributes), of_batch)
    return PlaceToEnrich(job.place_id, bytearray(_written(inputs, at)), attributes)


def _written(inputs: dict[str, Any], at: Sequence[str | int]) -> bytes:
    try:
        _check_depth(inputs)
    except orjson.JSONEncodeError:
        problem = {"type": "too_deep", "loc": ("body", *at), "msg": "Input is nested too deeply"}
        raise RequestValidationError([{**problem, "input": None}]) from None
    return written_place(inputs)
