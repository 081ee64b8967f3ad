"""Request bodies: the quick path accepts only what the models accept, and means the same by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reprompt_mock.api import bodies
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.api.schemas.batches import PlaceBatchPayload
from reprompt_mock.api.schemas.places import PlaceJob, UniversalPlace
from reprompt_mock.engine.submissions import BatchToCreate
from reprompt_mock.enrichment.places import ADDRESS_PARTS, echoed
from reprompt_mock.errors import TooManyJobs
from tests.conftest import LONDON, Org

MOST_JOBS = 3
PLACE = '{"name": "A", "city": "B"}'


def meant(batch: BatchToCreate) -> Any:
    """What a batch comes to, however its places are written."""
    places = [
        (place.place_id, orjson.dumps(echoed(place.place), option=orjson.OPT_SORT_KEYS), place.attributes)
        for place in batch.places
    ]
    return batch._replace(places=[]), places


def quick(body: bytes, *, generates_ids: bool = True) -> Any:
    """What the quick path makes of a body; None where it leaves it to the models."""
    try:
        return meant(bodies._strict_batch(body, MOST_JOBS, generates_ids=generates_ids))
    except TooManyJobs as error:
        return str(error)
    except (bodies._NotStrict, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def thorough(
    body: bytes, *, generates_ids: bool = True, read: Callable[..., BatchToCreate] = bodies._lenient_batch
) -> Any:
    """What the models make of a body; the class of the error where they refuse it."""
    try:
        return meant(read(body, max_jobs=MOST_JOBS, generates_ids=generates_ids))
    except TooManyJobs as error:
        return str(error)
    except RequestValidationError as error:
        return type(error)


def check(body: bytes) -> None:
    """Compare both paths, and what is made of them, where place ids are generated and where they are not."""
    for generates_ids in (True, False):
        by_models = thorough(body, generates_ids=generates_ids)
        assert quick(body, generates_ids=generates_ids) in (None, by_models)
        assert thorough(body, generates_ids=generates_ids, read=parse_batch) == by_models


def text(place: str = PLACE, *, of_job: str = "", of_batch: str = "") -> str:
    """A batch of one place as JSON text; its id is `p` unless the job names one."""
    named = "" if "place_id" in of_job else '"place_id": "p", '
    return f'{{"batch_name": "x", "attributes": ["names"], "jobs": [{{{named}"inputs": {place}{of_job}}}]{of_batch}}}'


def place(**inputs: Any) -> str:
    """A batch of one place with these inputs as JSON text; ids among them stand for the job's own."""
    of_job = ', "place_id": null' if {"id", "place_id"} & inputs.keys() else ""
    return text(json.dumps({"name": "A", "city": "B", **inputs}), of_job=of_job)


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
    place(more=10**30, less=[-(10**25), {"a": 2**64}]),
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
    text(f'{{"name": "A", "city": "B", "more": {"9" * 4301}}}'),
    text('{"name": "A", "city": "B", "more": [1e400]}'),
    text('{"name": "A", "city": "B", "more": [12345678901234567890123, NaN]}'),
    text('{"name": "A", "city": "B", "more": [12345678901234567890123, "\\ud800"]}'),
    text(f'{{"name": "A", "city": "B", "more": [{"9" * 400}, "\\ud800"]}}'),
    text(f'{{"name": "A", "city": "B", "more": [{"9" * 400}, {nested(300)}]}}'),
    text(f'{{"name": "A", "city": "B", "more": [{"9" * 400}, {nested(2000)}]}}'),
    text(f'{{"name": "A", "latitude": {"9" * 400}, "longitude": 0, "more": {"9" * 400}}}'),
    text(f'{{"name": "A", "latitude": 90.{"0" * 30}1, "longitude": 180.{"0" * 5}1, "more": {"9" * 30}}}'),
    text(f'{{"name": {"9" * 30}, "city": "B", "more": {"9" * 30}}}'),
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
    text(of_job=f', "attributes_enrichments": [{{"a": {"9" * 4301}}}]'),
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
    org.set(generate_place_ids=True)
    assert quick(body.encode()) is not None
    check(body.encode())
    assert org.call("POST", "/batches", content=body.encode()).status_code == 200
    assert org.call("GET", "/jobs").status_code == 200


