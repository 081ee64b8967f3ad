"""Authentication: which keys open which organizations (contract A)."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from reprompt_mock.errors import KeyMissing, KeyRefused, OrganizationForbidden, OrganizationNotFound
from reprompt_mock.exchange import KEY_HEADERS
from reprompt_mock.organizations import is_slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVERY_ORGANIZATION = "*"


def keys_sent(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """Return the keys in a request's headers, whose names must be lower case (contract A1)."""
    keys = [_key_in(*header) for header in headers if header[0] in KEY_HEADERS]
    return tuple([key for key in keys if key])


def _key_in(name: bytes, value: bytes) -> str:
    """Find the key in a header that may have one; gives nothing where it has none."""
    text = value.decode("latin-1").strip()
    if name == b"apikey":
        return text
    scheme, _, key = text.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


class Gate:
    """Decides whether a request may access an organization (contract A3, A4).

    Args:
        api_keys: each key's organization, or `*` for all; if empty, every key opens every organization.
        revoked: keys to refuse.
    """

    def __init__(self, api_keys: Mapping[str, str], revoked: Iterable[str]) -> None:
        self._keys = [(key.encode(), org_slug) for key, org_slug in api_keys.items()]
        self._revoked = [key.encode() for key in revoked]
        self._known = {org_slug for org_slug in api_keys.values() if org_slug != EVERY_ORGANIZATION}

    def admit(self, org_slug: str, keys: Iterable[str]) -> str:
        """Return the first of a request's keys that opens the organization.

        Raises:
            KeyMissing: the request has no key.
            KeyRefused: the key is unknown or revoked.
            OrganizationForbidden: the key belongs to another organization.
            OrganizationNotFound: there is no such organization.
        """
        refusal: Exception | None = None
        for key in keys:
            try:
                self._check(org_slug, key.encode())
            except (KeyRefused, OrganizationForbidden, OrganizationNotFound) as error:
                refusal = error
            else:
                return key
        raise refusal or KeyMissing

    def _check(self, org_slug: str, key: bytes) -> None:
        if _is_among(key, self._revoked):
            raise KeyRefused
        if self._keys:
            self._check_organization(org_slug, key)
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)

    def _check_organization(self, org_slug: str, key: bytes) -> None:
        # Compare with every key, so that timing reveals nothing.
        opened = [slug for known, slug in self._keys if compare_digest(known, key)]
        if not opened:
            raise KeyRefused
        if opened[0] not in {EVERY_ORGANIZATION, org_slug}:
            if org_slug in self._known:
                raise OrganizationForbidden(org_slug=org_slug)
            raise OrganizationNotFound(org_slug=org_slug)


def _is_among(key: bytes, keys: Iterable[bytes]) -> bool:
    return sum(compare_digest(key, other) for other in keys) > 0
