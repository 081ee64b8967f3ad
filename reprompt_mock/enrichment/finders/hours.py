"""A place's opening hours, and whether it has closed for good."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.luck import one_in, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ALWAYS = "24h"
# Minutes by which opening and closing times are shifted, so that there are more schedules than patterns.
_SHIFTS = ((0, 0), (30, 0), (0, 30), (-30, 0), (0, -30), (30, 30))
_DAY = 24 * 60

# A place's status, generation by generation; adjacent ones differ.
_OPEN = ("Open", "Temporarily Closed", "Open", "Closed")
_HISTORIES = (
    *[_OPEN] * 58,
    *[("Closed", "Open", "Closed", "Temporarily Closed")] * 3,
    *[("Temporarily Closed", "Open", "Temporarily Closed", "Closed")] * 3,
)


# Hours by day, grouped hours, and whether the place never closes.
_Schedule = tuple[dict[str, str], list[dict[str, Any]], bool]


def opening_hours(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the opening hours of a place, by day and grouped."""
    by_day, grouped, always = pick(_schedules(subject.kind.name), luck + generation)
    outputs["opening_hours"] = by_day
    outputs["opening_hours_grouped_by_hours"] = grouped
    outputs["is_open_24h"] = always


@lru_cache(maxsize=256)
def _schedules(kind: str) -> tuple[_Schedule, ...]:
    """Return the schedules for a kind of place; adjacent ones differ."""
    patterns = kinds()[kind].hours
    schedules = [_schedule(pattern, shift) for shift in _SHIFTS for pattern in patterns]
    limited = {str(one[0]): one for one in schedules if not one[2]}
    always = next((one for one in schedules if one[2]), None)
    if always is None:
        return tuple(limited.values())
    return tuple(schedule for one in limited.values() for schedule in (always, one))


def _schedule(pattern: str, shift: tuple[int, int]) -> _Schedule:
    hours = dict.fromkeys(_DAYS, "Closed")
    grouped = []
    for part in pattern.split("; "):
        span, times = part.split(" ")
        days = _DAYS[int(span[0]) - 1 : int(span[-1])]
        opens, closes = ("00:00", "23:59") if times == _ALWAYS else _shifted(times, shift)
        hours |= dict.fromkeys(days, "Open 24 hours" if times == _ALWAYS else f"{opens}-{closes}")
        grouped.append({"days": [day[:3] for day in days], "opens": opens, "closes": closes})
    return hours, grouped, pattern.endswith(_ALWAYS)


def _shifted(times: str, shift: tuple[int, int]) -> tuple[str, str]:
    opens, closes = (_clock(_minutes(time) + by) for time, by in zip(times.split("-"), shift, strict=True))
    return opens, closes


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _clock(minutes: int) -> str:
    return "{:02d}:{:02d}".format(*divmod(minutes % _DAY, 60))


def closed_permanently(_subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a place's status, its opening date and, if it has closed, its closing date."""
    status = outputs["open_closed_status"] = pick(pick(_HISTORIES, luck), generation)
    if not one_in(4, luck, at=6):
        outputs["date_opened"] = pick(_dates(1975, 48), luck, at=8)
    if status == "Closed":
        outputs["date_closed"] = pick(_dates(2024, 2), luck, at=17)


@lru_cache
def _dates(first_year: int, years: int) -> tuple[str, ...]:
    """Return 512 dates, spread evenly over the years."""
    first, days = date(first_year, 1, 1).toordinal(), years * 365
    return tuple(date.fromordinal(first + step * days // 512).isoformat() for step in range(512))