@pytest.mark.parametrize("body", SLOW)
def test_bodies_that_need_leniency_are_left_to_the_models(body: str, org: Org) -> None:
    org.set(generate_place_ids=True)
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


NUMERALS = [
    "123456789012345678901234567890",
    "-123456789012345678901234567890",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "100000000000000000000",
    "9" * 400,
    "9" * 4300,
    "0.1000000000000000055511151231257827",
    "-3.14159265358979323846264338327950288",
    "1.00000000000000000000e5",
    "1e-400",
    "9007199254740993",
    f"0.{'0' * 400}1",
]
HOLDERS = ['{"deep": [%s, {"a": %s}]}', "[%s, %s]", '[["%s"], %s]']


@pytest.mark.parametrize("number", NUMERALS)
@pytest.mark.parametrize("lax", ["", ', "latitude": "48.8584", "longitude": 2.2945'], ids=["quick", "lax"])
def test_a_number_of_a_clients_own_is_echoed_digit_by_digit(number: str, lax: str, org: Org) -> None:
    """contract B6: on either path, at any depth, wherever a place is sent and shown."""
    fields = ", ".join(f'"field-{at}": {holder % (number, number)}' for at, holder in enumerate(["%.0s%s", *HOLDERS]))
    inputs = f'{{"name": "A", "city": "B"{lax}, {fields}}}'
    check(text(inputs).encode())
    job = f'{{"place_id": "p", "inputs": {inputs}, "attributes": ["names"]}}'.encode()
    batch = f'{{"batch_name": "x", "batch_id": "b", "attributes": ["names"], "jobs": [{job.decode()}]}}'.encode()

    shown = [org.call("POST", path, content=job).text for path in ("/jobs", "/enrich")]
    assert org.call("POST", "/batches", content=batch).status_code == 200
    org.settle()
    shown += [org.call("GET", path).text for path in ("/jobs/p", "/jobs?batchId=b", "/jobs?excludeBatches=true")]
    snapshot = org.control("GET", "/snapshot").json()
    other = org.other()
    assert other.control("PUT", "/snapshot", snapshot).status_code == 200
    shown.append(other.call("GET", "/jobs").text)

    for answer in shown:
        assert fields.replace(" ", "") in answer.replace(" ", ""), answer


def test_a_number_of_a_typed_field_is_judged_and_echoed_as_its_type(org: Org) -> None:
    exact = '{"name": "A", "latitude": 48.85840000000000000001, "longitude": 2, "more": 12345678901234567890123}'
    check(text(exact).encode())
    assert org.call("POST", "/batches", content=text(exact).encode()).status_code == 200

    answer = org.call("GET", "/jobs").text
    assert '"latitude":48.8584,"longitude":2.0,' in answer
    assert '"more":12345678901234567890123,' in answer


def test_a_generated_place_id_follows_from_every_digit(org: Org) -> None:
    """contract D1: places that differ in a last digit keep their ids, in whatever order they are sent."""
    places = [f'{{"inputs": {{"name": "A", "city": "B", "more": 1234567890123456789012{end}}}}}' for end in (1, 2)]
    ids = []
    for one in (org, other := org.other()):
        one.set(generate_place_ids=True)
    for one, order in ((org, places), (other, places[::-1])):
        body = f'{{"batch_name": "x", "batch_id": "b", "attributes": ["names"], "jobs": [{", ".join(order)}]}}'
        ids.append(one.call("POST", "/batches", content=body.encode()).json()["jobs"]["pending"])

    assert ids[0] == ids[1][::-1]
    assert ids[0][0] != ids[0][1]


def test_what_is_refused_is_shown_with_its_digits(org: Org) -> None:
    body = text('{"name": 123456789012345678901234567890, "city": "B", "more": 1234567890123456789012}')

    response = org.call("POST", "/batches", content=body.encode())

    assert response.status_code == 422
    assert '"input":123456789012345678901234567890' in response.text


