"""Request bodies: the quick path accepts only what the models accept, and means the same by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reprompt_mock.api import bodies
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.api.schemas.batches import PlaceBatchPayload
from reprompt_mock.api.schemas.places import PlaceJob, UniversalPlace
from reprompt_mock.engine.submissions import BatchToCreate
from reprompt_mock.enrichment.places import ADDRESS_PARTS
from reprompt_mock.enrichment.results import echoed
from reprompt_mock.errors import TooManyJobs
from tests.conftest import LONDON, Org

MOST_JOBS = 3
PLACE = '{"name": "A", "city": "B"}'


def meant(batch: BatchToCreate) -> Any:
    """What a batch comes to, however its places are written."""
    places = [(place.place_id, echoed(place.place), place.attributes) for place in batch.places]
    return batch._replace(places=[]), places


def quick(body: bytes) -> Any:
    """What the quick path makes of a body; None where it leaves it to the models."""
    try:
        return meant(bodies._strict_batch(body, MOST_JOBS))
    except TooManyJobs as error:
        return str(error)
    except (bodies._NotStrict, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def thorough(body: bytes, *, read: Callable[..., BatchToCreate] = bodies._lenient_batch) -> Any:
    """What the models make of a body; the class of the error where they refuse it."""
    try:
        return meant(read(body, max_jobs=MOST_JOBS))
    except TooManyJobs as error:
        return str(error)
    except RequestValidationError as error:
        return type(error)


def check(body: bytes) -> None:
    """Compare both paths, and what is made of them."""
    by_models, by_quick = thorough(body), quick(body)
    assert by_quick in (None, by_models)
    assert thorough(body, read=parse_batch) == by_models


def text(place: str = PLACE, *, of_job: str = "", of_batch: str = "") -> str:
    """A batch of one place as JSON text."""
    return f'{{"batch_name": "x", "attributes": ["names"], "jobs": [{{"inputs": {place}{of_job}}}]{of_batch}}}'


def place(**inputs: Any) -> str:
    """A batch of one place with these inputs as JSON text."""
    return text(json.dumps({"name": "A", "city": "B", **inputs}))


def nested(depth: int) -> str:
    """Lists within lists."""
    return "[" * depth + "]" * depth


QUICK = [
    text(),
    text(json.dumps(LONDON)),
    text('{"name": "A", "latitude": 1, "longitude": -2}'),
    text('{"name": "A", "latitude": -0, "longitude": 1e-400}'),
    text('{"name": "A", "latitude": 90.0, "longitude": 180}'),
    text('{"n\\u0061me": "\\ud83d\\ude00", "city": "B"}'),
    text('{"name": "A", "name": "C", "city": "B"}'),
    text('{"name": "A", "city": " ", "street": "", "country": "France"}'),
    text(of_job=', "place_id": "p", "attributes": [], "attribute_set": "core", "refresh": true'),
    text(of_job=', "place_id": null, "attributes": null, "attribute_set": null, "attributes_enrichments": null'),
    text(of_batch=', "batch_id": "b", "attribute_set": "open_closed", "kick_off_jobs_now": false, "owner_id": null'),
    place(full_address="1 High Street", country_code="GB", category="Pub", website="", phone="1", id="me", source="us"),
    place(input_type="place", house="1", state="C", postalCode="2", opening_hours={"Monday": "9-5"}),
    place(id=""),
    place(id=None, country_code=None, opening_hours={}),
    '{"batch_name": "", "jobs": []}',
    text().replace(" ", "\n\t\r "),
]
SLOW = [
    place(latitude="40.7", longitude="-74"),
    place(latitude=True, longitude=False),
    place(wkt_geometry="POINT (1 2)"),
    place(wkt_geometry=None),
    place(place_id="p"),
    place(place_id=7, building="x", more={"a": [1]}),
    place(full_address="a\0b"),
    text(of_job=', "refresh": "yes", "more": 1, "attributes_enrichments": [{"a": 1}]'),
    text(of_batch=', "kick_off_jobs_now": "no", "more": {"a": 1}, "owner_id": "me"'),
    text(of_batch=f', "more": {nested(300)}'),
    text(of_job=f', "attributes_enrichments": [{{"a": {nested(300)}}}]'),
    '{"batch_name": 7, "batch_name": "x", "jobs": []}',
    '{"batch_name": "x", "jobs": 7, "jobs": []}',
]
OPEN = [
    place(more=json.loads(nested(200))),
    place(more={"a": [None, 2**64 - 1, 1e300, -0.0]}, Name="other", postalcode=7),
    place(more="\U0001f600", building=7, model_dump=1),
    text(place='{"name": "A", "building": "7", "km": null}'),
]
REFUSED = [
    "",
    " ",
    "{",
    "null",
    "true",
    "7",
    '"x"',
    "[]",
    "[{}]",
    "{}",
    "\ufeff" + text(),
    text() + "x",
    text() + ",",
    text() + text(),
    text().replace('"', "'"),
    text().replace("]", ",]"),
    text().replace("}", ",}"),
    "/* */" + text(),
    "\u00a0" + text(),
    "\x0b" + text(),
    '{"batch_name": "x", "batch_name": 7, "jobs": []}',
    '{"batch_name": "x", "jobs": [], "jobs": null}',
    place(name=""),
    place(name=" \n"),
    place(name="\u3000"),
    place(name=None),
    place(name=7),
    place(name="a\0b"),
    place(city=" "),
    place(latitude=1),
    place(longitude=1),
    place(latitude=1, longitude=None),
    place(latitude=91, longitude=0),
    place(latitude=-90.00001, longitude=0),
    place(latitude=0, longitude=180.00001),
    place(latitude=10**30, longitude=0),
    place(latitude="nan", longitude=0),
    place(latitude=0, longitude=[]),
    place(country_code=""),
    place(country_code="us"),
    place(country_code="US\n"),
    place(country_code="US "),
    place(country_code="USA"),
    place(country_code="\u00c4\u00d6"),
    place(id="x" * 513),
    place(id="a\0b"),
    place(id=7),
    place(input_type="Place"),
    place(input_type=None),
    place(opening_hours=[]),
    place(opening_hours={"Monday": None}),
    place(street=7),
    place(more=json.loads(nested(240))),
    place(more=json.loads(nested(300))),
    place(more=json.loads(nested(800))),
    text(f'{{"name": "A", "city": "B", "more": {nested(2000)}}}'),
    text(f'{{"name": "A", "city": "B", "more": {"9" * 400}}}'),
    text(f'{{"name": "A", "latitude": {"9" * 5000}, "longitude": 0}}'),
    text('{"name": "A", "city": "B", "more": 1e999}'),
    text('{"name": "A", "city": "B", "more": NaN}'),
    text('{"name": "A", "city": "\\ud800"}'),
    text('{"name": "A", "city": "\\ud83dx"}'),
    text('{"name": "\n", "city": "B"}'),
    text('{"name": "A", "city": "B\nC"}'),
    text('{"name": "A", "city": "\\q"}'),
    text('{"name": "A", "city": "\\u12"}'),
    text('{"name": "A", "latitude": 01, "longitude": 0}'),
    text('{"name": "A", "latitude": 1., "longitude": 0}'),
    text('{"name": "A", "latitude": +1, "longitude": 0}'),
    text('{"name": "A", "latitude": 0x1, "longitude": 0}'),
    text("null"),
    text("[]"),
    text('"A"'),
    text(of_job=', "place_id": ""'),
    text(of_job=f', "place_id": "{"x" * 513}"'),
    text(of_job=', "place_id": 7'),
    text(of_job=', "place_id": "a\\u0000b"'),
    text(of_job=', "attributes": ["a\\u0000b"]'),
    text(of_job=', "attributes": [7]'),
    text(of_job=', "attribute_set": "Core"'),
    text(of_job=', "refresh": null'),
    text(of_job=f', "attributes_enrichments": [{{"a": {"9" * 400}}}]'),
    text(of_job=', "attributes_enrichments": [{"a": 1e999}]'),
    text(of_job=', "attributes_enrichments": {}'),
    text(of_job=', "more": 1e999'),
    text(of_job=', "inputs": null'),
    text(of_batch=', "batch_id": ""'),
    text(of_batch=', "batch_id": "a/b"'),
    text(of_batch=', "batch_id": "a\\/b"'),
    text(of_batch=', "batch_id": "a\\u002fb"'),
    text(of_batch=', "batch_id": "a\\u0000b"'),
    text(of_batch=f', "batch_id": "{"x" * 256}"'),
    text(of_batch=', "batch_name": "a\\u0000b"'),
    text(of_batch=', "kick_off_jobs_now": null'),
    text(of_batch=', "more": "\\udc00"'),
    text(of_batch=', "\\udc00": 1'),
    text(of_batch=f', "more": {nested(2000)}'),
    text(of_batch=f', "more": {nested(100_000)}'),
]
IN_BYTES = [
    text().encode().replace(b'"B"', b'"\xff"'),
    text().encode().replace(b'"x"', b'"\xed\xa0\x80"'),
    text().encode().replace(b'"x"', b'"\xc0\x80"'),
    text().encode().replace(b'"x"', b'"\xf0\x9f"'),
    text().encode("utf-16"),
    text().encode("utf-32"),
    b"\0" + text().encode(),
    text().encode() + b"\0",
    text().encode().replace(b'"x"', b'"\0"'),
    b"\xff",
    b"\x80\x81",
]
LONG = [
    (place(id="x" * 512), "x" * 512),
    (place(id="\U0001f600" * 512), "\U0001f600" * 512),
    (text(of_job=f', "place_id": "{"/" * 512}"'), "/" * 512),
]


@pytest.mark.parametrize("body", QUICK)
def test_plain_bodies_take_the_quick_path(body: str, org: Org) -> None:
    assert quick(body.encode()) is not None
    check(body.encode())
    assert org.call("POST", "/batches", content=body.encode()).status_code == 200
    assert org.call("GET", "/jobs").status_code == 200


@pytest.mark.parametrize("body", SLOW)
def test_bodies_that_need_leniency_are_left_to_the_models(body: str, org: Org) -> None:
    assert quick(body.encode()) is None
    check(body.encode())
    assert org.call("POST", "/batches", content=body.encode()).status_code == 200
    assert org.call("GET", "/jobs").status_code == 200


@pytest.mark.parametrize("body", OPEN)
def test_fields_of_a_clients_own_are_kept_on_either_path(body: str, org: Org) -> None:
    check(body.encode())
    assert org.call("POST", "/batches", content=body.encode()).status_code == 200
    echo = org.get("/jobs")["jobs"][0]["inputs"]
    assert json.loads(body)["jobs"][0]["inputs"].items() <= echo.items()


@pytest.mark.parametrize("body", [*(body.encode() for body in REFUSED), *IN_BYTES])
def test_what_the_models_refuse_is_refused(body: bytes, org: Org) -> None:
    assert quick(body) is None
    assert thorough(body) is RequestValidationError
    response = org.call("POST", "/batches", content=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize(("body", "place_id"), LONG)
def test_an_id_may_have_512_characters(body: str, place_id: str) -> None:
    check(body.encode())
    assert parse_batch(body.encode(), max_jobs=1).places[0].place_id == place_id


@pytest.mark.parametrize(
    "job", ["{}", '{"inputs": {}}', f'{{"inputs": {PLACE}}}', f'{{"inputs": {PLACE}, "x": 1}}', "7"]
)
def test_the_number_of_jobs_is_judged_on_both_paths(job: str) -> None:
    """contract D2: before the places are."""
    body = f'{{"batch_name": "x", "jobs": [{", ".join([job] * (MOST_JOBS + 1))}]}}'.encode()
    check(body)
    with pytest.raises(TooManyJobs):
        parse_batch(body, max_jobs=MOST_JOBS)


def test_the_quick_path_knows_no_field_that_the_models_do_not_know() -> None:
    assert set(bodies._Job.__struct_fields__) <= set(PlaceJob.model_fields)
    assert set(bodies._Batch.__struct_fields__) <= set(PlaceBatchPayload.model_fields)


ODD_TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", " ", "place", "US", "GB\n", "a/b", "a\0b", "core", "all", "POINT (1 2)", "1.5", "true", "\u3000"]
    ),
    st.sampled_from(["x" * 255, "x" * 256, "x" * 512, "x" * 513]),
)
NUMBERS = st.one_of(
    st.integers(-200, 200),
    st.floats(-200, 200),
    st.sampled_from([90, -90, 180, 90.00000000000001, 2**63, 10**30, -0.0]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | ODD_TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
LISTS = st.lists(st.sampled_from(["names", "tiktok", "vibes", ""]), max_size=3) | st.none()
SETS = st.sampled_from(["core", "all", "open_closed", None])


def objects(required: dict[str, Any], optional: dict[str, Any], odd: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that mostly fit, some with an odd value in one field."""
    usual = st.fixed_dictionaries(required, optional=optional)
    return st.builds(
        lambda value, changes: {**value, **changes},
        usual,
        st.just({}) | st.just({}) | st.dictionaries(st.sampled_from(odd), VALUES, min_size=1, max_size=1),
    )


