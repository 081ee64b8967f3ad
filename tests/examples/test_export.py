"""An export whose answer is lost: with a key it is repeated, polled, followed to its file and read."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import httpx2
import pandas
import pytest

from reprompt_mock import RepromptMock


class Client:
    """The client under test: it exports with a key, tries once more where the connection breaks, and polls."""

    def __init__(self, mock: RepromptMock, http: httpx2.Client) -> None:
        self._url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/exports"
        self._http = http
        self._root = mock.url

    def create(self, batch_ids: list[str], key: str) -> dict[str, Any]:
        for _ in range(2):
            try:
                answer = self._http.post(self._url, json={"batch_ids": batch_ids}, headers={"Idempotency-Key": key})
                return dict(answer.raise_for_status().json())
            except httpx2.TransportError:
                continue
        raise ConnectionError("the service does not answer")

    def finish(self, export: dict[str, Any]) -> dict[str, Any]:
        while export["status"] in {"queued", "running"}:
            time.sleep(0.05)
            export = self._http.get(self._root + export["status_url"]).raise_for_status().json()
        return export

    def download(self, export: dict[str, Any]) -> str:
        address = self._http.get(self._root + export["download_url"])
        assert address.status_code == 307
        return httpx2.get(httpx2.URL(self._root).join(address.headers["location"])).raise_for_status().text


@pytest.mark.reprompt_mock(clock="running", speed=100, export_inline_rows=2)
def test_an_export_whose_answer_is_lost_is_made_once(reprompt_mock: RepromptMock) -> None:
    place = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}
    for name in ("spring", "autumn"):
        jobs = [{"place_id": f"mock-ok-{name}-{number}", "inputs": place} for number in range(2)]
        body = {"batch_id": name, "batch_name": name.title(), "attribute_set": "core", "jobs": jobs}
        url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
        httpx2.post(url, json=body, headers={"apiKey": reprompt_mock.api_key}).raise_for_status()
    reprompt_mock.clock.settle()
    reprompt_mock.faults.add(match={"operation": "create_export"}, then={"abort": "reset"}, when="after", times=1)

    with httpx2.Client(headers={"apiKey": reprompt_mock.api_key}, timeout=30) as http:
        client = Client(reprompt_mock, http)
        export = client.finish(client.create(["spring", "autumn"], key="nightly-1"))
        text = client.download(export)

    assert len(reprompt_mock.journal.find(operation="create_export")) == 2
    reprompt_mock.assert_good_conduct()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["place_id"] for row in rows] == [f"mock-ok-{name}-{n}" for name in ("spring", "autumn") for n in (0, 1)]
    assert export["metadata"]["rows_exported"] == len(rows)
    table = pandas.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert list(table["batch_name"].unique()) == ["Spring", "Autumn"]
    assert all(table["website_status"] == "RUN")
