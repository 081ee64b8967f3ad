"""Contract C: what a place is, and how it is echoed."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from reprompt import PlaceJobResult

from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

FIXTURES = Path(__file__).parents[2] / "fixtures"
PLACES = json.loads((FIXTURES / "places" / "places.json").read_text(encoding="utf-8"))
ADDRESS_PARTS = (
    "street house building unit_number floor block km suburb city state postalCode country".split()  # noqa: SIM905
)
REQUIRED = ["name", "full_address", "latitude", "longitude", "country_code"]


def fixture(name: str) -> Any:
    """A request body of the fixtures."""
    return json.loads((FIXTURES / "requests" / f"{name}.json").read_text(encoding="utf-8"))


def batch(*inputs: dict[str, Any]) -> dict[str, Any]:
    """A batch of places p0, p1 and so on with these inputs."""
    jobs = [{"place_id": f"p{number}", "inputs": place} for number, place in enumerate(inputs)]
    return {"batch_id": "b", "batch_name": "Places", "attribute_set": "core", "jobs": jobs}


def accepted(org: Org, **inputs: Any) -> dict[str, Any]:
    """Submit a place that is acceptable; gives its result."""
    org.post("/batches", batch(inputs))
    result: dict[str, Any] = org.get("/jobs/p0")
    return result


def refused(org: Org, **inputs: Any) -> list[dict[str, Any]]:
    """Submit a place that is not acceptable; gives the entries of the 422."""
    response = org.call("POST", "/batches", json=batch(inputs))
    assert response.status_code == 422, response.text
    entries: list[dict[str, Any]] = response.json()["detail"]
    assert all(entry["loc"][:4] == ["body", "jobs", 0, "inputs"] for entry in entries)
    return entries


# C1


@pytest.mark.parametrize(
    "name", ["A", "Tour Eiffel", "東京国際空港", " padded ", "😀", "x" * 5000, "'; DROP TABLE job"]
)
def test_a_name_that_is_not_blank_will_do(name: str, org: Org) -> None:
    """contract C1: `inputs.name` is required and not blank."""
    assert accepted(org, name=name, city="Paris")["inputs"]["name"] == name


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\u3000", "\u00a0", None, 7, ["A"]])
def test_a_blank_name_is_refused(name: Any, org: Org) -> None:
    """contract C1: `inputs.name` is required and not blank."""
    (entry,) = refused(org, name=name, city="Paris")
    assert entry["loc"][4:] == ["name"]


def test_a_place_without_a_name_is_refused(org: Org) -> None:
    """contract C1: `inputs.name` is required."""
    (entry,) = refused(org, city="Paris", latitude=1, longitude=2)
    assert entry["loc"][4:] == ["name"]


@pytest.mark.parametrize(
    "location",
    [
        {"latitude": 51.47, "longitude": -0.46},
        {"latitude": 0, "longitude": 0},
        {"full_address": "5 Avenue Anatole France, 75007 Paris, France"},
        {"wkt_geometry": "POINT (-0.46194 51.4706)"},
        *({part: "7"} for part in ADDRESS_PARTS),
        {"street": "", "city": " ", "state": None, "km": "12"},
        {"full_address": "", "city": "Paris"},
        {"full_address": None, "latitude": 1, "longitude": 2},
        {"latitude": None, "longitude": None, "country": "France"},
    ],
)
def test_one_way_to_locate_a_place_is_enough(location: dict[str, Any], org: Org) -> None:
    """contract C1: coordinates, or `full_address`, or `wkt_geometry`, or one non-blank address part."""
    assert accepted(org, name="Somewhere", **location)["status"] == "pending"


@pytest.mark.parametrize(
    "location",
    [
        {},
        {"full_address": None},
        {"full_address": ""},
        {"full_address": "  \n"},
        {"latitude": None, "longitude": None},
        {"wkt_geometry": None},
        dict.fromkeys(ADDRESS_PARTS, " "),
        {"phone": "+1 555 0100", "website": "https://example.com", "country_code": "FR", "category": "Tower"},
        {"address": "5 Avenue Anatole France", "zip": "75007", "location": [1, 2], "Street": "Main"},
    ],
)
def test_a_place_that_is_nowhere_is_refused(location: dict[str, Any], org: Org) -> None:
    """contract C1: beyond the name a place needs a location; the refusal says which ways there are."""
    (entry,) = refused(org, name="Somewhere", **location)
    for word in ("latitude", "longitude", "full_address", "wkt_geometry", *ADDRESS_PARTS):
        assert word in entry["msg"]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90, 180), (-90, -180), (90.0, -180.0), (0, 180), ("-90", "180"), (89.999999999, 0)]
)
def test_coordinates_reach_to_the_poles_and_the_date_line(latitude: Any, longitude: Any, org: Org) -> None:
    """contract C1: latitude -90…90, longitude -180…180."""
    inputs = accepted(org, name="Somewhere", latitude=latitude, longitude=longitude)["inputs"]
    assert (inputs["latitude"], inputs["longitude"]) == (float(latitude), float(longitude))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", 90.0001),
        ("latitude", -90.0001),
        ("latitude", 91),
        ("latitude", "91"),
        ("latitude", 1e300),
        ("latitude", "north"),
        ("latitude", [1]),
        ("longitude", 180.0001),
        ("longitude", -180.0001),
        ("longitude", -181),
        ("longitude", {}),
    ],
)
def test_coordinates_off_the_earth_are_refused(field: str, value: Any, org: Org) -> None:
    """contract C1: latitude -90…90, longitude -180…180, even beside an address."""
    (entry,) = refused(org, **{"name": "A", "city": "Paris", "latitude": 1, "longitude": 1, field: value})
    assert entry["loc"][4:] == [field]


@pytest.mark.parametrize("elsewhere", [{}, {"full_address": "1 High Street"}, {"wkt_geometry": "POINT (1 2)"}])
@pytest.mark.parametrize(
    "half", [{"latitude": 1}, {"longitude": 1}, {"latitude": 1, "longitude": None}, {"latitude": None, "longitude": 0}]
)
def test_one_coordinate_without_the_other_is_refused(half: Any, elsewhere: Any, org: Org) -> None:
    """contract C1: one without the other is an error, whatever else is given."""
    (entry,) = refused(org, name="Somewhere", **half, **elsewhere)
    assert "together" in entry["msg"]


@pytest.mark.parametrize(
    ("geometry", "longitude", "latitude"),
    [
        ("POINT (-0.46194 51.4706)", -0.46194, 51.4706),
        ("POINT(-0.46194 51.4706)", -0.46194, 51.4706),
        ("point (-0.46194 51.4706)", -0.46194, 51.4706),
        ("  POINT (-0.46194 51.4706)  ", -0.46194, 51.4706),
        ("POINT (0.1 0.2)", 0.1, 0.2),
        ("POINT (139.78113 35.55225)", 139.78113, 35.55225),
        ("POINT (180 90)", 180.0, 90.0),
        ("POINT (-180 -90)", -180.0, -90.0),
        ("POINT Z (1 2 3)", 1.0, 2.0),
        ("POINTZ(1 2 3)", 1.0, 2.0),
        ("POINT M (1 2 3)", 1.0, 2.0),
        ("POINT ZM (1 2 3 4)", 1.0, 2.0),
        ("PointZM (1 2 3 4)", 1.0, 2.0),
        ("POINT (1 2 3)", 1.0, 2.0),
        ("POINT (+1.5 -2.5)", 1.5, -2.5),
        ("POINT (1. .5)", 1.0, 0.5),
        ("POINT (1e1 2E-1)", 10.0, 0.2),
        ("POINT\t(\n1\r\n\t2 )\n", 1.0, 2.0),
        ("SRID=4326;POINT(1 2)", 1.0, 2.0),
        ("SRID=4326; POINT(1 2)", 1.0, 2.0),
        (" srid = 4326 ;\n POINT Z (1 2 3)", 1.0, 2.0),
    ],
)
def test_a_point_is_taken_exactly(geometry: str, longitude: float, latitude: float, org: Org) -> None:
    """contract C1: WKT has the longitude first, and a point is taken exactly."""
    inputs = accepted(org, name="Somewhere", wkt_geometry=geometry)["inputs"]
    assert (inputs["longitude"], inputs["latitude"]) == (longitude, latitude)


@pytest.mark.parametrize(
    ("geometry", "longitude", "latitude"),
    [
        ("LINESTRING (0 0, 10 20)", 5, 10),
        ("LINESTRING (0 0, 0 8, 10 2)", 5, 4),
        ("POLYGON ((0 0, 0 2, 4 2, 4 0, 0 0))", 2, 1),
        ("POLYGON ((0 0, 0 2, 4 2, 4 0, 0 0), (1 1, 1 1.5, 2 1.5, 1 1))", 2, 1),
        ("POLYGON ((0 0, 10 0, 0 1, 0 0))", 5, 0.5),
        ("MULTIPOINT ((1 2), (3 4))", 2, 3),
        ("MULTIPOINT (1 2, 3 4, 1 2)", 2, 3),
        ("MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", 1.5, 1.5),
        ("MULTIPOLYGON (((0 0, 0 2, 4 2, 4 0, 0 0)), ((5 5, 5 6, 6 6, 5 5)))", 3, 3),
        ("GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (3 4, 5 6))", 3, 4),
        ("GEOMETRYCOLLECTION (POINT (1 2), POLYGON ((0 0, 0 2, 4 2, 4 0, 0 0)))", 2, 1),
        ("POLYGON Z ((0 0 9, 0 2 9, 4 2 9, 4 0 9, 0 0 9))", 2, 1),
        ("LINESTRING ZM (0 0 1 2, 10 20 3 4)", 5, 10),
        ("MULTIPOINT (EMPTY, (1 2), 3 4)", 2, 3),
        ("MULTILINESTRING (EMPTY, (0 0, +2 2))", 1, 1),
        ("MULTIPOLYGON (((0 0, 0 2, 4 2, 4 0, 0 0)), EMPTY)", 2, 1),
        ("GEOMETRYCOLLECTION (POINT EMPTY, POINT (1 2))", 1, 2),
        ("GEOMETRYCOLLECTION (POINT (1 2), LINESTRING EMPTY, GEOMETRYCOLLECTION (POLYGON EMPTY))", 1, 2),
        ("SRID=4326; GEOMETRYCOLLECTION Z (POINT Z (1 2 9), GEOMETRYCOLLECTION (POINT (3 4)))", 2, 3),
    ],
)
def test_another_shape_is_taken_by_the_centre_of_its_bounding_box(
    geometry: str, longitude: float, latitude: float, org: Org
) -> None:
    """contract C1: shapes other than a point by the centre of their bounding box."""
    inputs = accepted(org, name="Somewhere", wkt_geometry=geometry)["inputs"]
    assert (inputs["longitude"], inputs["latitude"]) == pytest.approx((longitude, latitude), abs=1e-12)


@pytest.mark.parametrize(
    "geometry",
    [
        *["", " ", "POINT", "POINT EMPTY", "POINT ()", "POINT (1)", "POINT (1, 2)", "POINT (1 two)", "POINT (1 2"],
        *["POINT 1 2", "POINT (1 2) 3", "POINT (nan nan)", "POINT (1e400 1)", "POLYGON ((0 0, 0 2, 4 2", "Paris"],
        *["LINESTRING EMPTY", "LINESTRING (1 2, foo)", "CIRCLE (1 2)", "51.4706, -0.46194", '{"type": "Point"}'],
        *["POINT (1 2 3 4 5)", "POINT Z (1 2)", "POINT ZM (1 2 3)", "POINT Q (1 2)", "POINT (1-2)", "POINT (++1 2)"],
        *["LINESTRING (1 2)", "LINESTRING (0 0, 1 1 1)", "MULTIPOINT ((1 2, 3 4))", "POINT (\u0663 1)", "POINT (. 1)"],
        *["GEOMETRYCOLLECTION (POINT EMPTY)", "GEOMETRYCOLLECTION ()", "MULTIPOINT (EMPTY)", "POLYGON (EMPTY)"],
        *["SRID=4326;", "SRID=;POINT(1 2)", "POINT (1 2);", "SRID=4326 POINT (1 2)", "POLYGON ((0 0, 0 2, 0 0))"],
        *["POINT (181 0)", "POINT (0 91)", "POINT (51.4706 -100.5)", "LINESTRING (0 0, 190 0)"],
    ],
)
@pytest.mark.parametrize("elsewhere", [{}, {"city": "Paris"}, {"latitude": 1, "longitude": 2}])
def test_a_geometry_that_cannot_be_parsed_is_refused(geometry: str, elsewhere: Any, org: Org) -> None:
    """contract C1: unparsable is an error, whatever else is given."""
    (entry,) = refused(org, name="Somewhere", wkt_geometry=geometry, **elsewhere)
    assert "wkt_geometry" in entry["msg"]


@pytest.mark.parametrize(
    "geometry",
    [
        "POLYGON ((0 0, 0 2, 4 2, 4 0))",
        "POLYGON ((0 0, 0 2, 4 2, 4 0, 0 0), (1 1, 1 1.5, 2 1.5, 1 1.1))",
        "POLYGON Z ((0 0 1, 0 2 1, 4 2 1, 1 0 1))",
        "MULTIPOLYGON (((0 0, 0 2, 4 2, 4 0, 0 0)), ((5 5, 5 6, 6 6, 6 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2), POLYGON ((0 0, 0 2, 4 2, 4 0)))",
    ],
)
def test_a_ring_that_is_not_closed_is_refused(geometry: str, org: Org) -> None:
    """contract C1: a ring ends where it began."""
    (entry,) = refused(org, name="Somewhere", wkt_geometry=geometry)
    assert "ring" in entry["msg"]


@pytest.mark.parametrize("geometry", [7, ["POINT (1 2)"], {"type": "Point", "coordinates": [1, 2]}])
def test_a_geometry_is_a_text(geometry: Any, org: Org) -> None:
    """contract C1: `wkt_geometry` is a text."""
    (entry,) = refused(org, name="Somewhere", wkt_geometry=geometry)
    assert entry["loc"][4:] == ["wkt_geometry"]


def test_coordinates_go_before_a_geometry(org: Org) -> None:
    """contract C5: inputs are echoed as sent; only coordinates that are missing are filled in."""
    inputs = accepted(org, name="Somewhere", latitude=51.5, longitude=-0.5, wkt_geometry="POINT (1 2)")["inputs"]
    assert (inputs["latitude"], inputs["longitude"]) == (51.5, -0.5)


def test_one_bad_place_spoils_the_request_and_is_told_where(org: Org) -> None:
    """contract C1: what is demanded of a place is schema (B3), told with the place's position."""
    response = org.call("POST", "/batches", json=batch(LONDON, LONDON, {"name": "Nowhere"}, LONDON))
    assert response.status_code == 422
    assert [entry["loc"][:4] for entry in response.json()["detail"]] == [["body", "jobs", 2, "inputs"]]


