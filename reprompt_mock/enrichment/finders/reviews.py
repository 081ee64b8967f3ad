"""What visitors say about a place: exact and approximate figures from one tally of reviews, and a phrase."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from math import exp, log10, sqrt
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import POSITIONS, below, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_REVIEWS = POSITIONS["user_reviews"]
_Z = 1.959964  # two-sided 95 % confidence
# Ratings in tenths of a star; most places are rated well.
_LOW = (24, 28, 30, 31, 33, 34, 35, 36, 37, 37, 38, 38, 39, 39, 40, 40)
_HIGH = (41, 41, 42, 42, 43, 43, 44, 44, 45, 45, 46, 46, 47, 47, 48, 49)
_RATINGS = (*_LOW, *_HIGH)
_BOUNDS = (10, 50, 100, 500, 1000, 5000)
_BUCKETS = ("<10", "10-50", "50-100", "100-500", "500-1000", "1000-5000", ">5000")
# Ten-thousandths per tenfold reviews: half of the popularity is the rating, half the count, capped at 10,000 reviews.
_A_TENFOLD = 1250
_GOOD, _MIXED = 40, 34


@lru_cache
def _crowds(median: int) -> tuple[int, ...]:
    """Return 64 quantiles of review counts, which are log-normal."""
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf
    return tuple(3 + int(median * exp(quantile((step + 0.5) / 64))) for step in range(64))


def _tally(subject: Subject, generation: int) -> tuple[int, int]:
    """Return the number of reviews, which grows with each generation, and their average in tenths of a star."""
    known: tuple[int, int] | None = subject.known.get(("tally", generation))
    if known is not None:
        return known
    luck = subject.luck[_REVIEWS]
    count = pick(_crowds(subject.kind.reviews), luck) + below(16, luck, at=6)
    tenths = pick(_RATINGS, luck, at=16)
    if generation:
        count += generation * (1 + count // 25 + below(8, luck, at=12))
        tenths += below(3, (luck >> 24) + generation) - 1
    subject.known["tally", generation] = count, tenths
    return count, tenths


def user_reviews(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the count, average and summary of a place's reviews."""
    count, tenths = _tally(subject, generation)
    outputs["review_count"] = count
    outputs["average_rating"] = tenths / 10
    outputs["wilson_score"] = wilson(tenths, count)
    outputs["popularity"] = int(100 * tenths + min(5000.0, log10(1 + count) * _A_TENFOLD)) / 10_000
    outputs["review_summary"] = outputs["summary"] = pick(_gists(tenths), luck, at=21)
    outputs["recent_review_count"] = count * below(16, luck, at=28) // 64


def wilson(tenths: int, count: int) -> float:
    """Return the lower Wilson bound of the share of positive ratings; one star counts as 0, five as 1."""
    share, pull = (tenths - 10) / 40, _Z * _Z / count
    bound = (share + pull / 2 - sqrt(pull * (share * (1 - share) + pull / 4))) / (1 + pull)
    return int(bound * 10_000 + 0.5) / 10_000


@lru_cache
def _gists(tenths: int) -> list[str]:
    tone = "good" if tenths >= _GOOD else "mixed" if tenths >= _MIXED else "poor"
    gists: list[str] = data("sentences")["reviews"][tone]
    return gists


def approximate_user_reviews(subject: Subject, _luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the range of the review count, and the average rating."""
    count, tenths = _tally(subject, generation)
    outputs["approximate_review_count"] = _BUCKETS[bisect_right(_BOUNDS, count)]
    outputs["approximate_average_rating"] = tenths / 10


def one_line_summary(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a phrase that summarizes a place."""
    openings, closings = _phrases(subject.category)
    outputs["one_line_summary"] = pick(openings, luck, at=8) + pick(closings, luck + generation)


@lru_cache(maxsize=256)
def _phrases(label: str) -> tuple[list[str], list[str]]:
    phrases = data("sentences")["summary"]
    return [f"{opening} {label} " for opening in phrases["opening"]], phrases["closing"]
