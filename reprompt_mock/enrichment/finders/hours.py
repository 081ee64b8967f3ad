"""A place's opening hours, and whether it has closed for good."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.luck import POSITIONS, one_in, pick
from reprompt_mock.enrichment.memo import Memo

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_CLOSED = POSITIONS["closed_permanently"]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ALWAYS = "24h"
_ALL_DAY = ("00:00", "23:59")
# Minutes by which opening and closing times are shifted, so that there are more schedules than patterns.
_SHIFTS = ((0, 0), (30, 0), (0, 30), (-30, 0), (0, -30), (30, 30))
_DAY = 24 * 60
# The kinds of place that close around midday, in countries where that is usual.
_SHOPS = frozenset(
    ("bank", "bookstore", "clothing_store", "dentist", "doctor", "electronics_store", "florist", "furniture_store")
) | frozenset(("hairdresser", "hardware_store", "laundry", "lawyer", "pharmacy", "post_office", "real_estate", "store"))
_RESTAURANTS = frozenset(("restaurant",))

# A place's status, generation by generation; adjacent ones differ.
_OPEN = ("Open", "Temporarily Closed", "Open", "Closed")
_HISTORIES = (
    *[_OPEN] * 58,
    *[("Closed", "Open", "Closed", "Temporarily Closed")] * 3,
    *[("Temporarily Closed", "Open", "Temporarily Closed", "Closed")] * 3,
)
SHARE_CLOSED = 3 / len(_HISTORIES)
"""The share of places that have closed for good when they are first searched."""


class _Customs(NamedTuple):
    """By how many days the week of a country is earlier, and when places of a kind close around midday, if at all."""

    earlier: int
    midday: str | None


class _Schedule(NamedTuple):
    """Hours by day, hours grouped by span, and whether the place never closes."""

    by_day: dict[str, str]
    grouped: list[dict[str, Any]]
    always: bool


def opening_hours(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the opening hours of a place, by day and grouped; one that has closed for good has none."""
    if _status(subject, generation) == "Closed":
        return
    schedule = pick(_schedules[subject.kind.name, subject.country_code], luck + generation)
    outputs["opening_hours"], outputs["opening_hours_grouped_by_hours"], outputs["is_open_24h"] = schedule


def _customs(kind: str, code: str | None) -> _Customs:
    facts = data("hours")
    midday: dict[str, str] = facts["midday"].get(code, {})
    group = "shops" if kind in _SHOPS else "restaurants" if kind in _RESTAURANTS else ""
    return _Customs(facts["earlier"].get(code, 0), midday.get(group))


@lru_cache(maxsize=1024)
def _schedules_by(kind: str, customs: _Customs) -> tuple[_Schedule, ...]:
    """Return the schedules for a kind of place; adjacent ones differ."""
    patterns, earlier, midday = kinds()[kind].hours, *customs
    breaks = (None,) if midday is None else (midday, None)
    schedules = [
        _schedule(pattern, shift, earlier, pause) for shift in _SHIFTS for pattern in patterns for pause in breaks
    ]
    limited = {str(one.by_day): one for one in schedules if not one.always}
    always = next((one for one in schedules if one.always), None)
    if always is None:
        return tuple(limited.values())
    return tuple(schedule for one in limited.values() for schedule in (always, one))


_schedules: Memo[tuple[str, str | None], tuple[_Schedule, ...]] = Memo(
    lambda key: _schedules_by(key[0], _customs(*key))
)
"""The schedules for a kind of place in a country."""


def _schedule(pattern: str, shift: tuple[int, int], earlier: int, midday: str | None) -> _Schedule:
    """Write a schedule.

    Args:
        pattern: the hours of days 1 to 7, where 6 and 7 are the weekend.
        shift: minutes to add to the opening and the closing time.
        earlier: the days by which the weekend comes before Saturday and Sunday.
        midday: when the place closes around midday, such as "12:30-14:00".
    """
    spans: dict[int, list[tuple[str, str]]] = {day: [] for day in range(len(_DAYS))}
    for part in pattern.split("; "):
        days, times = part.split(" ")
        hours = [_ALL_DAY] if times == _ALWAYS else _paused(_shifted(times, shift), midday)
        for day in range(int(days[0]) - 1, int(days[-1])):
            spans[(day - earlier) % len(_DAYS)] = hours
    groups: dict[tuple[str, str], list[str]] = {}
    for day, hours in spans.items():
        for span in hours:
            groups.setdefault(span, []).append(_DAYS[day][:3])
    grouped = [{"days": days, "opens": opens, "closes": closes} for (opens, closes), days in groups.items()]
    return _Schedule({_DAYS[day]: _written(hours) for day, hours in spans.items()}, grouped, pattern.endswith(_ALWAYS))


def _written(spans: list[tuple[str, str]]) -> str:
    if spans == [_ALL_DAY]:
        return "Open 24 hours"
    return ", ".join(f"{opens}-{closes}" for opens, closes in spans) or "Closed"


def _paused(span: tuple[str, str], midday: str | None) -> list[tuple[str, str]]:
    """Split a span around midday, if it reaches an hour beyond on both sides; a span past midnight does."""
    if midday is None:
        return [span]
    closes, opens = midday.split("-")
    first, last = map(_minutes, span)
    reaches = first + 60 <= _minutes(closes) and (last <= first or last >= _minutes(opens) + 60)
    return [(span[0], closes), (opens, span[1])] if reaches else [span]


def _shifted(times: str, shift: tuple[int, int]) -> tuple[str, str]:
    opens, closes = (_clock(_minutes(time) + by) for time, by in zip(times.split("-"), shift, strict=True))
    return opens, closes


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _clock(minutes: int) -> str:
    return "{:02d}:{:02d}".format(*divmod(minutes % _DAY, 60))


def closed_permanently(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a place's status, its opening date and, if it has closed, its closing date."""
    status = outputs["open_closed_status"] = _status(subject, generation)
    if not one_in(4, luck, at=6):
        outputs["date_opened"] = pick(_dates(1975, 48), luck, at=8)
    if status == "Closed":
        outputs["date_closed"] = closing_date(subject)


def _status(subject: Subject, generation: int) -> str:
    return pick(pick(_HISTORIES, subject.luck[_CLOSED]), generation)


def closing_date(subject: Subject) -> str:
    """Return when a place closed for good, if it did; it opened before."""
    return pick(_dates(2024, 2), subject.luck[_CLOSED], at=17)


@lru_cache
def _dates(first_year: int, years: int) -> tuple[str, ...]:
    """Return 512 dates, spread evenly over the years."""
    first, days = date(first_year, 1, 1).toordinal(), years * 365
    return tuple(date.fromordinal(first + step * days // 512).isoformat() for step in range(512))
