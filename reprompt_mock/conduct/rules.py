"""The rules as a table: how grave each is, where it is written, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.conduct import creating, form, polling, reading, retrying
from reprompt_mock.conduct.verdict import Breach, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reprompt_mock.conduct.history import History

_GUIDE = "Guide, "
_POLL = f"{_GUIDE}Poll for batch status"
_STOP = f"{_GUIDE}Stop when terminal"
_PAGES = f"{_GUIDE}Paginate through all results"
_FAILURES = f"{_GUIDE}Handle failures"
_HTTP = "RFC 9110, "


class Rule(NamedTuple):
    """A rule: `find` gives what breaks it."""

    severity: Severity
    find: Callable[[History], Iterable[Breach]]
    source: str
    advice: str

    @property
    def name(self) -> str:
        """The name of the rule, which its function has too."""
        return str(getattr(self.find, "__name__", ""))

    @property
    def when(self) -> str:
        """What breaks it, as a sentence."""
        return (self.find.__doc__ or "").strip()


RULES = (
    Rule(
        Severity.error,
        creating.created_twice,
        f"{_GUIDE}Chunk large datasets; contract D3, D4",
        "Choose a batch_id before the first try and send it with every repeat: the places are then paid for once.",
    ),
    Rule(
        Severity.error,
        retrying.ignored_retry_after,
        f"{_HTTP}10.2.3; contract I3",
        "Wait for as long as Retry-After says, in seconds or until its date, before the next request.",
    ),
    Rule(
        Severity.error,
        retrying.repeated_refusal,
        f"{_HTTP}15.5; contract B",
        "Read `detail` and change the request: a refusal stays one. Repeat only after 408, 429, 5xx and lost answers.",
    ),
    Rule(
        Severity.error,
        reading.pages_missed,
        f"{_PAGES}; contract F1",
        "Increase offset by the number of results received until offset + jobs.length >= total.",
    ),
    Rule(
        Severity.error,
        reading.failures_ignored,
        f"{_FAILURES}; contract E1, G2",
        "Check jobs.failed after the finish: read the failed jobs' results, or reprocess them with failed_only: true.",
    ),
    Rule(
        Severity.error,
        creating.too_many_places,
        f"{_GUIDE}Batch Limits; contract D2",
        "Split the places, and append each part with the same batch_id.",
    ),
    Rule(
        Severity.error,
        form.key_in_url,
        f"{_HTTP}17.9; contract A1",
        "Send the key as `apiKey: KEY` or `Authorization: Bearer KEY`: addresses are logged everywhere.",
    ),
    Rule(
        Severity.error,
        form.key_in_unknown_header,
        "contract A1",
        "Send the key as `apiKey: KEY` or `Authorization: Bearer KEY`, and in no other header.",
    ),
    Rule(
        Severity.warning,
        polling.gave_up,
        _STOP,
        "Poll until the status is completed or failed, or record that the batch is open and return to it.",
    ),
    Rule(
        Severity.warning,
        polling.polled_too_fast,
        _POLL,
        "Wait 5 to 10 seconds between two polls (here `conduct_poll_seconds`).",
    ),
    Rule(
        Severity.warning,
        polling.polled_after_finish,
        _STOP,
        "Stop polling when the status is completed or failed.",
    ),
    Rule(
        Severity.warning,
        reading.read_unfinished,
        f"{_STOP}; {_GUIDE}Fetch results",
        "Poll until the status is completed or failed, then read the results.",
    ),
    Rule(
        Severity.warning,
        reading.pages_repeated,
        f"{_PAGES}; contract F1",
        "Keep what has been read, and increase offset by the number of results received: the order does not change.",
    ),
    Rule(
        Severity.warning,
        creating.reprocessed_all,
        f"{_GUIDE}Reprocessing Failed Items; contract G2, G7",
        "Leave failed_only true to run only the failed jobs again, or set refresh or other attributes.",
    ),
    Rule(
        Severity.warning,
        retrying.retried_at_once,
        f"{_HTTP}15.6",
        "Wait before repeating, longer each time: what fails now usually fails a moment later too.",
    ),
    Rule(
        Severity.warning,
        form.unknown_field,
        "Published OpenAPI document; contract B6",
        "Correct the name: the service ignores fields that it does not know.",
    ),
    Rule(
        Severity.warning,
        form.unknown_attribute,
        "Published OpenAPI document; contract D7",
        "Ask for attributes that GET /attributes lists: others are never run.",
    ),
    Rule(
        Severity.warning,
        creating.export_repeated,
        "contract K2",
        "Send an Idempotency-Key with the first try and every repeat, and poll the export that was made.",
    ),
    Rule(
        Severity.note,
        reading.results_unread,
        f"{_GUIDE}Fetch results",
        "Read the results, or do not ask for them.",
    ),
    Rule(
        Severity.note,
        form.no_user_agent,
        f"{_HTTP}10.1.5",
        "Send a User-Agent that names your program, so that the service can tell who needs help.",
    ),
    Rule(
        Severity.note,
        form.new_connections,
        "RFC 9112, 9.3",
        "Use one client or session for all requests: it keeps its connection.",
    ),
)
NAMES = tuple(rule.name for rule in RULES)