# C2


@pytest.mark.parametrize("code", ["GB", "XK", "ZZ", "AA"])
def test_a_country_code_is_two_capital_letters(code: str, org: Org) -> None:
    """contract C2: `country_code` matches `^[A-Z]{2}$` when given."""
    result = accepted(org, **LONDON, country_code=code)
    assert result["inputs"]["country_code"] == result["job_metadata"]["country_code"] == code


@pytest.mark.parametrize(
    "code", ["", "g", "gb", "Gb", "GBR", "G1", "G B", "GB\n", " GB", "ÄÖ", "\uff27\uff22", 44, ["GB"]]
)
def test_another_country_code_is_refused(code: Any, org: Org) -> None:
    """contract C2: `country_code` matches `^[A-Z]{2}$` when given."""
    (entry,) = refused(org, **LONDON, country_code=code)
    assert entry["loc"][4:] == ["country_code"]


PARIS = {"latitude": 48.8584, "longitude": 2.2945}
OCEAN = {"latitude": 0.0, "longitude": -30.0}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"country": "France"}, "FR"),
        ({"country": " united kingdom "}, "GB"),
        ({"country": "USA"}, "US"),
        ({"country": "UK"}, "GB"),
        ({"country": "Japan", **PARIS}, "JP"),
        ({"country": "Atlantis", **PARIS}, "FR"),
        ({**PARIS}, "FR"),
        ({**PARIS, "full_address": "Shibuya, Tokyo, Japan"}, "FR"),
        ({"wkt_geometry": "POINT (2.2945 48.8584)"}, "FR"),
        ({**OCEAN, "full_address": "Shibuya, Tokyo, Japan"}, "JP"),
        ({"full_address": "Shibuya, Tokyo, Japan"}, "JP"),
        ({"full_address": "350 5th Ave, New York, NY 10118, United States"}, "US"),
        ({"full_address": "Japan Street 1, Springfield"}, None),
        ({"full_address": "350 5th Ave, New York, NY 10118"}, "US"),
        ({"full_address": "350 5th Ave, New York"}, None),
        ({"full_address": "Atlanta, Georgia"}, "US"),
        ({"full_address": "1 Center St, West Jordan"}, None),
        ({"full_address": "10 Bayfront Avenue, Singapore 018956"}, "SG"),
        ({"full_address": "10 Downing Street, London SW1A 2AA"}, "GB"),
        ({"country": "CA", "city": "Los Angeles"}, "CA"),
        ({"country": "GBR"}, "GB"),
        ({"country": "840"}, "US"),
        ({"country": "Georgia", "city": "Atlanta"}, "GE"),
        ({"country": "Espana"}, "ES"),
        ({"country": "भारत"}, "IN"),
        ({"latitude": 21.03, "longitude": 105.85}, "VN"),
        ({"latitude": 42.66, "longitude": 21.17}, "XK"),
        ({"country": "Atlantis"}, None),
        (OCEAN, None),
        ({"city": "Paris"}, None),
    ],
)
@pytest.mark.parametrize("given", [{}, {"country_code": None}])
def test_a_missing_country_code_is_inferred(given: Any, inputs: Any, expected: str | None, org: Org) -> None:
    """contract C2: from `country`, then the coordinates, then the end of the address, else null."""
    result = accepted(org, name="Somewhere", **inputs, **given)
    assert result["job_metadata"]["country_code"] == expected
    assert result["inputs"]["country_code"] is None


