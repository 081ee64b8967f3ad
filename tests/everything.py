"""Every operation of both APIs, called in every way: for tests of what must hold for all requests."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import httpx2

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.facts import countries

ALL = list(CATALOGUE)
PLACE = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}


class Caller:
    """Calls operations, and notes which of a document's it called."""

    def __init__(self, http: Any) -> None:
        self.http = http
        self.called: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, status: int = 200, body: Any = None, **options: Any) -> Any:
        """Call a path; returns the JSON, or where a redirect leads to."""
        if body is not None:
            options["content"] = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.http.request(method, path, follow_redirects=False, **options)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text[:300]}"
        self.called.add((method.lower(), path.partition("?")[0]))
        if response.is_redirect:
            return response.headers["location"]
        is_json = response.content and response.headers.get("content-type") == "application/json"
        return response.json() if is_json else None

    def begin(self, path: str) -> None:
        """Read the first line of an answer that does not end."""
        with self.http.stream("GET", path) as response:
            assert next(response.iter_lines())
        self.called.add(("get", path))

    def missed(self, document: Any) -> list[str]:
        """Give the operations of a document that were not called."""
        return [
            f"{method} {template}"
            for template, operations in document["paths"].items()
            for method in operations.keys() & {"get", "post", "put", "patch", "delete", "head"}
            if not any(
                called == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
                for called, path in self.called
            )
        ]


def places() -> list[dict[str, Any]]:
    """Give places of every country and of none, told by code, position, name and address."""
    known: list[dict[str, Any]] = [
        {"name": f"Café {code}", "full_address": "1 Street", "country_code": code} for code in sorted(countries())
    ]
    located: list[dict[str, Any]] = [
        {"name": f"Hotel {code}", "latitude": facts.centre[0], "longitude": facts.centre[1]}
        for code, facts in sorted(countries().items())
    ]
    others: list[dict[str, Any]] = [
        {"name": "Буфет", "full_address": "ул. Ленина 1, Москва, Россия"},
        {"name": "寿司屋", "wkt_geometry": "POLYGON((139 35, 140 35, 140 36, 139 35))"},
        {"name": "Nowhere", "full_address": "-", "own": {"field": [1, None]}},
        {"name": "Trattoria", "city": "Roma", "country": "Italy", "category": "restaurant"},
    ]
    return known + located + others


def use_the_service(call: Caller) -> list[Any]:
    """Call every operation of the service in every way that ends well; gives results."""
    api = "/v1/acme/place_enrichment"
    jobs = [{"place_id": f"p-{number}", "inputs": place} for number, place in enumerate(places())]
    call("POST", f"{api}/batches", 200, {"batch_id": "b", "batch_name": "B", "attributes": ALL, "jobs": jobs})
    odd = [{"place_id": f"mock-{kind}-é {kind}", "inputs": PLACE} for kind in ("fail", "partial", "empty", "closed")]
    call("POST", f"{api}/batches", 200, {"batch_name": "Odd", "attribute_set": "core", "jobs": odd})
    call("POST", "/_mock/orgs/acme/clock/settle")
    results = call("GET", f"{api}/jobs?batchId=b&limit=1000")["jobs"]
    wanted = {"failed_only": False, "refresh": True, "attributes": ALL}
    for _ in range(2):
        call("POST", f"{api}/batches/b/reprocess", 200, wanted)
        call("POST", "/_mock/orgs/acme/clock/settle", 200, {"batch_id": "b"})
        results += call("GET", f"{api}/jobs?batchId=b&limit=1000")["jobs"]
    assert len(results) == 3 * len(jobs)
    today = results[0]["job_metadata"]["last_enriched"][:10]
    for query in ("", "?groupBy=day", f"?day={today}", "?excludeBatches=true", "?limit=2&offset=500"):
        call("GET", f"{api}/jobs{query}")
    call("GET", f"{api}/batches?query=B")
    call("GET", f"{api}/batches/b?enrichments=websites,menu")
    use_exports(call, api)
    call("PUT", f"{api}/batches/b", 200, {"batch_name": "C", "refresh": True})
    call("POST", f"{api}/batches/refresh", 200, {"batch_ids": ["b", "c"], "refresh": False})
    call("POST", f"{api}/jobs", 200, {"place_id": "alone", "inputs": PLACE, "attribute_set": "all"})
    results.append(call("POST", f"{api}/enrich", 200, {"place_id": "now", "inputs": PLACE, "attribute_set": "all"}))
    call("GET", f"{api}/jobs/now")
    call("POST", f"{api}/jobs/reprocess", 200, {"place_ids": ["now", "never"]})
    call("DELETE", f"{api}/jobs/alone")
    call("GET", f"{api}/attributes")
    call("DELETE", f"{api}/batches/b")
    return [(result["outputs"], result["reasoning"], result["confidence_scores"]) for result in results]


