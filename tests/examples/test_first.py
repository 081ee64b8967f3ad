import httpx2
import pytest

from reprompt_mock import RepromptMock

PLACE = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}


@pytest.mark.reprompt_mock(failure_rate=1)
def test_a_batch_whose_places_all_fail_has_failed(reprompt_mock: RepromptMock) -> None:
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment"
    jobs = [{"place_id": "tower", "inputs": PLACE}]
    with httpx2.Client(base_url=url, headers={"apiKey": reprompt_mock.api_key}) as http:
        http.post("/batches", json={"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": jobs})

        reprompt_mock.clock.settle()

        assert http.get("/batches/b").json()["status"] == "failed"
        results = http.get("/jobs", params={"batchId": "b"}).json()
        assert [job["status"] for job in results["jobs"]] == ["failed"]
    reprompt_mock.assert_called("create_batch", times=1, status=200)
    reprompt_mock.assert_good_conduct()