def test_the_countries_of_real_places_are_inferred(org: Org) -> None:
    """contract C2: the country's full name and the coordinates of a real place tell its country."""
    codes = {place["place_id"]: place["inputs"]["country_code"] for place in PLACES}
    by = {"country": ("country",), "position": ("latitude", "longitude"), "address": ("full_address",)}
    jobs = [
        {
            "place_id": f"{way} {place['place_id']}",
            "inputs": {"name": place["inputs"]["name"], **{key: place["inputs"][key] for key in keys}},
        }
        for way, keys in by.items()
        for place in PLACES
    ]
    org.post("/batches", {**batch(), "jobs": jobs})
    missed = {
        place_id
        for place_id, result in org.results("b").items()
        if result["job_metadata"]["country_code"] != codes[place_id.split(" ")[1]]
    }
    assert missed == set()


def test_an_inferred_country_code_appears_only_in_the_metadata(org: Org) -> None:
    """contract C2: inferred, it appears only in `job_metadata`, also once the job has finished."""
    accepted(org, name="Tour Eiffel", **PARIS)
    org.settle()
    result = org.get("/jobs/p0")
    assert result["job_metadata"]["country_code"] == "FR"
    assert result["inputs"]["country_code"] is None


# C3


@pytest.mark.parametrize(
    "extra",
    [
        {"type": "airport"},
        {
            "population": 9,
            "ratio": 0.1,
            "big": 2**53,
            "no": None,
            "yes": True,
            "list": [1, "a", None],
            "map": {"a": {}},
        },
        {"": "empty", " ": "blank", "😀": "emoji", "a\0b": "nul", "Name": "other", "NAME": 1},
        {
            "model_dump": 1,
            "model_extra": 2,
            "__class__": 3,
            "__dict__": {},
            "copy": 4,
            "json": 5,
            "self": 6,
            "_located": 7,
        },
        {"place_id": 7, "batch_id": "x", "status": "y", "inputs": {"name": "z"}, "outputs": {}},
        {"building": 7, "floor": ["1"], "km": None, "suburb": {"a": 1}},
        {"deep": json.loads("[" * 200 + "]" * 200)},
    ],
)
def test_unknown_fields_are_kept_and_echoed(extra: dict[str, Any], org: Org) -> None:
    """contract C3: unknown input fields are allowed, kept and echoed."""
    accepted(org, **LONDON, **extra)
    org.settle()
    inputs = org.get("/jobs/p0")["inputs"]
    assert {key: inputs[key] for key in extra} == extra
    assert inputs.keys() == {*REQUIRED, "input_type", *extra}


