"""Contract H: the list of batches."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from tests.conftest import Org

TOO_BIG = 2**63


def _fill(org: Org, count: int) -> list[str]:
    ids = [f"b-{number}" for number in range(count)]
    for batch_id in ids:
        org.create(batch_id=batch_id)
    return ids


def _listed(org: Org, **params: Any) -> list[str]:
    return [batch["id"] for batch in org.get("/batches", **params)["batches"]]


def test_a_page_has_four_keys(org: Org) -> None:
    """contract H1: {batches, total, limit, offset}."""
    assert org.get("/batches") == {"batches": [], "total": 0, "limit": 10, "offset": 0}


def test_the_newest_come_first_by_order_of_creation(org: Org) -> None:
    """contract H1: newest first; all of these were created at the same moment of a paused clock."""
    ids = _fill(org, 5)
    assert _listed(org) == ids[::-1]


def test_appending_reprocessing_and_renaming_do_not_change_the_order(org: Org) -> None:
    """contract H1: by order of creation."""
    for batch_id in ("b-1", "b-2", "b-3"):
        org.create("a", batch_id=batch_id)
    org.create("c", batch_id="b-1")
    org.post("/batches/b-1/reprocess", {"failed_only": False})
    org.call("PUT", "/batches/b-2", json={"batch_name": "New"})
    assert _listed(org) == ["b-3", "b-2", "b-1"]


def test_ten_is_the_default_and_five_hundred_the_largest_page(org: Org) -> None:
    """contract H1: limit 1…500, default 10; total counts all."""
    ids = _fill(org, 12)
    page = org.get("/batches")
    assert (len(page["batches"]), page["total"], page["limit"]) == (10, 12, 10)
    assert _listed(org, limit=500) == ids[::-1]
    assert _listed(org, limit=1) == ["b-11"]


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_paging_never_skips_or_repeats_a_batch(org: Org, size: int) -> None:
    """contract H1: offset ≥ 0."""
    ids = _fill(org, 7)
    pages = [_listed(org, limit=size, offset=offset) for offset in range(0, 9, size)]
    assert list(chain(*pages)) == ids[::-1]


@pytest.mark.parametrize("offset", [7, 1000, TOO_BIG - 1])
def test_beyond_the_end_a_page_is_empty(org: Org, offset: int) -> None:
    """contract H1: also at the largest offset that fits (F1)."""
    _fill(org, 7)
    assert org.get("/batches", limit=500, offset=offset) == {
        "batches": [],
        "total": 7,
        "limit": 500,
        "offset": offset,
    }


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": -1},
        {"limit": "ten"},
        {"limit": "1.5"},
        {"limit": ""},
        {"offset": -1},
        {"offset": TOO_BIG},
        {"offset": "x"},
    ],
)
def test_other_limits_and_offsets_are_refused(org: Org, params: dict[str, Any]) -> None:
    """contract H1: else 422."""
    assert org.call("GET", "/batches", params=params).status_code == 422


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("NYC Restaurants", "rest"),
        ("NYC Restaurants", "NYC REST"),
        ("NYC Restaurants", "C R"),
        ("100 % sure", "%"),
        ("under_score", "_"),
        ("back\\slash", "\\"),
        ("it's", "'"),
        ('say "x"', '"'),
        ("[a-z]*?", "[A-Z]*?"),
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("ÉCOLE", "école"),
        ("Ωμέγα ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Живые цветы", "ЖИВЫЕ Ц"),
        ("東京のラーメン", "ラーメン"),
        ("İstanbul", "i̇stan"),
        ("pizza 🍕 bar", "🍕"),
        ("+ & =", "+ & ="),
        (" spaced ", "d "),
    ],
)
def test_a_query_is_a_substring_of_the_name_in_any_case(org: Org, name: str, query: str) -> None:
    """contract H2: case-insensitive, every character literal, full Unicode."""
    org.create(batch_id="wanted", batch_name=name)
    org.create(batch_id="other", batch_name="qqq")
    page = org.get("/batches", query=query)
    assert [batch["id"] for batch in page["batches"]] == ["wanted"]
    assert page["total"] == 1
    assert page["batches"][0]["batch_name"] == name


@pytest.mark.parametrize("query", ["%", "_", "*", "?", "N%s", "N_C", ".*", "wanted", "\\"])
def test_no_character_of_a_query_is_a_wildcard(org: Org, query: str) -> None:
    """contract H2: % and _ too; nor is the id searched."""
    org.create(batch_id="wanted", batch_name="NYC Restaurants")
    assert org.get("/batches", query=query)["total"] == 0


def test_an_empty_query_finds_all(org: Org) -> None:
    """contract H2: every name has the empty substring."""
    _fill(org, 3)
    assert org.get("/batches", query="")["total"] == 3


def test_a_query_goes_with_paging(org: Org) -> None:
    """contract H2, H1: total counts what was found, pages page through it."""
    for number in range(6):
        org.create(batch_id=f"b-{number}", batch_name="even" if number % 2 == 0 else "odd")
    page = org.get("/batches", query="EVEN", limit=2, offset=1)
    assert ([batch["id"] for batch in page["batches"]], page["total"]) == (["b-2", "b-0"], 3)


def test_a_renamed_batch_is_found_by_its_new_name_only(org: Org) -> None:
    """contract H2: the name that it has now."""
    org.create(batch_id="b", batch_name="Old")
    assert org.call("PUT", "/batches/b", json={"batch_name": "Größe"}).status_code == 200
    assert (org.get("/batches", query="old")["total"], org.get("/batches", query="GRÖSSE")["total"]) == (0, 1)


def test_each_entry_has_seven_keys(org: Org) -> None:
    """contract H3: id, batch_name, status, status_counts, created_at, metadata, refresh."""
    created = org.create("mock-ok-1", "mock-fail-1", "mock-stuck-1", batch_id="b", batch_name="Spain")
    org.settle()
    org.advance(100)
    assert org.get("/batches")["batches"] == [
        {
            "id": "b",
            "batch_name": "Spain",
            "status": "in_progress",
            "status_counts": {"pending": 0, "queued": 0, "in_progress": 1, "completed": 1, "failed": 1},
            "created_at": created["created_at"],
            "metadata": None,
            "refresh": False,
        }
    ]


def test_an_empty_batch_has_all_five_counts(org: Org) -> None:
    """contract H3: status_counts has all five keys."""
    org.create(batch_id="b")
    (entry,) = org.get("/batches")["batches"]
    assert entry["status_counts"] == {"pending": 0, "queued": 0, "in_progress": 0, "completed": 0, "failed": 0}
    assert entry["status"] == "completed"


def test_a_marked_batch_shows_it(org: Org) -> None:
    """contract H3: refresh."""
    org.create(batch_id="b")
    org.call("PUT", "/batches/b", json={"refresh": True})
    assert org.get("/batches")["batches"][0]["refresh"] is True


def test_jobs_without_a_batch_make_no_entry(org: Org) -> None:
    """contract H1: the list has batches only, whatever they are named."""
    org.post("/jobs", {"place_id": "alone", "inputs": {"name": "A", "city": "Lyon"}, "attributes": ["websites"]})
    org.create(batch_id="b", batch_name="")
    assert _listed(org) == ["b"]
    assert org.get("/batches")["total"] == 1


def test_only_the_own_organizations_batches_are_listed(org: Org) -> None:
    """contract H1, A6: organizations never see each other's batches."""
    other = org.other()
    org.create(batch_id="b")
    other.create(batch_id="c")
    assert (_listed(org), _listed(other)) == (["b"], ["c"])
