"""Names as labels of domain names."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import normalize

from reprompt_mock.enrichment.facts import data

_LENGTH = 40
_KEPT = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_DROPPED = b"'`"


def label_of(name: str) -> str:
    """Convert a name to a label of a domain name, "" if too little of it can be written in ASCII."""
    spelt = name.encode() if name.isascii() else _romanized(name)
    label = b"-".join(spelt.translate(_KEPT, _DROPPED).split()).decode()
    if len(label) > _LENGTH:
        label = label[:_LENGTH].strip("-")
    return label if len(label) > 2 else ""


def _romanized(name: str) -> bytes:
    spelt = name.lower()
    if not _letters().isdisjoint(spelt):  # few names have such letters
        spelt = spelt.translate(_spellings())
    return normalize("NFKD", spelt).encode("ascii", "ignore")


@lru_cache
def _letters() -> frozenset[str]:
    """Return the letters that do not decompose into a Latin letter and an accent."""
    return frozenset(data("letters"))


@lru_cache
def _spellings() -> dict[int, str]:
    return str.maketrans(data("letters"))
