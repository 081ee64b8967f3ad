"""Rate limits: a token bucket of real time per world and key (contract I3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.clock import SECOND
from reprompt_mock.errors import TooManyRequests
from reprompt_mock.rate_limit import RateLimiter
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

KEYS = {"one": "*", "two": "*"}


def taken(limiter: RateLimiter, rate: float, now: int, key: str = "k") -> int | None:
    """Take a token; None where there was one, else the seconds to wait."""
    try:
        limiter.take(key, rate, now)
    except TooManyRequests as refusal:
        return int(refusal.headers["Retry-After"])
    return None


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (2, 2), (5, 5), (2.5, 2), (0.5, 1), (0.01, 1), (1000, 1000)])
def test_a_bucket_holds_the_requests_of_a_second_and_at_least_one(rate: float, burst: int) -> None:
    limiter = RateLimiter()

    passed = [taken(limiter, rate, 0) is None for _ in range(burst + 2)]

    assert passed == [True] * burst + [False, False]


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.3, 0.7, 1, 1.5, 3, 7, 33.3, 1000])
def test_who_waits_as_long_as_he_is_told_is_served(rate: float) -> None:
    limiter, now = RateLimiter(), 0
    for _ in range(50):
        wait = taken(limiter, rate, now)
        while wait is None:
            wait = taken(limiter, rate, now)
        now += wait * SECOND

        assert taken(limiter, rate, now) is None


@pytest.mark.parametrize(("rate", "seconds"), [(0.1, 10), (0.4, 3), (0.5, 2), (1, 1), (100, 1)])
def test_the_time_to_wait_is_in_whole_seconds_rounded_up(rate: float, seconds: int) -> None:
    limiter = RateLimiter()
    while (wait := taken(limiter, rate, 0)) is None:
        pass

    assert wait == seconds


def test_a_second_less_than_told_is_too_early() -> None:
    limiter = RateLimiter()
    taken(limiter, 0.1, 0)

    assert taken(limiter, 0.1, 9 * SECOND) == 1
    assert taken(limiter, 0.1, 10 * SECOND) is None


def test_a_refused_request_takes_no_token() -> None:
    limiter = RateLimiter()
    taken(limiter, 1, 0)
    for now in range(0, SECOND, SECOND // 20):
        assert taken(limiter, 1, now) == 1

    assert taken(limiter, 1, SECOND) is None


def test_tokens_gather_up_to_a_second_and_no_further() -> None:
    limiter = RateLimiter()
    taken(limiter, 3, 0)

    passed = [taken(limiter, 3, 3600 * SECOND) is None for _ in range(5)]

    assert passed == [True, True, True, False, False]


def test_keys_have_buckets_of_their_own() -> None:
    limiter = RateLimiter()

    assert [taken(limiter, 1, 0, key) for key in ("a", "b", "a")] == [None, None, 1]


def test_real_time_that_goes_back_takes_nothing_away() -> None:
    limiter = RateLimiter()
    taken(limiter, 2, 10 * SECOND)

    assert taken(limiter, 2, 5 * SECOND) is None


def test_many_keys_do_not_fill_the_memory() -> None:
    limiter = RateLimiter()
    for number in range(25_000):
        taken(limiter, 1, 0, str(number))

    assert len(limiter.buckets) <= 10_000


# In the service


@pytest.fixture
def limited() -> Iterator[Org]:
    """An organization of an emulator with two keys and a request in a hundred seconds."""
    settings = {"clock": "paused", "rate_limit": 0.01, "api_keys": KEYS}
    with TestClient(create_app(load(settings, environ={}))) as http:
        yield Org(http, "acme", {"apiKey": "one"})


CALLS = [
    ("GET", "/batches"),
    ("POST", "/batches"),
    ("GET", "/batches/b"),
    ("PUT", "/batches/b"),
    ("DELETE", "/batches/b"),
    ("POST", "/batches/b/reprocess"),
    ("POST", "/batches/refresh"),
    ("GET", "/jobs"),
    ("POST", "/jobs"),
    ("GET", "/jobs/a"),
    ("DELETE", "/jobs/a"),
    ("POST", "/jobs/reprocess"),
    ("POST", "/enrich"),
    ("GET", "/attributes"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_operation_answers_429_over_the_limit(method: str, path: str, limited: Org) -> None:
    assert limited.call("GET", "/attributes").status_code == 200

    response = limited.call(method, path, content=b"{broken")

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 100
    assert response.json() == {"detail": f"Too many requests: try again in {response.headers['Retry-After']} s."}


def test_a_key_and_a_world_have_their_own_limit(limited: Org) -> None:
    calls = [("acme", "one"), ("acme", "one"), ("acme", "two"), ("other", "one"), ("other", "one")]

    statuses = [
        limited.http.get(f"/v1/{slug}/place_enrichment/attributes", headers={"apiKey": key}).status_code
        for slug, key in calls
    ]

    assert statuses == [200, 429, 200, 200, 429]


def test_a_key_is_one_however_it_is_sent(limited: Org) -> None:
    limited.call("GET", "/attributes")

    response = limited.http.get("/v1/acme/place_enrichment/attributes", headers={"Authorization": "Bearer one"})

    assert response.status_code == 429


def test_a_request_without_a_good_key_is_refused_before_it_counts(limited: Org) -> None:
    bad = [limited.call("GET", "/attributes", headers={"apiKey": "wrong"}).status_code for _ in range(3)]

    assert bad == [401, 401, 401]
    assert limited.call("GET", "/attributes").status_code == 200


def test_a_request_over_the_limit_changes_nothing(limited: Org) -> None:
    limited.call("GET", "/attributes")

    limited.call("POST", "/batches", json={"batch_name": "x", "jobs": [{"inputs": LONDON}], "attribute_set": "core"})

    assert limited.control("GET").json()["batches"] == 0


def test_the_control_api_and_the_document_have_no_limit(limited: Org) -> None:
    limited.call("GET", "/attributes")

    assert {limited.control("GET").status_code for _ in range(5)} == {200}
    assert {limited.http.get("/v1/acme/openapi.json").status_code for _ in range(5)} == {200}


def test_the_limit_can_be_set_while_it_runs_and_virtual_time_does_not_help(org: Org) -> None:
    org.set(rate_limit=0.01)
    first = [org.call("GET", "/attributes").status_code for _ in range(2)]
    org.advance(10**6)
    after_advance = org.call("GET", "/attributes").status_code
    org.set(rate_limit=0)
    unlimited = [org.call("GET", "/attributes").status_code for _ in range(3)]

    assert first == [200, 429]
    assert after_advance == 429
    assert unlimited == [200, 200, 200]
