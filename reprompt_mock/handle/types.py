"""The types of a handle's arguments and results, so that type checkers find misspelt keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Unpack

    from reprompt_mock.handle.mock import RepromptMock

Operation = Literal[
    "create_batch", "get_batch", "list_batches", "get_jobs", "reprocess_batch", "delete_batch", "update_batch",
    "refresh_batches", "create_job", "get_job", "delete_job", "reprocess_jobs", "enrich", "get_attributes",
    "create_export", "list_exports", "get_export", "download_export", "download_artifact",
]  # fmt: skip
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
JobStatus = Literal["pending", "queued", "in_progress", "completed", "failed"]
WaitStatus = Literal["finished", "pending", "queued", "in_progress", "completed", "failed"]
AttributeStatus = Literal["RUN", "ERROR", "NOT_RUN", "RUN_CONDITION_FAILED"]
Confidence = Literal["VERY_HIGH", "HIGH", "MEDIUM", "LOW", "NONE"]


class RuleMatch(TypedDict, total=False):
    """Which jobs a rule applies to; strings are case-sensitive globs."""

    batch: str
    place_id: str
    name: str
    attempt: int


class RuleThen(TypedDict, total=False):
    """What happens to them."""

    outcome: Literal["completed", "failed"]
    error: str
    hold: Literal["pending", "queued", "queued_deferred", "in_progress"]
    results_lag_seconds: float
    seconds: float
    attributes: Mapping[str, AttributeStatus]
    outputs: Mapping[str, Any]
    confidence_scores: Mapping[str, Confidence]


class _RuleNeeds(TypedDict):
    then: RuleThen


class Rule(_RuleNeeds, total=False):
    """A rule as data."""

    match: RuleMatch
    times: int | None


class RequestMatch(TypedDict, total=False):
    """Which requests a fault applies to; the path is a glob."""

    method: Method
    path: str
    operation: Operation


class HeaderDate(TypedDict):
    """A header value that is a date, this many real seconds after the answer."""

    date_in_seconds: float


# `as` is a keyword in Python.
_Cut = TypedDict("_Cut", {"as": Literal["length", "chunk", "gzip"]}, total=False)


class FaultThen(_Cut, total=False):
    """What happens to them."""

    status: int
    body: Any
    headers: Mapping[str, str | HeaderDate]
    delay_seconds: float
    abort: Literal["reset", "close", "truncate"]
    stale_after_seconds: float


class Facts(TypedDict, total=False):
    """What a request asked for and what it was answered; the keys depend on its operation."""

    batch_id: str
    place_id: str
    status: JobStatus
    counts: dict[JobStatus, int]
    body: str
    places: str
    attributes: str
    created: int
    place_ids: list[str]
    limit: int
    offset: int
    total: int
    size: int
    by_status: dict[JobStatus, int]
    scope: str
    refresh: bool
    reprocessed: int
    updated: int
    missing: int
    deleted: int
    unknown_parameters: list[str]
    unknown_attributes: list[str]
    unknown_fields: list[str]
    jobs: int
    kick_off_jobs_now: bool
    unfinished: int
    filtered: bool
    completed: int
    previous: bool
    version: int


class JournalEntry(TypedDict):
    """A request as it came and how it was answered.

    `status` is None while it is under way, and where the client was sent half of an answer or nothing; `sent` is None
    while it is under way.
    """

    sequence: int
    time: str
    real_time: str
    operation: Operation | None
    method: str
    path: str
    query: dict[str, str | list[str]]
    headers: dict[str, str]
    body: Any
    status: int | None
    answer_headers: dict[str, str]
    facts: Facts
    sent: Literal["whole", "half", "nothing", "client_gone"] | None
    carried_out: bool
    connection: int | None
    request_on_connection: int | None
    duration_seconds: float
    fault: str | None
    rules: list[str]


Judgement = Literal["good", "questionable", "bad", "inconclusive"]


class Finding(TypedDict):
    """A rule that the client broke; `requests` are numbers in the journal."""

    rule: str
    severity: Literal["error", "warning", "note"]
    requests: list[int]
    batch_id: str | None
    message: str
    advice: str
    source: str


class Verdict(TypedDict):
    """How the client behaved; `dropped` is the number of requests whose facts were lost."""

    verdict: Judgement
    findings: list[Finding]
    judged: int
    dropped: int


class WorldOptions(TypedDict, total=False):
    """The settings that can differ per world."""

    seed: int
    clock: Literal["running", "paused"]
    speed: float
    poll_advance: float
    pending_seconds: float
    queued_seconds: float
    processing_seconds: float
    workers: int
    failure_rate: float
    attribute_error_rate: float
    not_found_rate: float
    found_rates: Mapping[str, float]
    drift_rate: float
    batch_failure_threshold: float
    max_jobs_per_request: int
    attribute_status: Literal["all", "asked"]
    generate_place_ids: bool
    strict_attributes: bool
    places_move: bool
    results_lag_seconds: float
    unpaid_attributes: Sequence[str]
    export_inline_rows: int
    export_inline_bytes: int
    export_queued_seconds: float
    export_seconds_per_10000_rows: float
    export_failure_rate: float
    rate_limit: float
    conduct_poll_seconds: float


class EmulatorOptions(WorldOptions, total=False):
    """All settings of an emulator."""

    host: str
    root_path: str
    port: int
    db: Path | str | None
    db_wait: float
    api_keys: Mapping[str, str]
    revoked_api_keys: Sequence[str]
    max_body_bytes: int
    journal_size: int
    control_token: str | None
    allowed_hosts: Sequence[str]
    rules: Sequence[Rule]
    cors_origins: Sequence[str]


class RepromptMockFactory(Protocol):
    """The type of the fixture `reprompt_mock_factory`."""

    def __call__(self, *, rules: Sequence[Rule] = (), **settings: Unpack[WorldOptions]) -> RepromptMock:
        """Return a handle on a fresh world with these settings and rules, added to the configured ones."""