# C4


@pytest.mark.parametrize("job", [{}, {"place_id": None}, {"inputs": {"place_id": "theirs", "id": "other"}}])
@pytest.mark.parametrize("path", ["/batches", "/jobs", "/enrich"])
def test_a_place_id_is_required_at_the_top_level(path: str, job: dict[str, Any], org: Org) -> None:
    """contract C4: missing or null is a 422 on all three ways in, whatever the inputs say; nothing is stored."""
    place = {**job, "inputs": {**LONDON, **job.get("inputs", {})}}
    body = {**batch(), "jobs": [{"place_id": "a", "inputs": LONDON}, place]} if path == "/batches" else place

    response = org.call("POST", path, json=body)

    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"] == ["body", *(["jobs", 1] if path == "/batches" else []), "place_id"]
    assert problem["msg"] in {"Field required", "Input should be a valid string"}
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


@pytest.mark.parametrize("path", ["/batches", "/jobs", "/enrich"])
def test_the_document_says_that_it_is_required(path: str, org: Org) -> None:
    """contract C4: required in the published document."""
    schemas = org.http.get("/openapi.json").json()["components"]["schemas"]
    assert "place_id" in schemas["PlaceJob"]["required"]
    assert schemas["PlaceJob"]["properties"]["place_id"]["type"] == "string"


