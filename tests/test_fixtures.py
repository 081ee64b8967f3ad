from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock.enrichment.countries import country_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
README = (FIXTURES / "README.md").read_text(encoding="utf-8")
REQUESTS = sorted(FIXTURES.glob("requests/*.json"))
BATCHES = [file for file in REQUESTS if "batch" in file.stem and file.stem.startswith(("create", "append"))]
REPROCESSES = [file for file in REQUESTS if file.stem.startswith("reprocess")]
PUBLISHED_BATCH_ID = "d98e206f-ff1d-4b5a-b0d8-18fff0757fef"

# The fields of the published schemas; the test place ids of the emulator.
BATCH_FIELDS = {"batch_id", "batch_name", "jobs", "attribute_set", "attributes", "kick_off_jobs_now"}
JOB_FIELDS = {"place_id", "inputs", "attributes", "attribute_set", "refresh"}
REPROCESS_FIELDS = {
    "failed_only",
    "incomplete_only",
    "refresh",
    "attributes",
    "attribute_set",
    "use_previous_invocation_params",
}
ADDRESS_PARTS = {"street", "house", "city", "state", "postalCode", "country"}
TEST_PREFIXES = {"ok", "fail", "flaky", "partial", "slow", "stuck", "empty", "closed"}


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def request(name: str) -> Any:
    return read(FIXTURES / "requests" / f"{name}.json")


@pytest.fixture(scope="module")
def places() -> list[dict[str, Any]]:
    jobs = read(FIXTURES / "places" / "places.json")
    assert isinstance(jobs, list)
    return jobs


def name_of(file: Path) -> str:
    return file.stem


def scripts(text: str) -> set[str]:
    """The first word of a letter's Unicode name is its script: `HANGUL SYLLABLE SEO`."""
    return {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}


def is_located(inputs: dict[str, Any]) -> bool:
    return (
        {"latitude", "longitude"} <= inputs.keys()
        or not inputs.keys().isdisjoint({"full_address", "wkt_geometry"})
        or any(inputs.get(part, "").strip() for part in ADDRESS_PARTS)
    )


def test_there_are_enough_places_countries_and_scripts(places: list[dict[str, Any]]) -> None:
    assert len(places) >= 240
    assert len({place["inputs"]["country_code"] for place in places}) >= 30
    assert len(set[str]().union(*(scripts(place["inputs"]["name"]) for place in places))) >= 10


def test_the_readme_counts_the_places_right(places: list[dict[str, Any]]) -> None:
    types = Counter(place["inputs"]["type"] for place in places)
    countries = {place["inputs"]["country_code"] for place in places}
    names_in = set[str]().union(*(scripts(place["inputs"]["name"]) for place in places))
    assert f"{len(places)} real places of {len(countries)} countries" in README
    assert f"{types['airport']} airports" in README
    assert f"{types['city']} cities" in README
    assert f"in {len(names_in)} scripts" in README


@pytest.mark.parametrize("script", ["CJK", "HIRAGANA", "HANGUL", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "THAI"])
def test_places_are_named_in_their_own_script(script: str, places: list[dict[str, Any]]) -> None:
    assert any(script in scripts(place["inputs"]["name"]) for place in places)


@pytest.mark.parametrize("code", ["JP", "ID", "SG", "MY", "HK", "AE"])
def test_countries_with_their_own_address_details_come_often(code: str, places: list[dict[str, Any]]) -> None:
    assert sum(place["inputs"]["country_code"] == code for place in places) >= 6


def test_place_ids_are_unique_sorted_and_readable(places: list[dict[str, Any]]) -> None:
    ids = [place["place_id"] for place in places]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"airport-[A-Z]{4}|city-[A-Z]{2}-[a-z-]+", place_id) for place_id in ids)


def test_places_are_jobs_with_valid_inputs(places: list[dict[str, Any]]) -> None:
    required = {"name", "full_address", "latitude", "longitude", "city", "country", "country_code", "type"}
    for place in places:
        inputs = place["inputs"]
        assert place.keys() == {"place_id", "inputs"}
        assert required <= inputs.keys() <= required | {"state"}
        assert all(value.strip() == value != "" for value in inputs.values() if isinstance(value, str))
        assert -90 <= inputs["latitude"] <= 90
        assert -180 <= inputs["longitude"] <= 180
        assert re.fullmatch(r"[A-Z]{2}", inputs["country_code"])


@pytest.mark.parametrize("removed", [(), ("latitude", "longitude")], ids=["by coordinates", "by address"])
def test_the_country_of_a_place_is_found_without_its_code_and_name(
    removed: tuple[str, ...], places: list[dict[str, Any]]
) -> None:
    found = {
        place["place_id"]: country_of(
            {key: value for key, value in place["inputs"].items() if key not in ("country_code", "country", *removed)}
        )
        for place in places
    }
    given = {place["place_id"]: place["inputs"]["country_code"] for place in places}
    assert found == given


def test_no_country_code_reads_as_a_missing_value(places: list[dict[str, Any]]) -> None:
    assert "NA" not in {place["inputs"]["country_code"] for place in places}


