"""What visitors say about a place: one tally of reviews, exact and approximate, and a phrase about it."""

from __future__ import annotations

from functools import lru_cache
from math import exp, log10, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_Z = 1.959964  # of 95 % confidence, two-sided
# Ratings in tenths; most places are liked.
_LOW = (24, 28, 30, 31, 33, 34, 35, 36, 37, 37, 38, 38, 39, 39, 40, 40)
_HIGH = (41, 41, 42, 42, 43, 43, 44, 44, 45, 45, 46, 46, 47, 47, 48, 49)
_RATINGS = (*_LOW, *_HIGH)
_BUCKETS = (
    (10, "<10"),
    (50, "10-50"),
    (100, "50-100"),
    (500, "100-500"),
    (1000, "500-1000"),
    (5000, "1000-5000"),
)
_MANY = ">5000"
_FULL_CROWD = 10_000
_GOOD, _MIXED = 40, 34


@lru_cache
def _crowds() -> tuple[float, ...]:
    """Give 64 quantiles of how much busier than the median a place is: log-normal, as review counts are."""
    quantile = NormalDist().inv_cdf
    return tuple(exp(quantile((step + 0.5) / 64)) for step in range(64))


def _tally(subject: Subject, generation: int) -> tuple[int, int]:
    """Count the reviews, and give their average in tenths of a star; the count grows with each generation."""
    luck = subject.luck["user_reviews"]
    first = 3 + int(subject.kind.reviews * _crowds()[luck & 63]) + (luck >> 6 & 15)
    tenths = _RATINGS[luck >> 16 & 31]
    if generation:
        tenths += (generation + (luck >> 24)) % 3 - 1
    return first + generation * (1 + first // 25 + (luck >> 12 & 7)), tenths


def user_reviews(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the number, average and gist of a place's reviews."""
    count, tenths = _tally(subject, generation)
    luck = subject.luck["user_reviews"]
    gist = _gist(tenths, (luck >> 32) + generation)
    return {
        "review_count": count,
        "average_rating": tenths / 10,
        "wilson_score": wilson(tenths, count),
        "popularity": round(tenths / 100 + 0.5 * min(1.0, log10(1 + count) / log10(1 + _FULL_CROWD)), 4),
        "review_summary": gist,
        "summary": gist,
        "recent_review_count": count * (luck >> 40 & 15) // 64,
    }


def wilson(tenths: int, count: int) -> float:
    """Give the lower bound of the share of positive ratings, one star being none and five being all."""
    share = (tenths - 10) / 40
    square = _Z * _Z
    spread = _Z * sqrt((share * (1 - share) + square / (4 * count)) / count)
    return round((share + square / (2 * count) - spread) / (1 + square / count), 4)


@lru_cache
def _gists() -> dict[str, tuple[str, ...]]:
    return {tone: tuple(sentences) for tone, sentences in data("sentences")["reviews"].items()}


def _gist(tenths: int, luck: int) -> str:
    tone = "good" if tenths >= _GOOD else "mixed" if tenths >= _MIXED else "poor"
    sentences = _gists()[tone]
    return sentences[luck % len(sentences)]


def approximate_user_reviews(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the bucket of the number of reviews, and their average."""
    count, tenths = _tally(subject, generation)
    bucket = next((name for below, name in _BUCKETS if count < below), _MANY)
    return {"approximate_review_count": bucket, "approximate_average_rating": tenths / 10}


@lru_cache
def _phrases() -> tuple[tuple[str, ...], tuple[str, ...]]:
    sentences = data("sentences")["summary"]
    return tuple(sentences["opening"]), tuple(sentences["closing"])


def one_line_summary(subject: Subject, generation: int) -> dict[str, Any]:
    """Give a phrase about a place."""
    openings, closings = _phrases()
    luck = subject.luck["one_line_summary"]
    opening = openings[(luck >> 8) % len(openings)]
    closing = closings[(luck + generation) % len(closings)]
    return {"one_line_summary": f"{opening} {subject.kind.labels[0]} {closing}"}
