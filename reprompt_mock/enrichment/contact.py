"""How to reach a place: website, phone, social profiles, pictures. Every host is under `.example`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import Template, data, template
from reprompt_mock.enrichment.phones import number, numbers_of

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_SITES = (
    "https://www.%s/",
    "https://%s/",
    "https://www.%s/home",
    "https://www.%s/index.html",
    "https://www.%s/en",
    "https://%s/welcome",
    "https://www.%s/contact",
    "https://%s/about",
)
_HANDLES = ("%s", "%s_official", "the_%s", "%s.daily", "hello_%s", "%s_team")


def websites(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the website of a place."""
    return {"website": _SITES[(subject.luck["websites"] + generation) & 7] % subject.domain}


def phone_numbers(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the phone number of a place, and sometimes a second one."""
    luck, of = subject.luck["phoneNumbers"], numbers_of(subject.country.code)
    if of is None:
        return {"phone": None, "phone_additional": None}
    second = [number(of, luck, generation + 1)] if luck & 0xE00 == 0 else None
    return {"phone": number(of, luck, generation), "phone_additional": second}


def social_handles(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the handles of a place on two networks; one of them may be missing."""
    luck = subject.luck["socialHandles"]
    handle = _handle(subject, luck + generation)
    return {
        "instagram": handle if luck & 0x700 else None,
        "facebook": f"https://social.example/{handle}" if luck & 0x3800 else None,
    }


def tiktok(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the handle of a place's short videos; most places have none."""
    luck = subject.luck["tiktok"]
    return {"tiktok": f"@{_handle(subject, luck + generation)}" if luck & 0x300 == 0 else None}


def _handle(subject: Subject, luck: int) -> str:
    name = subject.domain[: -len(".example")].replace("-", "")
    return _HANDLES[luck % len(_HANDLES)] % name[:24]


@lru_cache(maxsize=256)
def _bios(kind: str) -> tuple[Template, ...]:
    return tuple(template(bio.replace("{kind}", kind)) for bio in data("sentences")["bios"])


def _bio(subject: Subject, luck: int) -> str:
    bios = _bios(subject.kind.labels[0])
    before, _, after = bios[luck % len(bios)]
    return f"{before}{subject.place.name}{after}"


def _followers(subject: Subject, generation: int) -> tuple[int, int]:
    luck = subject.luck["social_media_profile"]
    first = 40 + (luck & 0xFFF) * subject.kind.reviews // 100
    growth = 1 + first // 30
    posts = 12 + (luck >> 12 & 0x1FF)
    return first + generation * growth, posts + generation * 3


def social_media_profile(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the numbers and texts of a place's two profiles."""
    luck = subject.luck["social_media_profile"]
    followers, posts = _followers(subject, generation)
    likes = followers * (60 + (luck >> 24 & 31)) // 100
    return {
        "facebook_followers": followers * 3 // 4,
        "facebook_likes": likes,
        "facebook_page_id": str(10**14 + (luck & 0xFFFFFFFFFFF)),
        "facebook_bio": _bio(subject, luck >> 20),
        "instagram_followers": followers,
        "instagram_media_count": posts,
        "instagram_username": _handle(subject, subject.luck["socialHandles"]),
        "instagram_profile_pic_url": f"https://images.{subject.domain}/profile.jpg",
        "instagram_bio": _bio(subject, luck >> 32),
    }


def instagram_statistics(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the picture profile of a place as one object, in agreement with its social media profile."""
    followers, posts = _followers(subject, generation)
    return {
        "instagram_profile": {
            "username": _handle(subject, subject.luck["socialHandles"]),
            "followers": followers,
            "media_count": posts,
            "following": 20 + (subject.luck["instagram_statistics"] & 0xFF),
            "is_business": True,
        }
    }


def storefront_images(subject: Subject, generation: int) -> dict[str, Any]:
    """Give one to three pictures of the front of a place."""
    luck, host = subject.luck["storefrontImages"], f"https://images.{subject.domain}/storefront"
    first = (luck & 15) + generation
    return {"storefront_images": [{"url": f"{host}-{first + extra}.jpg"} for extra in range(1, 2 + luck % 3)]}
