"""Contract L: what published material hints at, and what the emulator does meanwhile."""

from __future__ import annotations

import pytest

from tests.conftest import Org


def test_a_batch_takes_as_many_appends_as_come(org: Org) -> None:
    """contract L4: the limit is one of requests; a batch grows past it by as many as a request may have."""
    org.set(max_jobs_per_request=3)
    for start in range(0, 12, 3):
        org.create(*(f"p{start + number}" for number in range(3)), batch_id="b")

    assert org.batch("b")["metadata"]["total_jobs"] == 12


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/enrich", "/place_enrichment/batches", ""])
@pytest.mark.parametrize("headers", [{}, {"apiKey": "any"}])
def test_there_is_no_v2(headers: dict[str, str], path: str, method: str, org: Org) -> None:
    """contract L5: /v2 is not emulated; it needs no key and makes no world."""
    response = org.http.request(method, f"/v2/{org.slug}{path}", headers=headers)

    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)
    assert org.slug not in {world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]}
