"""Requirements: what a submission needs, whatever else the world contains (contract D2, D5, D7, L3)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.errors import AttributesMissing, AttributeUnknown, AttributeUnpaid, TooManyJobs
from reprompt_mock.hints import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
    from reprompt_mock.world_settings import WorldSettings


def check(settings: WorldSettings, request: BatchToCreate) -> None:
    """Refuse what no world with these settings takes.

    Raises:
        TooManyJobs: the request exceeds the limit of jobs (contract D2).
        AttributeUnpaid, AttributeUnknown: as `check_known` says.
        AttributesMissing: a job to be run has no attributes (contract D5).
    """
    check_size(len(request.places), settings.max_jobs_per_request)
    check_known(settings, (place.attributes for place in request.places))
    if request.kick_off:
        _check_attributes(request.places)


def check_size(count: int, limit: int) -> None:
    """Refuse a request with too many jobs.

    Raises:
        TooManyJobs: `count` exceeds `limit` (contract D2).
    """
    if count > limit:
        raise TooManyJobs(count=count, limit=limit)


def check_known(settings: WorldSettings, lists: Iterable[Sequence[str]]) -> None:
    """Refuse attributes that are not paid for, and unknown ones if the settings are strict (contract D7, L3).

    Raises:
        AttributeUnpaid: an attribute is not in the plan.
        AttributeUnknown: an attribute is unknown; the message names the nearest known one.
    """
    if not (settings.strict_attributes or settings.unpaid_attributes):
        return
    for name in dict.fromkeys(chain.from_iterable(lists)):
        if name in settings.unpaid_attributes:
            raise AttributeUnpaid(name=name)
        if settings.strict_attributes and name not in CATALOGUE:
            close = closest(name, CATALOGUE)
            raise AttributeUnknown(name=name, hint=f"; the nearest known one is {close!r}" if close else "")


def _check_attributes(places: Iterable[PlaceToEnrich]) -> None:
    for position, place in enumerate(places):
        if not place.attributes:
            raise AttributesMissing(position=position, place_id=place.place_id)