def test_whether_place_ids_are_generated_can_change_at_any_time(org: Org) -> None:
    """contract C4: the setting acts at once."""
    body = {**batch(), "jobs": [{"inputs": LONDON}]}
    assert org.call("POST", "/batches", json=body).status_code == 422
    org.set(generate_place_ids=True)
    assert org.call("POST", "/batches", json=body).status_code == 200
    org.set(generate_place_ids=False)
    assert org.call("POST", "/batches", json=body).status_code == 422


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ({"place_id": "mine", "inputs": {"place_id": "theirs", "id": "other"}}, "mine"),
        ({"inputs": {"place_id": "theirs", "id": "other"}}, "theirs"),
        ({"place_id": None, "inputs": {"place_id": "theirs", "id": "other"}}, "theirs"),
        ({"place_id": None, "inputs": {"id": "other"}}, "other"),
        ({"inputs": {"place_id": None, "id": "other"}}, "other"),
        ({"inputs": {"place_id": 7, "id": "other"}}, "other"),
        ({"inputs": {"place_id": ["theirs"], "id": "other"}}, "other"),
    ],
)
def test_where_ids_are_generated_a_missing_one_is_looked_for_in_the_inputs(
    job: dict[str, Any], expected: str, org: Org
) -> None:
    """contract C4: with `generate_place_ids` then a string `inputs.place_id`, then a string `inputs.id`."""
    org.set(generate_place_ids=True)
    place = {**job, "inputs": {**LONDON, **job["inputs"]}}
    created = org.post("/batches", {**batch(), "jobs": [place]})
    assert created["jobs"]["pending"] == [expected]
    inputs = org.get(f"/jobs/{expected}")["inputs"]
    assert {key: inputs[key] for key in job["inputs"]} == job["inputs"]