def use_exports(call: Caller, api: str) -> None:
    """Export at once and as a job, and download it while it is derived and once it is written."""
    call("POST", f"{api}/exports", 200, {"batch_ids": ["b"]})
    call("PATCH", "/_mock/orgs/acme/settings", 200, {"export_inline_rows": 0})
    odd = call("GET", f"{api}/batches?query=Odd")["batches"][0]["id"]
    made = call(
        "POST", f"{api}/exports", 202, {"batch_ids": ["b", odd]}, headers={"apiKey": "k", "Idempotency-Key": "k"}
    )
    call("POST", "/_mock/orgs/acme/clock/settle")
    for name in ("B again", "B"):
        address = call("GET", f"{api}/exports/{made['id']}/download", 307)
        call("GET", address, headers={"apiKey": ""})
        call("PUT", f"{api}/batches/b", 200, {"batch_name": name})
    call("GET", f"{api}/exports/{made['id']}")
    call("GET", f"{api}/exports?limit=1")


def be_refused(call: Caller) -> None:
    """Meet every kind of refusal."""
    api, world = "/v1/acme/place_enrichment", "/_mock/orgs/acme"
    for body in (
        b"{",
        b"\xff",
        b'{"jobs": NaN}',
        b"[" * 2000,
        b"\xef\xbb\xbf",
        {"jobs": [{"inputs": {"name": 3}}] * 30},
    ):
        call("POST", f"{api}/batches", 422, body)
    broken = {"place_id": "p", "inputs": {"name": "A", "wkt_geometry": "POINT(1"}}
    call("POST", f"{api}/jobs", 422, {**broken, "attribute_set": "core"})
    call("POST", f"{api}/batches", 400, {"batch_name": "A", "jobs": [{"place_id": "p", "inputs": PLACE}]})
    call("PATCH", f"{world}/settings", 200, {"strict_attributes": True, "max_jobs_per_request": 1})
    call("POST", f"{api}/jobs", 400, {"place_id": "p", "inputs": PLACE, "attributes": ["webistes"]})
    call("PATCH", f"{world}/settings", 422, {"sped": 3})
    call("PATCH", f"{world}/clock", 422, {"now": "2020-02-30T00:00:00Z"})
    call("PATCH", f"{world}/clock", 422, {"now": "0001-01-01T00:00:00+00:00"})
    call("POST", f"{world}/rules", 422, {"then": {"outcome": "lost"}})
    call("POST", f"{world}/faults", 422, {"match": {"operation": "get_batsh"}, "then": {"status": 503}})
    for method, path, status in (
        ("GET", f"{api}/batches/none", 404),
        ("GET", f"{api}/jobs/none", 404),
        ("GET", "/v1/-/place_enrichment/batches", 404),
        ("GET", "/none", 404),
        ("PATCH", f"{api}/batches", 405),
        ("PUT", "/_mock/orgs", 405),
        ("GET", "/_mock/none", 404),
        ("POST", "/livez", 405),
    ):
        call(method, path, status)
    call("GET", f"{api}/batches", 401, headers={"apiKey": ""})
    call("GET", f"{api}/batches", 503, headers={"Prefer": "code=503"})
    call("GET", "/_mock/orgs", 403, headers={"Origin": "http://page.example"})
    call(
        "OPTIONS",
        f"{api}/batches",
        200,
        headers={"Origin": "http://page.example", "Access-Control-Request-Method": "GET"},
    )
    call("PATCH", f"{world}/settings", 200, {"rate_limit": 0.001})
    call("GET", f"{api}/batches")
    call("GET", f"{api}/batches", 429)
    call("PATCH", f"{world}/settings", 200, {"rate_limit": 0})


