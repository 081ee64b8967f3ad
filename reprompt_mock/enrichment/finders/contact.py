"""A place's contacts: website, phone, social profiles and pictures. All hosts end in `.example`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.finders.phones import number, numbers_for
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_HANDLES, _PROFILE, _ACCOUNT = POSITIONS["socialHandles"], POSITIONS["social_media_profile"], POSITIONS["account"]
# The text before and after the domain of a website, or the name in a handle.
_SITES = (
    ("https://www.", "/"),
    ("https://", "/"),
    ("https://www.", "/home"),
    ("https://www.", "/index.html"),
    ("https://www.", "/en"),
    ("https://", "/welcome"),
    ("https://www.", "/contact"),
    ("https://", "/about"),
)
_NAMINGS = (
    ("", ""),
    ("", "_official"),
    ("the_", ""),
    ("", ".daily"),
    ("hello_", ""),
    ("", "_team"),
    ("at_", ""),
    ("", "_now"),
)
_FIRST_ACCOUNT = 10**14
_PICTURES = tuple(tuple(f"{first + more}.jpg" for more in range(1 + first % 3)) for first in range(1, 17))


def websites(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the website of a place."""
    outputs["website"] = subject.domain.join(pick(_SITES, luck + generation))


def phone_numbers(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the phone number of a place, and sometimes a second one."""
    of = numbers_for(subject)
    if of is not None:
        outputs["phone"] = number(of, luck, generation)
        if one_in(8, luck, at=9):
            outputs["phone_additional"] = [number(of, luck, generation + 1)]


def social_handles(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a place's handles on two networks; either may be missing."""
    handle = _handle(subject, luck + generation)
    if not one_in(8, luck, at=8):
        outputs["instagram"] = handle
    if not one_in(8, luck, at=11):
        outputs["facebook"] = f"https://social.example/{handle}"


def tiktok(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a place's handle for short videos; most places have none."""
    if one_in(4, luck, at=8):
        outputs["tiktok"] = f"@{_handle(subject, luck + generation)}"


def _handle(subject: Subject, luck: int) -> str:
    return subject.label.replace("-", "")[:24].join(pick(_NAMINGS, luck))


@lru_cache(maxsize=256)
def _bios(kind: str) -> tuple[list[str], ...]:
    return tuple(bio.replace("{kind}", kind).split("{name}") for bio in data("sentences")["bios"])


def _account(subject: Subject, generation: int) -> tuple[str, int, int]:
    """Return the name of a place's picture profile, and how many followers and posts it has."""
    known: tuple[str, int, int] | None = subject.known.get(("account", generation))
    if known is None:
        luck = subject.luck[_PROFILE]
        followers = 40 + below(4096, luck) * subject.kind.reviews // 100
        if generation:
            followers += generation * (1 + followers // 30)
        posts = 12 + below(512, luck, at=12) + generation * 3
        known = subject.known["account", generation] = _handle(subject, subject.luck[_HANDLES]), followers, posts
    return known


def social_media_profile(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the counts and texts of a place's two profiles."""
    handle, followers, posts = _account(subject, generation)
    bios, account = _bios(subject.category), subject.luck[_ACCOUNT]
    outputs["facebook_followers"] = followers * 3 // 4
    outputs["facebook_likes"] = followers * (60 + below(32, luck, at=24)) // 100
    outputs["facebook_page_id"] = str(_FIRST_ACCOUNT + account)
    outputs["facebook_bio"] = subject.name.join(pick(bios, account))
    outputs["instagram_followers"] = followers
    outputs["instagram_media_count"] = posts
    outputs["instagram_username"] = handle
    outputs["instagram_profile_pic_url"] = f"https://images.{subject.domain}/profile.jpg"
    outputs["instagram_bio"] = subject.name.join(pick(bios, luck))


def instagram_statistics(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find a place's picture profile as one object, consistent with its social media profile."""
    handle, followers, posts = _account(subject, generation)
    outputs["instagram_profile"] = {
        "username": handle,
        "followers": followers,
        "media_count": posts,
        "following": 20 + below(256, luck),
        "is_business": True,
    }


def storefront_images(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find one to three pictures of a place's storefront."""
    host = f"https://images.{subject.domain}/storefront-"
    outputs["storefront_images"] = [{"url": host + file} for file in pick(_PICTURES, luck + generation)]