@pytest.mark.parametrize(
    "job", [{}, {"place_id": None}, {"inputs": {"place_id": None, "id": None}}, {"inputs": {"place_id": 7}}]
)
def test_where_ids_are_generated_one_without_any_gets_a_uuid(job: dict[str, Any], org: Org) -> None:
    """contract C4: with `generate_place_ids` else a generated UUID."""
    org.set(generate_place_ids=True)
    place = {**job, "inputs": {**LONDON, **job.get("inputs", {})}}
    (place_id,) = org.post("/batches", {**batch(), "jobs": [place]})["jobs"]["pending"]
    assert str(UUID(place_id)) == place_id
    assert org.get(f"/jobs/{place_id}")["place_id"] == place_id


LENGTHS = ["x" * 512, "😀" * 512, "/" * 512]


@pytest.mark.parametrize("place_id", ["x", *LENGTHS])
@pytest.mark.parametrize("place", ["job", "place_id", "id"])
def test_a_place_id_has_1_to_512_characters(place: str, place_id: str, org: Org) -> None:
    """contract C4: any string of 1 to 512 characters, wherever it stands."""
    org.set(generate_place_ids=True)
    job = {"place_id": place_id, "inputs": LONDON} if place == "job" else {"inputs": {**LONDON, place: place_id}}
    assert org.post("/batches", {**batch(), "jobs": [job]})["jobs"]["pending"] == [place_id]


@pytest.mark.parametrize("place_id", ["x" * 513, "😀" * 513, "a\0b", "\0"])
@pytest.mark.parametrize("place", ["job", "place_id", "id"])
def test_another_place_id_is_refused(place: str, place_id: str, org: Org) -> None:
    """contract C4: 1 to 512 characters without NUL, wherever it stands."""
    org.set(generate_place_ids=True)
    job = {"place_id": place_id, "inputs": LONDON} if place == "job" else {"inputs": {**LONDON, place: place_id}}
    assert org.call("POST", "/batches", json={**batch(), "jobs": [job]}).status_code == 422


