import httpx2

from reprompt_mock import RepromptMock


def test_a_failed_store_fails_its_batch(reprompt_mock: RepromptMock) -> None:
    reprompt_mock.rules.add(match={"place_id": "store_*"}, then={"outcome": "failed"})
    store = {"place_id": "store_1", "inputs": {"name": "First store", "latitude": 48.85, "longitude": 2.29}}
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
    with httpx2.Client(headers={"apiKey": reprompt_mock.api_key}) as http:
        http.post(url, json={"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": [store]})
        reprompt_mock.clock.settle()
        assert http.get(f"{url}/b").json()["status"] == "failed"
        results = http.get(url.replace("batches", "jobs"), params={"batchId": "b"}).json()
        assert [job["status"] for job in results["jobs"]] == ["failed"]
