"""How much the tests of this folder try: little with `make test`, much with `make soak`."""

from __future__ import annotations

import os

SOAK = os.environ.get("SOAK") == "1"


def tries(quick: int, soak: int) -> int:
    """Give how often to try something."""
    return soak if SOAK else quick