@pytest.mark.parametrize("place_id", ["", 7, 0, False, ["a"], {}])
def test_a_place_id_of_a_job_is_a_text_that_is_not_empty(place_id: Any, org: Org) -> None:
    """contract C4: any string of 1 to 512 characters; what is no string does not fit the schema."""
    response = org.call("POST", "/batches", json={**batch(), "jobs": [{"place_id": place_id, "inputs": LONDON}]})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "jobs", 0, "place_id"]


ODD_IDS = [
    *(job["place_id"] for job in fixture("create_batch_odd_place_ids")["jobs"]),
    *["a\nb", "a\n", "\n", "\r\n", "\t", " ", "  a  ", "\x01", "\x7f", "\u2028", "\ufeff", "\uffff", "\U0010ffff"],
    *["a/", "/", "//", "///a", "a//b", "a/./b", "a/../b", "...", "./a", "../a", ".a", "a.", "\\..\\", "~"],
    *["%", "%%", "%2F", "%00", "%zz", "?", "#", "?a=b", "a#b", ";", "&", "=", "+", "a b+c", "@", ":", "http://a/b?c#d"],
    *["reprompt", "reprocess", "refresh", "jobs", "batches", "null", "None", "undefined", "0", "-1", "{place_id}"],
    *["é", "e\u0301", "ß", "SS", "ss", "İ", "i", "I", "﷽", "👩‍👩‍👧", "\u202eabc", "a" * 512, "😀" * 512, "/" * 512],
    *["'", '"', "`", "\\", "<script>", "a,b", "a|b", "[a]", "(a)", "*", "^", "$", "'; DROP TABLE job; --", "%s %d {0}"],
]


