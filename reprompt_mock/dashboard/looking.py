"""What the pages share: a visit of the request's world, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from reprompt_mock.dashboard.paths import UI
from reprompt_mock.http.visit import Visit
from reprompt_mock.mounting import root_of

_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Looking(Visit):
    """Somebody who looks at a page of the dashboard."""

    @property
    def root(self) -> str:
        """The prefix under which clients reach the emulator, "" for none."""
        return root_of(self.request.scope)

    @property
    def ui(self) -> str:
        """The path of the dashboard without a slash at its end."""
        return f"{self.root}{UI}"

    @property
    def address(self) -> str:
        """The URL of the emulator as this client knows it."""
        return f"{self.request.url.scheme}://{self.request.headers.get('host', 'localhost')}{self.root}"

    def text(self, name: str) -> str:
        """Return a parameter of the query, "" where it is missing."""
        return self.request.query_params.get(name, "")

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a whole number of at least 0, the default for anything else."""
        text = self.text(name)
        return min(int(text), _LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else default