INPUTS = objects(
    {"name": st.text(min_size=1, max_size=6), "city": st.sampled_from(["Paris", "", None])},
    {
        "latitude": st.floats(-90, 90) | st.integers(-90, 90),
        "longitude": st.floats(-180, 180) | st.integers(-180, 180),
        "country_code": st.sampled_from(["US", "ZZ", None]),
        "opening_hours": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        "id": st.text(max_size=3) | st.none(),
        "full_address": st.text(max_size=6),
        "input_type": st.just("place"),
    },
    [*UniversalPlace.model_fields, *ADDRESS_PARTS, "place_id", "type", "more", "model_dump"],
)
JOBS = objects(
    {"inputs": INPUTS},
    {"place_id": ODD_TEXTS | st.none(), "attributes": LISTS, "attribute_set": SETS, "refresh": st.booleans()},
    [*PlaceJob.model_fields, "more"],
)
BATCHES = objects(
    {"batch_name": st.text(max_size=6), "jobs": st.lists(JOBS, max_size=MOST_JOBS + 1)},
    {
        "batch_id": ODD_TEXTS | st.none(),
        "attributes": LISTS,
        "attribute_set": SETS,
        "kick_off_jobs_now": st.booleans(),
        "owner_id": st.none() | st.text(max_size=3),
    },
    [*PlaceBatchPayload.model_fields, "more"],
)


