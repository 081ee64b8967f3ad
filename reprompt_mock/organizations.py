"""Organizations: which strings are valid slugs (contract A2)."""

from __future__ import annotations

import re

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,48}[A-Za-z0-9]")


def is_slug(org_slug: str) -> bool:
    """Return whether a string is a valid slug: 2 to 50 letters, digits and inner hyphens (contract A2)."""
    return _SLUG.fullmatch(org_slug) is not None