@pytest.mark.parametrize("body", [text(), place(latitude="1", longitude=2)])
def test_a_byte_order_mark_is_skipped(body: str, org: Org) -> None:
    """contract B6: the body means what it means without it, a generated id included."""
    plain, marked = (org.call("POST", "/batches", content=prefix + body.encode()) for prefix in (b"", b"\xef\xbb\xbf"))
    other = org.other().call("POST", "/batches", content=b"\xef\xbb\xbf" + body.encode())

    assert (plain.status_code, marked.status_code) == (200, 200)
    assert other.json()["id"] == plain.json()["id"] != marked.json()["id"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("path", ["/batches", "/jobs", "/enrich", "/batches/refresh", "/jobs/reprocess"])
def test_another_unicode_encoding_is_named(encoding: str, path: str, org: Org) -> None:
    """contract B6: with a byte order mark or without."""
    response = org.call("POST", path, content=text().encode(encoding))

    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert f"the body is in {encoding.upper()[:6]}: send it in UTF-8" in problem["msg"]


@pytest.mark.parametrize("body", [*(body.encode() for body in REFUSED), *IN_BYTES])
def test_what_the_models_refuse_is_refused(body: bytes, org: Org) -> None:
    org.set(generate_place_ids=True)
    assert quick(body) is None
    assert thorough(body) is RequestValidationError
    response = org.call("POST", "/batches", content=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize(("body", "place_id"), LONG)
def test_an_id_may_have_512_characters(body: str, place_id: str) -> None:
    check(body.encode())
    assert parse_batch(body.encode(), max_jobs=1, generates_ids=True).places[0].place_id == place_id


@pytest.mark.parametrize(
    "job", ["{}", '{"inputs": {}}', f'{{"inputs": {PLACE}}}', f'{{"inputs": {PLACE}, "x": 1}}', "7"]
)
def test_the_number_of_jobs_is_judged_on_both_paths(job: str) -> None:
    """contract D2: before the places are."""
    body = f'{{"batch_name": "x", "jobs": [{", ".join([job] * (MOST_JOBS + 1))}]}}'.encode()
    check(body)
    with pytest.raises(TooManyJobs):
        parse_batch(body, max_jobs=MOST_JOBS)


@pytest.mark.parametrize(
    "damaged",
    [
        b'"latitude": 1.',
        b'"city": "\xff"',
        b'"city": "\xed\xa0\x80"',
        b'"more": nul',
        b'"more": 01',
        b'"a": "\\x"',
        b'"a" 1',
    ],
)
@pytest.mark.parametrize("jobs", [1, MOST_JOBS, MOST_JOBS + 1, 3 * MOST_JOBS])
def test_a_damaged_body_does_not_fit_the_schema_however_many_jobs_it_has(damaged: bytes, jobs: int, org: Org) -> None:
    """contract D2: the count is judged after the body is known to be JSON in UTF-8."""
    job = b'{"place_id": "p", "inputs": {"name": "A", "city": "B", ' + damaged + b"}}"
    whole = b'{"place_id": "p", "inputs": {"name": "A", "city": "B"}}'
    org.set(max_jobs_per_request=MOST_JOBS)
    for places in ([job] + [whole] * (jobs - 1), [whole] * (jobs - 1) + [job]):
        body = b'{"batch_name": "x", "jobs": [' + b", ".join(places) + b"]}"
        check(body)
        assert org.call("POST", "/batches", content=body).status_code == 422


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
        b"0.1000000000000000055511151231257827",
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


WITHOUT_A_BODY = [
    ("POST", "/v1/{org}/place_enrichment/batches/b/reprocess", 400),
    ("PUT", "/v1/{org}/place_enrichment/batches/b", 200),
    ("PATCH", "/_mock/orgs/{org}/settings", 200),
    ("PATCH", "/_mock/orgs/{org}/clock", 200),
    ("POST", "/_mock/orgs/{org}/clock/settle", 200),
    ("POST", "/_mock/orgs/{org}/release", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), WITHOUT_A_BODY)
@pytest.mark.parametrize("announced", [{"Content-Length": "31"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_that_was_announced_and_lost_is_not_taken_for_an_empty_object(
    method: str, path: str, status: int, announced: dict[str, str], org: Org
) -> None:
    """Else the request would do something else than it says: settle all batches instead of one."""
    org.create("a", batch_id="b")
    url = path.format(org=org.slug)

    for none in ({}, {"Content-Length": "0"}, {"Content-Length": "00"}):
        assert org.http.request(method, url, headers={**org.headers, **none}).status_code == status
    lost = org.http.request(method, url, headers={**org.headers, **announced})

    assert lost.status_code == 422
    assert lost.json()["detail"][0]["msg"] == "JSON decode error: a body was announced, but none was sent"
