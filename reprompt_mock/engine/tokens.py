"""Tokens: bytes encoded as text that is safe in a URL."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error


def encoded(data: bytes) -> str:
    """Encode bytes as text of letters, digits, `-` and `_`."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Decode what `encoded` returned.

    Raises:
        ValueError: `text` is not encoded bytes.
    """
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Base64Error, UnicodeEncodeError) as error:
        raise ValueError from error
