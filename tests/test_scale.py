"""A whole batch of the largest size that a request may have, over a real socket: correctness, no times."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load

PLACES = Path(__file__).parents[1] / "fixtures" / "places" / "places.json"
MOST = 50_000
PAGE = 1_000
STATUSES = ("pending", "queued", "in_progress", "completed", "failed")


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    """A client of an emulator whose worlds start with a paused clock."""
    server = ServerThread(load({"port": 0, "clock": "paused", "failure_rate": 0.1}, environ={}))
    server.start()
    with httpx2.Client(base_url=server.url, headers={"apiKey": "k"}, timeout=60) as client:
        yield client
    server.stop()


def body_of(count: int) -> bytes:
    """Make the body of a create of so many real places; one attribute keeps what is read back short."""
    places = json.loads(PLACES.read_text(encoding="utf-8"))
    for place in places:
        place["inputs"].pop("type")
    jobs = [
        {**places[number % len(places)], "place_id": f"place-{number:05}", "refresh": False} for number in range(count)
    ]
    whole = {"batch_id": "whole", "batch_name": "Whole", "attributes": ["websites"], "jobs": jobs}
    return json.dumps(whole, ensure_ascii=False).encode()


def path_of(org_slug: str, path: str) -> str:
    """Give the path of an operation."""
    return f"/v1/{org_slug}/place_enrichment{path}"


def posted(http: httpx2.Client, path: str, body: Any) -> Any:
    """Post JSON and give the JSON of the answer."""
    response = http.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def answered_meanwhile(http: httpx2.Client, work: Future[Any], other: str, *, own_world: bool) -> int:
    """Be clients of another organization until some work is done; gives how many rounds ended before it did."""
    rounds = 0
    for number in range(10_000):
        if work.done():
            break
        place = {"place_id": f"small-{number}", "inputs": {"name": "Café", "full_address": "Paris, France"}}
        small = {"batch_id": "small", "batch_name": "Small", "attributes": ["websites"], "jobs": [place]}
        created = posted(http, path_of(other, "/batches"), small)
        assert len(created["jobs"]["pending"]) == number + 1
        assert http.get(path_of(other, "/jobs"), params={"batchId": "small"}).json()["total"] == number + 1
        if own_world:
            # Never half a batch, never a job in two lists.
            shown = http.get(path_of("big", "/batches/whole")).json()
            assert sum(len(shown["jobs"][status]) for status in STATUSES) == MOST == shown["metadata"]["total_jobs"]
            page = http.get(path_of("big", "/jobs"), params={"batchId": "whole", "limit": 5, "offset": 49_995}).json()
            assert [job["place_id"] for job in page["jobs"]] == [f"place-{place:05}" for place in range(49_995, MOST)]
        rounds += not work.done()
    return rounds


def test_fifty_thousand_places_are_created_enriched_and_read_while_others_are_answered(http: httpx2.Client) -> None:
    """contract D2, F1: 50,000 is accepted; paging through never skips or repeats a job"""
    whole = body_of(MOST)
    order = [f"place-{number:05}" for number in range(MOST)]
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(http.post, path_of("big", "/batches"), content=whole)
        assert answered_meanwhile(http, creating, "while-creating", own_world=False) > 0
        created = creating.result()
        assert created.status_code == 200, created.text
        assert created.json()["jobs"] == {**{status: [] for status in STATUSES}, "pending": order}

        half = pool.submit(posted, http, "/_mock/orgs/big/clock/advance", {"seconds": 1_000})
        answered_meanwhile(http, half, "while-advancing", own_world=True)
        half.result()
        shown = http.get(path_of("big", "/batches/whole")).json()
        assert shown["status"] == "in_progress"
        assert len(shown["jobs"]["in_progress"]) == 50
        assert shown["jobs"]["completed"]
        assert shown["jobs"]["queued"]

        settling = pool.submit(posted, http, "/_mock/orgs/big/clock/settle", {})
        answered_meanwhile(http, settling, "while-settling", own_world=True)
        assert settling.result()["unfinished"] == 0

    shown = http.get(path_of("big", "/batches/whole")).json()
    assert shown["status"] == "completed"
    completed, failed = shown["jobs"]["completed"], shown["jobs"]["failed"]
    assert len(completed) + len(failed) == MOST
    assert 4_500 < len(failed) < 5_500
    assert shown["metadata"]["status_counts"]["failed"] == len(failed)
    assert sorted(completed + failed) == order

    read: list[str] = []
    by_status: dict[str, list[str]] = {"completed": [], "failed": []}
    for offset in range(0, MOST, PAGE):
        page = http.get(path_of("big", "/jobs"), params={"batchId": "whole", "limit": PAGE, "offset": offset}).json()
        assert (page["total"], page["offset"], len(page["jobs"])) == (MOST, offset, PAGE)
        for job in page["jobs"]:
            read.append(job["place_id"])
            by_status[job["status"]].append(job["place_id"])
    assert read == order
    assert by_status == {"completed": completed, "failed": failed}
    assert http.get(path_of("big", "/jobs"), params={"batchId": "whole", "offset": MOST}).json()["jobs"] == []

    answer = posted(http, path_of("big", "/batches/whole/reprocess"), {})
    assert answer["job_count"] == len(failed)
    further = {"place_id": "one-more", "inputs": {"name": "Café", "full_address": "Paris, France"}}
    appended = posted(
        http,
        path_of("big", "/batches"),
        {"batch_id": "whole", "batch_name": "-", "attributes": ["menu"], "jobs": [further]},
    )
    assert appended["jobs"]["pending"] == [*failed, "one-more"]
    assert sum(map(len, appended["jobs"].values())) == MOST + 1
    assert http.delete(path_of("big", "/batches/whole")).status_code == 200
    assert http.get("/_mock/orgs/big").json()["jobs"] == dict.fromkeys(STATUSES, 0)


def test_one_place_more_is_refused_before_the_places_are_judged(http: httpx2.Client) -> None:
    """contract D2: one more is 400, judged before the places are"""
    response = http.post(path_of("refused", "/batches"), json={"batch_name": "-", "jobs": [{}] * (MOST + 1)})
    assert response.status_code == 400
    assert "50001" in response.json()["detail"]
    assert "refused" not in {org["org_slug"] for org in http.get("/_mock/orgs").json()["orgs"]}


def test_threads_that_repeat_one_upload_make_one_batch(http: httpx2.Client) -> None:
    """contract D4: a repeated request never doubles a batch, nor do two at once that make its world"""
    body = body_of(300)
    start = threading.Barrier(8)

    def create(number: int) -> int:
        start.wait()
        return http.post(path_of(f"fresh-{number % 2}", "/batches"), content=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, range(8))) == {200}
    for number in range(2):
        world = http.get(f"/_mock/orgs/fresh-{number}").json()
        assert (world["batches"], sum(world["jobs"].values())) == (1, 300)