def meet_faults(call: Caller) -> None:
    """Let faults of every effect act, before and after."""
    world, batches = "/_mock/orgs/faulty", "/v1/faulty/place_enrichment/batches"
    call("GET", batches)
    effects: list[tuple[int, dict[str, Any]]] = [
        (500, {"status": 500, "body": "text"}),
        (204, {"status": 204, "headers": {"X-A": "b"}}),
        (200, {"delay_seconds": 0.001}),
    ]
    for status, then in effects:
        for when in ("before", "after"):
            call("POST", f"{world}/faults", 201, {"when": when, "then": then, "times": 1})
            call("GET", batches, status)
    for abort in ("reset", "truncate"):
        call("POST", f"{world}/faults", 201, {"match": {"path": "/v1/*"}, "then": {"abort": abort}, "times": 1})
        with suppress(httpx2.TransportError):
            call("GET", batches, 0)
    call("GET", batches)
    call(
        "POST",
        f"{world}/faults",
        201,
        [{"then": {"status": 500}}, {"match": {"method": "put"}, "then": {"status": 1}}][:1],
    )
    fault = call("GET", f"{world}/faults")["faults"][-1]["id"]
    call("DELETE", f"{world}/faults/{fault}", 204)
    call("DELETE", f"{world}/faults", 204)


def control_a_world(call: Caller) -> None:
    """Call every operation of the control API."""
    world, api = "/_mock/orgs/other", "/v1/other/place_enrichment"
    rules = [
        {"match": {"place_id": "[ab]*", "batch": "H*"}, "then": {"hold": "queued"}},
        {"then": {"outputs": {"website": "https://a.example"}, "attributes": {"menu": "ERROR"}}},
    ]
    call("POST", f"{world}/rules", 201, rules)
    call(
        "POST",
        f"{api}/batches",
        200,
        {
            "batch_id": "held",
            "batch_name": "Held",
            "attribute_set": "all",
            "jobs": [{"place_id": "a", "inputs": PLACE}],
        },
    )
    call("PATCH", f"{world}/clock", 200, {"now": "2100-01-01T00:00:00Z", "running": True, "speed": 2})
    call("GET", f"{world}/clock")
    call("GET", f"{world}/batches/held")
    call("POST", f"{world}/clock/advance", 200, {"seconds": 5})
    call("POST", f"{world}/release", 200, {"batch": "Hel?"})
    call("POST", f"{world}/clock/settle")
    snapshot = call("GET", f"{world}/snapshot")
    call("PUT", "/_mock/orgs/copy/snapshot", 200, snapshot)
    call("PUT", f"{world}/snapshot", 422, {**snapshot, "digest": "-"})
    call("GET", "/_mock/orgs/copy")
    call("GET", f"{world}/settings")
    call("GET", f"{world}/timeline?batch_id=held&points=5")
    awaited = {"operation": "create_batch", "count": 2}
    call("POST", f"{world}/wait", 200, {"batch_id": "none", "requests": awaited, "timeout_seconds": 0.01})
    for events in (f"{world}/events", "/_mock/events"):
        call.begin(events)
    call("GET", f"{world}/conduct")
    call("GET", f"{world}/journal?method=POST&path=/v1/*&operation=create_batch&status=200&limit=5")
    call("DELETE", f"{world}/journal", 204)
    rule = call("GET", f"{world}/rules")["rules"][0]["id"]
    call("DELETE", f"{world}/rules/{rule}", 204)
    call("DELETE", f"{world}/rules", 204)
    call("GET", "/_mock/orgs")
    call("DELETE", world, 204)
    for probe in ("/_mock/health", "/livez", "/readyz"):
        call("GET", probe)
        call("HEAD", probe)
