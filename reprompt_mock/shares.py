"""For which share of places an attribute finds something, by the settings (contract F5)."""

from __future__ import annotations

from typing import NamedTuple

from reprompt_mock.attributes import CATALOGUE


class Shares(NamedTuple):
    """How often attributes find something; `found_rates` are pairs of a name and a share that replaces the default."""

    not_found_rate: float = 0.1
    found_rates: tuple[tuple[str, float], ...] = ()

    def of(self, attribute: str) -> float:
        """Return the share of all places for which an attribute finds something."""
        default = CATALOGUE[attribute].found
        return dict(self.found_rates).get(attribute, 1 - self.not_found_rate if default is None else default)

    @property
    def absent(self) -> float:
        """The share of places that have no presence on the internet."""
        return 1 - max(self.of("closed_permanently"), self.of("websites"))