@pytest.fixture(scope="module")
def fetch() -> Iterator[Callable[[str], Any]]:
    """Get a path from a real server, byte for byte as it is given; gives status and JSON."""
    server = ServerThread(load({"clock": "paused", "port": 0}, environ={}))
    server.start()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))

    def call(path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        method = "GET" if body is None else "POST"
        connection.request(method, f"/v1/odd-ids/place_enrichment{path}", content, {"apiKey": "k"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in ODD_IDS]
    status, created = call("/batches", {**batch(), "jobs": jobs})
    assert status == 200
    assert created["jobs"]["pending"] == list(dict.fromkeys(ODD_IDS))
    yield call
    connection.close()
    server.stop()


@pytest.mark.parametrize("safe", ["", "/", "/~.-_:@!$&'()*+,;="], ids=["encoded", "raw slashes", "as little as can be"])
def test_every_place_id_can_be_asked_for(safe: str, fetch: Callable[[str], Any]) -> None:
    """contract C4: `GET /jobs/{place_id}` works for each, percent-encoded or with raw slashes."""
    answers = {place_id: fetch(f"/jobs/{quote(place_id, safe=safe)}") for place_id in ODD_IDS}
    assert {place_id for place_id, (status, _) in answers.items() if status != 200} == set()
    assert [answer["place_id"] for _, answer in answers.values()] == list(answers)


def test_place_ids_that_look_alike_are_different_places(org: Org) -> None:
    """contract C4: any string: neither case nor composition nor blanks are touched."""
    ids = ["é", "e\u0301", "É", "a", "A", "a ", " a", "ß", "ss", "\uff11", "1", "01", "1.0", "a\n", "a\r\n"]
    created = org.create(*ids)
    assert created["jobs"]["pending"] == ids
    assert list(org.results(created["id"])) == ids


# C5


def test_real_places_are_echoed_as_sent(org: Org) -> None:
    """contract C5: results echo `inputs` as sent."""
    org.post("/batches", {**batch(), "jobs": PLACES})
    echoes = {place_id: result["inputs"] for place_id, result in org.results("b").items()}
    assert echoes == {place["place_id"]: {**place["inputs"], "input_type": "place"} for place in PLACES}


def test_finished_jobs_echo_their_places_too(org: Org) -> None:
    """contract C5: results echo `inputs` as sent, whatever was found out."""
    places = PLACES[::40]
    org.post("/batches", {**batch(), "jobs": places})
    org.settle()
    echoes = {place_id: result["inputs"] for place_id, result in org.results("b").items()}
    assert echoes == {place["place_id"]: {**place["inputs"], "input_type": "place"} for place in places}


@pytest.mark.parametrize("sent", [{}, {"input_type": "place"}])
def test_the_input_type_is_always_there(sent: dict[str, str], org: Org) -> None:
    """contract C5: with `input_type: "place"`."""
    assert accepted(org, **LONDON, **sent)["inputs"]["input_type"] == "place"


@pytest.mark.parametrize("input_type", ["Place", "business", "", None, 1])
def test_another_input_type_is_refused(input_type: Any, org: Org) -> None:
    """contract C5: the only `input_type` is `place`."""
    (entry,) = refused(org, **LONDON, input_type=input_type)
    assert entry["loc"][4:] == ["input_type"]


@pytest.mark.parametrize(
    "inputs",
    [
        {"name": "Tour Eiffel", "city": "Paris"},
        {"name": "Tour Eiffel", "full_address": "Paris"},
        {"name": "Tour Eiffel", **PARIS},
        {"name": "Tour Eiffel", "full_address": None, "country_code": None, **PARIS},
        {"name": "Tour Eiffel", "latitude": None, "longitude": None, "city": "Paris"},
    ],
)
def test_every_required_field_is_there(inputs: dict[str, Any], org: Org) -> None:
    """contract C5: every required field of `UniversalPlace` is present, null where unknown."""
    echo = accepted(org, **inputs)["inputs"]
    assert echo == {**dict.fromkeys(REQUIRED), "input_type": "place", **inputs}


def test_coordinates_from_a_geometry_are_filled_in(org: Org) -> None:
    """contract C5: with coordinates from WKT filled in; the geometry itself is echoed too."""
    body = fixture("create_batch_wkt")
    org.post("/batches", {**body, "batch_id": "b"})
    results = org.results("b")
    for job in body["jobs"]:
        echo = results[job["place_id"]]["inputs"]
        assert echo["wkt_geometry"] == job["inputs"]["wkt_geometry"]
        assert isinstance(echo["latitude"], float)
        assert isinstance(echo["longitude"], float)
    point = results["wkt-point"]["inputs"]
    assert (point["latitude"], point["longitude"]) == (51.4706, -0.46194)
    assert results["wkt-point"]["job_metadata"]["country_code"] == "GB"


FILES = sorted(file.stem for file in FIXTURES.glob("requests/create_batch*.json"))


@pytest.mark.parametrize("name", FILES)
def test_the_vendors_client_reads_the_places_of_every_fixture(name: str, org: Org) -> None:
    """contract C5: the SDK refuses a result whose inputs it cannot parse."""
    org.post("/batches", {**fixture(name), "batch_id": "b"})
    for _ in range(2):
        for result in org.results("b").values():
            parsed = PlaceJobResult.model_validate(result)
            assert parsed.place_id == result["place_id"]
            assert parsed.inputs.input_type == "place"
        org.settle()


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
@pytest.mark.parametrize(
    "inputs",
    [
        {"name": "Tour Eiffel", "wkt_geometry": "POINT (2.2945 48.8584)", "type": "tower"},
        {"name": "Tour Eiffel", "latitude": "48.8584", "longitude": "2.2945", "type": "tower"},
    ],
)
def test_a_place_outside_a_batch_is_no_different(path: str, inputs: dict[str, Any], org: Org) -> None:
    """contract C5, C3, C2: in whatever operation a place is sent."""
    org.post(path, {"place_id": "eiffel", "inputs": inputs})
    result = org.get("/jobs/eiffel")
    expected = {**dict.fromkeys(REQUIRED), "input_type": "place", **inputs, **PARIS}
    assert result["inputs"] == expected
    assert result["job_metadata"]["country_code"] == "FR"


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
def test_a_place_outside_a_batch_finds_its_id(path: str, org: Org) -> None:
    """contract C4: in whatever operation a place is sent."""
    org.set(generate_place_ids=True)
    ways = itertools.product([{}, {"place_id": None}], [{"place_id": "theirs", "id": "other"}, {"id": "other"}, {}])
    ids = [org.post(path, {**job, "inputs": {**LONDON, **inputs}})["place_id"] for job, inputs in ways]
    assert ids[:2] == ids[3:5] == ["theirs", "other"]
    assert str(UUID(ids[2])) == ids[2]