def test_the_csv_holds_the_places_of_the_json(places: list[dict[str, Any]]) -> None:
    with (FIXTURES / "places" / "places.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row | {"latitude": float(row["latitude"]), "longitude": float(row["longitude"])} for row in reader]
    columns = ["place_id", "name", "full_address", "latitude", "longitude", "country_code"]
    assert reader.fieldnames == columns
    flat = [{"place_id": place["place_id"]} | place["inputs"] for place in places]
    assert rows == [{column: place[column] for column in columns} for place in flat]


def test_the_selection_lists_as_many_places_as_were_written(places: list[dict[str, Any]]) -> None:
    with (FIXTURES / "places" / "selection.tsv").open(encoding="utf-8", newline="") as file:
        selection = list(csv.DictReader(file, delimiter="\t"))
    codes = Counter(row["country_code"] for row in selection)
    assert codes == Counter(place["inputs"]["country_code"] for place in places)
    local_names = {row["local_name"] for row in selection if row["local_name"]}
    assert local_names <= {place["inputs"]["name"] for place in places}


def test_the_readme_lists_every_request_and_no_other() -> None:
    listed = re.findall(r"^\| `(\w+\.json)` \|", README, flags=re.MULTILINE)
    assert sorted(listed) == [file.name for file in REQUESTS]


@pytest.mark.parametrize("file", REQUESTS, ids=name_of)
def test_every_request_is_an_object_without_phone_or_website(file: Path) -> None:
    body = read(file)
    assert isinstance(body, dict)
    places = [job["inputs"] for job in body.get("jobs", [])] + [body.get("inputs", {})]
    assert all(inputs.keys().isdisjoint({"phone", "website"}) for inputs in places)


@pytest.mark.parametrize("file", BATCHES, ids=name_of)
def test_every_batch_has_a_name_and_jobs_that_can_be_located(file: Path) -> None:
    body = read(file)
    assert {"batch_name", "jobs"} <= body.keys() <= BATCH_FIELDS
    for job in body["jobs"]:
        assert "inputs" in job
        assert job.keys() <= JOB_FIELDS
        assert job["inputs"]["name"].strip()
        assert is_located(job["inputs"])


@pytest.mark.parametrize("file", BATCHES, ids=name_of)
def test_every_batch_that_starts_names_attributes_for_each_job(file: Path) -> None:
    body = read(file)
    if body.get("kick_off_jobs_now", True):
        for job in body["jobs"]:
            assert any(source.get(key) for source in (body, job) for key in ("attributes", "attribute_set"))


@pytest.mark.parametrize("file", REPROCESSES, ids=name_of)
def test_every_reprocess_request_has_published_fields_only(file: Path) -> None:
    assert read(file).keys() <= REPROCESS_FIELDS | {"place_ids"}
    assert ("place_ids" in read(file)) == (file.stem == "reprocess_jobs")


def test_reprocess_requests_pick_what_their_names_say() -> None:
    assert request("reprocess_default") == {}
    assert request("reprocess_failed")["failed_only"] is True
    assert request("reprocess_incomplete")["incomplete_only"] is True
    assert "failed_only" not in request("reprocess_incomplete")
    everything = {"failed_only": False, "incomplete_only": False, "refresh": True}
    assert request("reprocess_all_refresh") == everything
    assert request("reprocess_previous_params")["use_previous_invocation_params"] is True


def test_there_is_a_place_for_every_test_place_id() -> None:
    ids = [job["place_id"] for job in request("create_batch_test_place_ids")["jobs"]]
    assert {place_id.split("-")[1] for place_id in ids} == TEST_PREFIXES
    assert all(re.match(r"mock-[a-z]+-.", place_id) for place_id in ids)


def test_the_jobs_to_reprocess_are_test_places_save_one() -> None:
    known = {job["place_id"] for job in request("create_batch_test_place_ids")["jobs"]}
    assert set(request("reprocess_jobs")["place_ids"]) - known == {"never-submitted"}


def test_the_append_goes_to_the_batch_of_the_basic_example() -> None:
    basic, append = request("create_batch_basic"), request("append_to_batch")
    assert basic["batch_id"] == append["batch_id"] == PUBLISHED_BATCH_ID
    assert request("create_batch_upload_only")["batch_id"] == PUBLISHED_BATCH_ID
    assert request("refresh_batches")["batch_ids"][0] == PUBLISHED_BATCH_ID
    known = {job["place_id"] for job in basic["jobs"]}
    assert known.isdisjoint(job["place_id"] for job in append["jobs"])


def test_the_published_upload_only_example_does_not_start() -> None:
    assert request("create_batch_upload_only")["kick_off_jobs_now"] is False


def test_jobs_have_attributes_of_their_own_in_every_combination() -> None:
    jobs = request("create_batch_attributes_per_job")["jobs"]
    combinations = {("attributes" in job, "attribute_set" in job) for job in jobs}
    assert combinations == {(False, False), (True, False), (False, True), (True, True)}


def test_places_by_wkt_and_by_address_parts_have_no_other_location() -> None:
    for job in request("create_batch_wkt")["jobs"]:
        assert job["inputs"].keys() == {"name", "wkt_geometry"}
    for job in request("create_batch_address_parts")["jobs"]:
        assert job["inputs"].keys() <= ADDRESS_PARTS | {"name", "country_code"}


def test_odd_place_ids_are_distinct_and_within_the_bounds() -> None:
    ids = [job["place_id"] for job in request("create_batch_odd_place_ids")["jobs"]]
    assert len(set(ids)) == len(ids)
    assert all(1 <= len(place_id) <= 512 and "\0" not in place_id for place_id in ids)
    assert max(map(len, ids)) == 512
    assert any("/" in place_id for place_id in ids)
    assert any(" " in place_id for place_id in ids)
    assert any(unicodedata.category(letter) == "So" for place_id in ids for letter in place_id)


def test_the_single_job_and_the_updates_have_their_fields() -> None:
    assert {"place_id", "inputs"} <= request("job").keys() <= JOB_FIELDS
    assert request("update_batch").keys() == {"batch_name", "refresh"}
    assert request("refresh_batches").keys() == {"batch_ids", "refresh"}