def written(value: Any, *, ascii_only: bool, spaced: bool) -> bytes:
    """Write JSON in one of the ways in which clients do."""
    separators = (" ,\n", " : ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode()


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(value=BATCHES | VALUES, ascii_only=st.booleans(), spaced=st.booleans())
@example(value={"batch_name": "x", "jobs": [{"inputs": {"name": "A", "city": "B"}}]}, ascii_only=True, spaced=True)
def test_both_paths_mean_the_same_by_a_body(value: Any, ascii_only: bool, spaced: bool) -> None:
    check(written(value, ascii_only=ascii_only, spaced=spaced))


SPLINTERS = [
    *[b"", b" ", b"\n", b"\0", b"\x01", b"\x7f", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\xef\xbb\xbf"],
    *[b'"', b"\\", b"\\u0000", b"\\ud800", b"\\u00e9", b"\\/", b"\\q", b"{", b"}", b"[", b"]", b",", b":", b"/"],
    *[
        b"0",
        b"-",
        b"+",
        b".",
        b"e9",
        b"1e999",
        b"9" * 30,
        b"9" * 400,
        b"NaN",
        b"null",
        b"true",
        b"7",
        b'"x"',
        b"{}",
        b"[]",
    ],
    *[b'"name":', b'"more":1,', b'"city":"B",', b'"place_id":"p",', b'"latitude":1,"longitude":2,'],
]


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(value=BATCHES, ascii_only=st.booleans(), data=st.data())
def test_both_paths_mean_the_same_by_a_damaged_body(value: Any, ascii_only: bool, data: st.DataObject) -> None:
    body = written(value, ascii_only=ascii_only, spaced=False)
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 3)))
        body = body[:start] + data.draw(st.sampled_from(SPLINTERS)) + body[end:]
    check(body)
