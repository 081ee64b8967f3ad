"""Rules about the form of requests: keys, names, connections."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.conduct.seen import FIRST, KEY_IN_HEADER, KEY_IN_URL, NAMELESS
from reprompt_mock.conduct.verdict import Breach
from reprompt_mock.conduct.words import at, number, numbers, often
from reprompt_mock.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.conduct.history import History
    from reprompt_mock.conduct.seen import Seen

FIELDS = (
    "attribute_set", "attributes", "attributes_enrichments", "batch_id", "batch_ids", "batch_name", "failed_only",
    "incomplete_only", "inputs", "jobs", "kick_off_jobs_now", "owner_id", "place_id", "place_ids", "refresh",
    "use_previous_invocation_params",
)  # fmt: skip
"""The fields of all bodies, for hints."""
_MANY_CONNECTIONS = 10


def key_in_url(history: History) -> Iterator[Breach]:
    """A query has a parameter that is named like a key."""
    yield from _marked(history, KEY_IN_URL, "had a parameter named like a key in the URL")


def key_in_unknown_header(history: History) -> Iterator[Breach]:
    """A header that the service does not read is named like a key."""
    yield from _marked(history, KEY_IN_HEADER, "brought a key in a header that the service does not read")


def no_user_agent(history: History) -> Iterator[Breach]:
    """Requests have no `User-Agent`."""
    yield from _marked(history, NAMELESS, "had no User-Agent")


def _marked(history: History, mark: int, fault: str) -> Iterator[Breach]:
    found = [seen for seen in history.exchanges if seen.marks & mark]
    if found:
        yield Breach(numbers(found), f"{number(len(found), 'request')} {fault}, the first {at(found[0])}.")


def unknown_field(history: History) -> Iterator[Breach]:
    """A body has fields that the published schema lacks at that place."""
    for (operation, name), found in _named(history, "unknown_fields").items():
        field = name.rpartition(".")[2]
        hint = ", which belongs elsewhere." if field in FIELDS else nearest(field, FIELDS) or "."
        yield Breach(numbers(found), f"{operation} was sent {often(len(found))} with the unknown field {name}{hint}")


def unknown_attribute(history: History) -> Iterator[Breach]:
    """An attribute is asked for that no catalogue has."""
    for (operation, name), found in _named(history, "unknown_attributes").items():
        hint = nearest(name, CATALOGUE) or "."
        message = f"{operation} asked {often(len(found))} for the unknown attribute {name}{hint}"
        yield Breach(numbers(found), message)


def _named(history: History, what: str) -> dict[tuple[str | None, str], list[Seen]]:
    found: defaultdict[tuple[str | None, str], list[Seen]] = defaultdict(list)
    for seen in history.exchanges:
        for name in getattr(seen, what) or ():
            found[seen.operation, name].append(seen)
    return found


def new_connections(history: History) -> Iterator[Breach]:
    """A client opens a connection for every request, ten or more."""
    clients: defaultdict[tuple[str | None, str], list[Seen]] = defaultdict(list)
    for seen in history.exchanges:
        if seen.connection is not None:
            clients[seen.client, seen.agent].append(seen)
    for found in clients.values():
        if len(found) >= _MANY_CONNECTIONS and all(seen.marks & FIRST for seen in found):
            yield Breach(numbers(found), f"Each of {len(found):,} requests came on a new connection.")
