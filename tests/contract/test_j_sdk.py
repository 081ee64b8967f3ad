"""The vendor's own client, unmodified, against a really running emulator (contract J)."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from reprompt import AttributeSet, BatchJob, BatchJobStatus, PlaceJobResult, RepromptClient
from reprompt.generated.models import SubmittedPlaceBatchResponse
from reprompt.iterators import CompositeJobsIterator

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load

pytestmark = pytest.mark.filterwarnings(  # of the client's data frames under pandas 3
    r"ignore:For backward compatibility, 'str' dtypes are included:DeprecationWarning:reprompt\.dataframe"
)

PLACES = Path(__file__).parents[2] / "fixtures" / "places" / "places.csv"
STATUSES = ["pending", "queued", "in_progress", "completed", "failed"]
EVERY = set(CATALOGUE)
CORE = {"closed_permanently", "websites", "phoneNumbers", "openingHours", "names", "address", "categories"}
_slugs = (f"sdk-{number}" for number in itertools.count())


@dataclass
class Shop:
    """A client of a fresh organization, what it sent, and the control API of its world."""

    http: httpx.Client
    slug: str
    client: RepromptClient
    sent: list[httpx.Request] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call the control API of this world; gives the JSON."""
        response = self.http.request(method, f"/_mock/orgs/{self.slug}{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    def settle(self) -> Any:
        """Advance until every job that moves by itself has finished."""
        return self.control("POST", "/clock/settle")

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.control("POST", "/clock/advance", seconds=seconds)

    def reprocess(self, batch_id: str, **body: Any) -> Any:
        """Reprocess a batch, which the client cannot; gives the JSON."""
        response = self.http.post(f"/v1/{self.slug}/place_enrichment/batches/{batch_id}/reprocess", json=body)
        assert response.is_success, response.text
        return response.json()

    def create(self, frame: Any, **options: Any) -> Any:
        """Create one batch, with the core attributes where none are named."""
        if not {"attributes", "attribute_set"} & options.keys():
            options["attribute_set"] = AttributeSet.core
        return self.client.batches.create_from_dataframe(frame, **{"batch_name": "Places", **options})

    def results(self, batch_id: str) -> list[PlaceJobResult]:
        """Read a batch's results."""
        return list(self.client.jobs.get_jobs_by_batch_id(batch_id))

    def statistics(self, *batch_ids: str, **options: Any) -> Any:
        """Compute statistics as a dict."""
        return self.client.get_statistics(list(batch_ids), return_dataframe=False, **options)

    def everything(self) -> CompositeJobsIterator:
        """Iterate over the results of all batches."""
        return CompositeJobsIterator(self.client.batches.list_batches(), self.client)

    def note(self, request: httpx.Request) -> None:
        """Remember a request of the client."""
        self.sent.append(request)
        self.threads.add(threading.get_ident())

    def queries(self) -> list[dict[str, str]]:
        """Give the parameters of what the client sent, and forget them."""
        queries = [dict(request.url.params) for request in self.sent]
        self.sent.clear()
        return queries


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """An emulator on a real socket, whose worlds start with a paused clock."""
    server = ServerThread(load({"port": 0, "clock": "paused"}, environ={}))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def http(url: str) -> Iterator[httpx.Client]:
    """A client for what the vendor's cannot do."""
    with httpx.Client(base_url=url, headers={"apiKey": "k"}, timeout=30) as http:
        yield http


@pytest.fixture
def shop(url: str, http: httpx.Client) -> Iterator[Shop]:
    """A client of a fresh organization."""
    slug = next(_slugs)
    with RepromptClient(api_key="k", org_slug=slug, base_url=f"{url}/v1", allow_writes=True) as client:
        shop = Shop(http, slug, client)
        client._transport._client.event_hooks["request"].append(shop.note)
        yield shop


@pytest.fixture(scope="session")
def csv() -> Any:
    """All fixture places, as the page about the SDK reads them."""
    return pd.read_csv(PLACES)


@pytest.fixture
def frame(csv: Any) -> Callable[..., Any]:
    """Make a data frame of so many places, whose ids begin with some prefixes in turn."""

    def make(count: int, prefixes: Sequence[str] = ("",)) -> Any:
        copies = pd.concat([csv] * (count // len(csv) + 1), ignore_index=True).head(count)
        ids = [
            f"{prefixes[number % len(prefixes)]}{place_id}-{number}" for number, place_id in enumerate(copies.place_id)
        ]
        return copies.assign(place_id=ids)

    return make


# J1: what it parses


def test_the_answer_of_a_create_parses_into_a_submitted_batch_without_metadata(shop: Shop, csv: Any) -> None:
    """contract J1: it parses the create answer into `SubmittedPlaceBatchResponse`, with `metadata: None`"""
    batch = shop.create(csv)
    assert isinstance(batch, SubmittedPlaceBatchResponse)
    assert batch.metadata is None
    assert batch.status is BatchJobStatus.pending
    assert batch.jobs == {**{status: [] for status in STATUSES}, "pending": list(csv.place_id)}


def test_an_answer_to_an_append_parses_and_describes_the_whole_batch(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J1: it parses the create answer into `SubmittedPlaceBatchResponse`, also once jobs have finished"""
    places = frame(5)
    shop.create(places.head(3), batch_id="mine", batch_name="First")
    shop.settle()
    batch = shop.create(places.tail(3), batch_id="mine", batch_name="Second")
    assert (batch.id, batch.batch_name, batch.metadata) == ("mine", "First", None)
    assert batch.status is BatchJobStatus.in_progress
    assert batch.jobs["completed"] == list(places.place_id[:2])
    assert batch.jobs["pending"] == list(places.place_id[2:])


@pytest.mark.parametrize("settled", [False, True])
def test_list_entries_parse_into_batch_jobs_without_metadata(
    shop: Shop, frame: Callable[..., Any], *, settled: bool
) -> None:
    """contract J1: it parses list entries into `BatchJob`, with `metadata: None`"""
    created = shop.create(frame(3))
    if settled:
        shop.settle()
    (batch,) = shop.client.batches.list_batches()
    assert isinstance(batch, BatchJob)
    assert batch.metadata is None
    assert (batch.id, batch.batch_name) == (created.id, "Places")
    assert batch.status is (BatchJobStatus.completed if settled else BatchJobStatus.pending)
    assert batch.status_counts == {**dict.fromkeys(STATUSES, 0), "completed" if settled else "pending": 3}


def test_times_carry_their_zone_before_the_client_mends_them(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J1: times must carry a zone"""
    created = shop.create(frame(2))
    shop.settle()
    (listed,) = shop.client.batches.get_batches()["batches"]
    raw = shop.client._transport.get("/place_enrichment/jobs", params={"batchId": created.id})
    times = [listed["created_at"], *(job["job_metadata"]["last_enriched"] for job in raw["jobs"])]
    assert all(time.endswith("Z") for time in times)
    (batch,) = shop.client.batches.list_batches()
    parsed = [batch.created_at, *(job.job_metadata.last_enriched for job in shop.results(created.id))]
    assert all(time.utcoffset() == timedelta(0) for time in parsed)
    assert parsed[0] < min(parsed[1:])


def test_results_parse_with_their_inputs_told_apart_by_input_type(shop: Shop, csv: Any) -> None:
    """contract J1: it parses results into `PlaceJobResult`, whose `inputs` is discriminated by `input_type`"""
    batch = shop.create(csv, attributes=list(CATALOGUE))
    shop.settle()
    results = shop.results(batch.id)
    assert all(isinstance(result, PlaceJobResult) for result in results)
    assert {result.inputs.input_type for result in results} == {"place"}
    assert {result.status for result in results} == {"completed"}
    sent = csv.set_index("place_id")
    for result in results:
        inputs, place = result.inputs.model_dump(), sent.loc[result.place_id]
        for key in ("name", "full_address", "latitude", "longitude", "country_code"):
            assert inputs[key] == place[key]
    assert [result.place_id for result in results] == list(csv.place_id)


# J2: how it pages


def test_batches_are_listed_by_a_hundred(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J2: it lists with `limit=100`"""
    created = shop.create(frame(120), batch_size=1)
    shop.queries()
    listed = list(shop.client.batches.list_batches())
    assert shop.queries() == [{"limit": "100", "offset": "0"}, {"limit": "100", "offset": "100"}]
    assert [batch.id for batch in listed] == [batch.id for batch in reversed(created)]
    assert listed[0].batch_name == "Places_batch_120_of_120"


def test_a_full_page_of_batches_is_followed_by_an_empty_one(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J2: it lists with `limit=100`, and asks beyond the end after a full page"""
    shop.create(frame(6), batch_size=1)
    shop.queries()
    assert len(list(shop.client.batches.list_batches(page_size=3))) == 6
    assert [query["offset"] for query in shop.queries()] == ["0", "3", "6"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 100])
def test_every_page_size_lists_each_batch_once(shop: Shop, frame: Callable[..., Any], page_size: int) -> None:
    """contract J2: it lists in pages"""
    created = shop.create(frame(7), batch_size=1)
    listed = shop.client.batches.list_batches(page_size=page_size)
    assert [batch.id for batch in listed] == [batch.id for batch in reversed(created)]


def test_an_organization_without_batches_lists_none(shop: Shop) -> None:
    """contract J2: it lists with `limit=100`, an empty page too"""
    assert list(shop.client.batches.list_batches()) == []
    assert shop.client.batches.list_batches().to_df().empty
    assert shop.everything().to_df().empty


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cafés", ["Cafés 100%"]),
        ("100%", ["Cafés 100%"]),
        ("_", ["a_b"]),
        ("straße", ["STRASSE"]),
        ("a b&c=d#e/+", ["A b&c=d#e/+"]),
        ("nothing", []),
        (None, ["A b&c=d#e/+", "STRASSE", "a_b", "Cafés 100%"]),
    ],
)
def test_lists_are_narrowed_by_a_query(
    shop: Shop, frame: Callable[..., Any], query: str | None, found: list[str]
) -> None:
    """contract J2: it lists with `limit=100`, and sends a query to search the names"""
    for name in ("Cafés 100%", "a_b", "STRASSE", "A b&c=d#e/+"):
        shop.create(frame(1), batch_name=name)
    assert [batch.batch_name for batch in shop.client.batches.list_batches(query=query)] == found
    page = shop.client.batches.get_batches(limit=1, query=query)
    assert page["total"] == len(found)
    assert [batch["batch_name"] for batch in page["batches"]] == found[:1]


@pytest.mark.parametrize(("jobs", "pages"), [(999, 1), (1000, 2), (2001, 3)])
def test_results_are_paged_by_a_thousand_until_a_page_is_short(
    shop: Shop, frame: Callable[..., Any], jobs: int, pages: int
) -> None:
    """contract J2: it pages results with `limit=1000` until a page is short"""
    places = frame(jobs)
    batch = shop.create(places)
    shop.settle()
    shop.queries()
    assert [result.place_id for result in shop.results(batch.id)] == list(places.place_id)
    assert shop.queries() == [
        {"limit": "1000", "offset": str(1000 * page), "batchId": batch.id} for page in range(pages)
    ]


def test_paging_neither_skips_nor_repeats_while_jobs_move(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J2: it pages results until a page is short, while the batch is under way"""
    places = frame(40)
    batch = shop.create(places)
    seen = []
    for result in shop.client.jobs.get_jobs_by_batch_id(batch.id, page_size=4):
        seen.append(result.place_id)
        shop.advance(0.2)
    assert seen == list(places.place_id)


@pytest.mark.parametrize("parallel", [True, False])
def test_the_results_of_many_batches_make_one_data_frame(
    shop: Shop, frame: Callable[..., Any], *, parallel: bool
) -> None:
    """contract J2: it fetches up to 20 batches in parallel threads"""
    places = frame(125)
    shop.create(places, batch_size=5)
    shop.advance(2.5)
    shop.threads.clear()
    table = shop.everything().to_df(parallel=parallel)
    assert sorted(table.place_id) == sorted(places.place_id)
    assert set(table.status) <= set(STATUSES)
    fetching = len(shop.threads - {threading.get_ident()})
    assert 1 < fetching <= 20 if parallel else fetching == 0


def test_results_are_read_in_parallel_while_the_clock_moves(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J2: it fetches up to 20 batches in parallel threads, whatever moves meanwhile"""
    places = frame(240)
    batches = shop.create(places, batch_size=10)
    stop = threading.Event()

    def move() -> None:
        while not stop.is_set():
            shop.advance(0.05)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(3):
            table = shop.everything().to_df()
            assert sorted(table.place_id) == sorted(places.place_id)
            for batch in batches:
                shown = shop.client.batches.get_batch(batch.id)
                assert sum(map(len, shown["jobs"].values())) == shown["metadata"]["total_jobs"] == 10
    finally:
        stop.set()
        mover.join()


# J3: statistics


def test_statistics_count_what_the_attributes_filled(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J3: `get_statistics` maps each `attribute_status` key to output fields"""
    batch = shop.create(frame(10, ["mock-ok-", "mock-empty-"]))
    shop.settle()
    statistics = shop.statistics(batch.id, exclude_not_run=True)
    assert shop.statistics(batch.id).keys() == EVERY
    assert statistics.keys() == CORE
    assert {(entry["total_jobs"], entry["run_count"], entry["run_rate"]) for entry in statistics.values()} == {
        (10, 10, 1.0)
    }
    filled = {name: entry["value_filled"] for name, entry in statistics.items()}
    # A place of which nothing is found has a status, `No Internet Presence`, and is not open around the clock.
    assert filled == {**dict.fromkeys(CORE, 5), "closed_permanently": 10, "openingHours": 10}


@pytest.mark.parametrize("attribute", sorted(CORE))
def test_the_client_finds_the_outputs_of_each_core_attribute(
    shop: Shop, frame: Callable[..., Any], attribute: str
) -> None:
    """contract J3: `phoneNumbers → phone`, `closed_permanently → open_closed_status`, …"""
    batch = shop.create(frame(4, ["mock-ok-"]), attributes=[attribute])
    shop.settle()
    table = shop.client.get_statistics([batch.id], exclude_not_run=True)
    assert table.to_dict("records") == [
        {
            "attribute": attribute,
            "total_jobs": 4,
            "run_count": 4,
            "run_rate": 1.0,
            "value_filled": 4,
            "value_fill_rate": 1.0,
            "status_RUN": 4,
        }
    ]


def test_statistics_want_the_same_attributes_in_every_batch(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J3: it wants the same set of attributes in every batch that it is given"""
    core = [shop.create(frame(3)), shop.create(frame(4))]
    other = shop.create(frame(3), attributes=["websites"])
    shop.settle()
    merged = shop.statistics(*(batch.id for batch in core))
    assert {entry["total_jobs"] for entry in merged.values()} == {7}
    with pytest.raises(ValueError, match="Attribute set mismatch"):
        shop.statistics(core[0].id, other.id)


def test_an_empty_set_list_and_every_set_count_the_same_attributes(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J3: it wants the same set of attributes, however they were named"""
    batches = [
        shop.create(frame(2), attribute_set=AttributeSet.core),
        shop.create(frame(2), attribute_set=AttributeSet.all),
        shop.create(frame(2), attributes=sorted(CORE)),
    ]
    shop.settle()
    assert {entry["total_jobs"] for entry in shop.statistics(*(batch.id for batch in batches)).values()} == {6}


def test_statistics_leave_out_a_batch_that_is_missing(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J3: `get_statistics` of a batch that is not there"""
    batch = shop.create(frame(3))
    shop.settle()
    assert shop.statistics("nowhere", batch.id) == shop.statistics(batch.id)
    assert "nowhere" in shop.statistics("nowhere", raise_on_missing=False)["error"]
    with pytest.raises(ValueError, match="None of the provided batch IDs were found"):
        shop.statistics("nowhere", "nor there")


def test_statistics_show_attributes_in_error_and_unknown_ones(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J3: `get_statistics` of attributes that err or never run"""
    places = frame(4, ["mock-partial-"])
    batch = shop.create(places, attributes=["websites", "made_up"])
    shop.settle()
    statistics = shop.statistics(batch.id)
    assert statistics["made_up"]["status_counts"] == {"NOT_RUN": 4}
    assert statistics["websites"]["status_counts"] == {"ERROR": 4}
    assert shop.statistics(batch.id, exclude_not_run=True).keys() == {"websites"}


# J4: what it is told, and how long it waits


@pytest.mark.parametrize(("jobs", "limit"), [(1, 30.001), (500, 30.5), (2000, 32.0)])
def test_a_create_may_take_half_a_minute_and_a_second_per_thousand_jobs(
    shop: Shop, frame: Callable[..., Any], jobs: int, limit: float
) -> None:
    """contract J4: its client-side time limit is 30 s, plus 1 s per 1,000 jobs on create"""
    shop.create(frame(jobs), enrich_now=False)
    list(shop.client.batches.list_batches())
    create, listing = (request.extensions["timeout"]["read"] for request in shop.sent)
    assert create == pytest.approx(limit)
    assert listing == 30.0


@pytest.mark.parametrize("ending", ["", "/", "//"])
def test_the_client_takes_a_base_url(url: str, csv: Any, ending: str) -> None:
    """contract J4: it has a `base_url` parameter"""
    base_url = f"{url}/v1{ending}"
    with RepromptClient(api_key="k", org_slug=next(_slugs), base_url=base_url, allow_writes=True) as client:
        assert client.base_url == base_url
        batch = client.batches.create_from_dataframe(csv, batch_name="Places", enrich_now=False)
        assert len(list(client.jobs.get_jobs_by_batch_id(batch.id))) == len(csv)


def test_no_variable_and_no_flag_sets_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """contract J4: no environment variable and no CLI flag for it"""
    for name in ("REPROMPT_BASE_URL", "REPROMPT_API_URL", "REPROMPT_URL", "BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/v1")
    monkeypatch.setenv("REPROMPT_API_KEY", "k")
    monkeypatch.setenv("REPROMPT_ORG_SLUG", "acme")
    with RepromptClient() as client:
        assert (client.api_key, client.org_slug) == ("k", "acme")
        assert client.base_url == "https://api.repromptai.com/v1"
    command_line = importlib.util.find_spec("reprompt.cli")
    assert command_line is not None
    assert command_line.origin is not None
    assert "url=" not in Path(command_line.origin).read_text(encoding="utf-8").replace("base_url=base_url", "")


# J5: asynchronous creates


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # what the client leaves behind
def test_after_an_asynchronous_create_the_client_cannot_be_closed_at_once(
    shop: Shop, frame: Callable[..., Any]
) -> None:
    """contract J5: after `asyncio.run(create_from_dataframe_async(…))` its own `close()` raises"""
    client, places = shop.client, frame(100)
    batches = asyncio.run(
        client.batches.create_from_dataframe_async(
            places, batch_name="Async", attributes=["websites"], batch_size=25, max_concurrent_batches=1
        )
    )
    assert [type(batch) for batch in batches] == [SubmittedPlaceBatchResponse] * 4
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        client.close()
    client._transport._async_client = None
    client.close()
    gc.collect()
    with RepromptClient(api_key="k", org_slug=shop.slug, base_url=client.base_url) as another:
        assert [batch.batch_name for batch in another.batches.list_batches()] == [
            f"Async_batch_{number:03}_of_004" for number in (4, 3, 2, 1)
        ]
        listed = CompositeJobsIterator(reversed([*another.batches.list_batches()]), another)
        assert [result.place_id for result in listed] == list(places.place_id)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_creates_that_the_client_itself_cuts_off_leave_only_whole_batches(
    shop: Shop, frame: Callable[..., Any]
) -> None:
    """contract J5: asynchronous creates (whose client closes its connections under one another)"""
    client, places = shop.client, frame(200)
    answers = asyncio.run(
        client.batches.create_from_dataframe_async(
            places, batch_name="Async", attribute_set=AttributeSet.core, batch_size=20, max_concurrent_batches=5
        )
    )
    client._transport._async_client = None
    gc.collect()
    told = {answer.id for answer in answers if isinstance(answer, SubmittedPlaceBatchResponse)}
    listed = {batch.id: batch for batch in client.batches.list_batches()}
    assert len(answers) == 10
    assert told <= listed.keys()
    for batch in listed.values():
        number = int(batch.batch_name.split("_")[2])
        assert [result.place_id for result in shop.results(batch.id)] == list(places.place_id[20 * number - 20 :][:20])


def test_a_single_batch_is_created_asynchronously(shop: Shop, csv: Any) -> None:
    """contract J5: an asynchronous create of one batch, which the client sends synchronously"""
    (batch,) = asyncio.run(
        shop.client.batches.create_from_dataframe_async(csv, batch_name="Async", attribute_set=AttributeSet.all)
    )
    assert batch.jobs["pending"] == list(csv.place_id)


# What it sends


def test_splitting_makes_batches_of_their_own(shop: Shop, csv: Any) -> None:
    """contract J1: it parses the answers to a create that it split by `batch_size`"""
    batches = shop.create(csv, batch_size=100)
    assert [len(batch.jobs["pending"]) for batch in batches] == [100, 100, 100, 20]
    assert [batch.batch_name for batch in batches] == [f"Places_batch_{number:03}_of_004" for number in (1, 2, 3, 4)]
    assert len({batch.id for batch in batches}) == 4
    assert [place for batch in batches for place in batch.jobs["pending"]] == list(csv.place_id)


def test_equal_creates_make_two_batches(shop: Shop, csv: Any) -> None:
    """contract J1: it parses the answers to equal creates, which are two batches"""
    assert shop.create(csv).id != shop.create(csv).id
    assert len(list(shop.client.batches.list_batches())) == 2


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"attribute_set": AttributeSet.core}, CORE),
        ({"attribute_set": AttributeSet.all}, CORE),
        ({"attribute_set": AttributeSet.open_closed}, {"closed_permanently"}),
        ({"attributes": ["websites", "menu", "websites"]}, {"websites", "menu"}),
    ],
)
def test_attribute_sets_and_attributes_are_asked_for(
    shop: Shop, frame: Callable[..., Any], wanted: dict[str, Any], asked: set[str]
) -> None:
    """contract J1: it parses results of each attribute set and of attributes"""
    batch = shop.create(frame(2), **wanted)
    for result in shop.results(batch.id):
        assert {str(status.value) for status in result.job_metadata.attribute_status.values()} == {"NOT_RUN"}
    shop.settle()
    for result in shop.results(batch.id):
        shown = result.job_metadata.attribute_status
        assert shown.keys() == EVERY
        assert {name for name, status in shown.items() if status.value != "NOT_RUN"} == asked


def test_an_upload_stays_pending_until_it_is_reprocessed(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J1: it parses the answer to an upload (`enrich_now=False`), without attributes too"""
    batch = shop.client.batches.create_from_dataframe(frame(3), batch_name="Upload", enrich_now=False)
    assert batch.status is BatchJobStatus.pending
    assert shop.settle()["unfinished"] == 3
    assert {result.status for result in shop.results(batch.id)} == {"pending"}
    assert shop.statistics(batch.id, exclude_not_run=True) == {}
    shop.reprocess(batch.id, incomplete_only=True)
    shop.settle()
    assert {result.status for result in shop.results(batch.id)} == {"completed"}
    assert shop.statistics(batch.id, exclude_not_run=True).keys() == CORE


def test_a_create_without_attributes_is_refused_and_makes_nothing(shop: Shop, csv: Any) -> None:
    """contract J1: it raises what the service refuses (contract D5)"""
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shop.client.batches.create_from_dataframe(csv, batch_name="Places")
    assert refused.value.response.status_code == 400
    assert list(shop.client.batches.list_batches()) == []


def test_duplicates_are_refused_by_the_client_or_kept_once(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J1: it parses the answer to duplicates (`ignore_duplicate_place_ids`), of which the last one wins"""
    places = frame(4)
    doubled = pd.concat([places, places.head(2).assign(name=["Other one", "Other two"])], ignore_index=True)
    with pytest.raises(ValueError, match="Duplicate place_id"):
        shop.create(doubled)
    assert shop.sent == []
    batch = shop.create(doubled, ignore_duplicate_place_ids=True)
    assert batch.jobs["pending"] == list(places.place_id)
    shop.settle()
    names = [result.inputs.name for result in shop.results(batch.id)]
    assert names == ["Other one", "Other two", *places.name[2:]]


def test_a_repeated_upload_of_a_batch_does_not_double_it(shop: Shop, csv: Any) -> None:
    """contract J1: it parses the answer to a create that was sent twice with the same `batch_id`"""
    first = shop.create(csv, batch_id="nightly")
    shop.settle()
    again = shop.create(csv, batch_id="nightly")
    assert first == again
    assert len(shop.results("nightly")) == len(csv)


def test_appending_a_known_place_and_a_new_one_keeps_the_order(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J1: it parses the answer to an append whose first place is the batch's last"""
    places = frame(4)
    shop.create(places.head(3), batch_id="mine")
    batch = shop.create(places.tail(2), batch_id="mine")
    assert batch.jobs["pending"] == list(places.place_id)


def test_places_without_coordinates_without_country_and_with_address_parts_are_accepted(shop: Shop) -> None:
    """contract J1: it parses results of every kind of row that it sends"""
    rows = pd.DataFrame(
        [
            {"place_id": "coordinates", "name": "A", "lat": 48.137, "lng": 11.575},
            {"place_id": "address", "name": "B", "address": "Marienplatz 1, München", "country_code": "DE"},
            {"place_id": "parts", "name": "C", "street": "Marienplatz", "house": 1, "city": "München"},
            {"place_id": "spaces", "name": "  D  ", "lat": 48.137, "lng": 11.575, "address": "   "},
        ]
    )
    batch = shop.create(rows)
    shop.settle()
    results = {result.place_id: result for result in shop.results(batch.id)}
    assert list(results) == list(rows.place_id)
    assert {result.status for result in results.values()} == {"completed"}
    assert results["spaces"].inputs.name == "D"
    assert results["address"].inputs.latitude is None
    assert results["coordinates"].job_metadata.country_code == "DE"


@pytest.mark.parametrize(
    "place_id", ["a b", "näme", "東京", "🗼", "a/b", "a//b", "/a", "a:b@c", "a+b", "a&b=c", "~.x", "a;b"]
)
def test_one_job_is_read_by_any_place_id_that_the_client_can_send(
    shop: Shop, frame: Callable[..., Any], place_id: str
) -> None:
    """contract J1: it parses the result of one job, whose id it puts into the path as it is"""
    batch = shop.create(frame(1).assign(place_id=[place_id]), batch_id="batch of " + place_id.replace("/", "-"))
    shop.settle()
    (result,) = shop.results(batch.id)
    assert shop.client.jobs.get_job(place_id) == result
    assert shop.client.batches.get_batch(batch.id)["jobs"]["completed"] == [place_id]


@pytest.mark.parametrize(
    "read",
    [
        lambda client: client.batches.get_batch("nowhere"),
        lambda client: client.jobs.get_job("nowhere"),
        lambda client: list(client.jobs.get_jobs_by_batch_id("nowhere")),
    ],
)
def test_what_is_missing_is_a_404(shop: Shop, read: Callable[[RepromptClient], Any]) -> None:
    """contract J1: it raises the status of what it cannot parse"""
    with pytest.raises(httpx.HTTPStatusError) as missing:
        read(shop.client)
    assert missing.value.response.status_code == 404
    assert missing.value.response.json().keys() == {"detail"}


def test_a_batch_that_vanishes_breaks_a_data_frame_only_where_it_may(shop: Shop, frame: Callable[..., Any]) -> None:
    """contract J2: it fetches batches in parallel threads, one of which is not there any more"""
    kept, gone = shop.create(frame(2), batch_id="kept"), shop.create(frame(3), batch_id="gone")
    batches = list(shop.client.batches.list_batches())
    assert shop.http.delete(f"/v1/{shop.slug}/place_enrichment/batches/{gone.id}").is_success
    with pytest.raises(RuntimeError, match="404"):
        CompositeJobsIterator(batches, shop.client).to_df()
    table = CompositeJobsIterator(batches, shop.client).to_df(raise_exceptions=False)
    assert list(table.place_id) == kept.jobs["pending"]


# Every stage of the lifecycle


@dataclass(frozen=True)
class Stage:
    """A stage of a batch of six places: how they are made and brought there, and what then is shown."""

    status: str
    counts: dict[str, int]
    reach: Callable[[Shop, str], Any]
    prefixes: tuple[str, ...] = ("mock-ok-",)
    pace: tuple[float, float, float] = (10, 10, 10)
    attributes: dict[str, int] = field(default_factory=dict)


def _stay(_: Shop, __: str) -> None:
    pass


def _settle(shop: Shop, _: str) -> None:
    shop.settle()


def _advance(shop: Shop, _: str) -> None:
    shop.advance(1)


def _reprocess(shop: Shop, batch_id: str) -> None:
    shop.settle()
    shop.reprocess(batch_id, failed_only=False, refresh=True)


def _reprocess_and_settle(shop: Shop, batch_id: str) -> None:
    _reprocess(shop, batch_id)
    shop.settle()


def _reprocess_failed(shop: Shop, batch_id: str) -> None:
    shop.settle()
    shop.reprocess(batch_id)
    shop.settle()


STAGES = {
    "pending": Stage("pending", {"pending": 6}, _stay, attributes={"NOT_RUN": 6}),
    "queued": Stage("queued", {"queued": 6}, _advance, pace=(0, 1000, 0), attributes={"NOT_RUN": 6}),
    "in progress": Stage("in_progress", {"in_progress": 6}, _advance, pace=(0, 0, 1000), attributes={"NOT_RUN": 6}),
    "partly done": Stage(
        "in_progress",
        {"in_progress": 2, "completed": 4},
        _settle,
        ("mock-ok-", "mock-stuck-", "mock-ok-"),
        attributes={"NOT_RUN": 2, "RUN": 4},
    ),
    "partly failed": Stage(
        "completed",
        {"completed": 4, "failed": 2},
        _settle,
        ("mock-ok-", "mock-ok-", "mock-fail-"),
        attributes={"RUN": 4, "ERROR": 2},
    ),
    "failed": Stage(
        "failed",
        {"completed": 2, "failed": 4},
        _settle,
        ("mock-fail-", "mock-ok-", "mock-fail-"),
        attributes={"RUN": 2, "ERROR": 4},
    ),
    "completed": Stage("completed", {"completed": 6}, _settle, attributes={"RUN": 6}),
    "reprocessed": Stage("pending", {"pending": 6}, _reprocess, attributes={"NOT_RUN": 6}),
    "completed again": Stage("completed", {"completed": 6}, _reprocess_and_settle, attributes={"RUN": 6}),
    "mended": Stage("completed", {"completed": 6}, _reprocess_failed, ("mock-flaky-",), attributes={"RUN": 6}),
}


@pytest.fixture(params=list(STAGES.values()), ids=list(STAGES))
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each stage."""
    assert isinstance(request.param, Stage)
    return request.param


@pytest.fixture
def batch_id(shop: Shop, frame: Callable[..., Any], stage: Stage) -> str:
    """A batch in a stage."""
    pending, queued, processing = stage.pace
    shop.control("PATCH", "/settings", pending_seconds=pending, queued_seconds=queued, processing_seconds=processing)
    batch_id: str = shop.create(frame(6, stage.prefixes)).id
    stage.reach(shop, batch_id)
    return batch_id


def test_lists_parse_in_every_stage(shop: Shop, stage: Stage, batch_id: str) -> None:
    """contract J1: it parses list entries into `BatchJob`, in every stage"""
    (batch,) = shop.client.batches.list_batches()
    assert (batch.id, batch.status.value, batch.metadata) == (batch_id, stage.status, None)
    assert batch.status_counts == {**dict.fromkeys(STATUSES, 0), **stage.counts}
    assert list(shop.client.batches.list_batches().to_df().batch_id) == [batch_id]


def test_a_batch_is_shown_in_every_stage(shop: Shop, stage: Stage, batch_id: str) -> None:
    """contract J1: a batch's status has the place ids by status, in every stage"""
    batch = shop.client.batches.get_batch(batch_id)
    assert batch["status"] == stage.status
    assert {status: len(ids) for status, ids in batch["jobs"].items() if ids} == stage.counts
    by_status: dict[str, list[str]] = {status: [] for status in STATUSES}
    for result in shop.results(batch_id):
        by_status[result.status].append(result.place_id)
    assert batch["jobs"] == by_status
    assert batch["metadata"]["status_counts"] == {status: len(ids) for status, ids in by_status.items()}


def test_results_parse_in_every_stage_in_pages_and_one_by_one(shop: Shop, stage: Stage, batch_id: str) -> None:
    """contract J1: it parses results into `PlaceJobResult`, in every stage"""
    results = shop.results(batch_id)
    assert len(results) == 6
    for page_size in (1, 4, 6):
        assert list(shop.client.jobs.get_jobs_by_batch_id(batch_id, page_size=page_size)) == results
    for result in results:
        assert shop.client.jobs.get_job(result.place_id) == result
        assert result.job_metadata.attribute_status.keys() == EVERY
        assert (result.confidence_scores is not None) is True
        if result.status == "failed":
            metadata = result.job_metadata.enrichment_metadata
            assert metadata is not None
            assert metadata.keys() == CORE
            assert all({"error", "code"} <= entry.keys() for entry in metadata.values())


def test_statistics_are_computed_in_every_stage(shop: Shop, stage: Stage, batch_id: str) -> None:
    """contract J3: `get_statistics`, in every stage"""
    statistics = shop.statistics(batch_id)
    assert statistics.keys() == EVERY
    for name, entry in statistics.items():
        assert entry["total_jobs"] == 6
        assert entry["status_counts"] == (stage.attributes if name in CORE else {"NOT_RUN": 6})
    table = shop.client.get_statistics([batch_id])
    assert set(table.attribute) == EVERY
    known = shop.statistics(batch_id, exclude_not_run=True)
    assert known.keys() == (CORE if stage.attributes.keys() != {"NOT_RUN"} else set())


def test_data_frames_are_made_in_every_stage(shop: Shop, stage: Stage, batch_id: str) -> None:
    """contract J2: `to_df`, in every stage"""
    expected = sorted(status for status, count in stage.counts.items() for _ in range(count))
    for table in (
        shop.client.jobs.get_jobs_by_batch_id(batch_id).to_df(),
        shop.everything().to_df(),
        shop.everything().to_df(parallel=False, include_not_run=True),
        shop.everything().to_df(include_inputs=False, include_reasoning=False, include_confidence=False),
    ):
        assert sorted(table.status) == expected
        assert table.place_id.is_unique
    assert shop.everything()[:2] == shop.results(batch_id)[:2]
