"""The emulator of one pytest session and worker: the one that is named, else one of its own."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from reprompt_mock.handle.mock import RepromptMock
from reprompt_mock.handle.org import Setup
from reprompt_mock.handle.own import OwnServer, own_server
from reprompt_mock.handle.transport import Borrowed, ControlError, OverSockets
from reprompt_mock.plugin import environment, marks, report  # noqa: F401 - later on tests may have patched files
from reprompt_mock.plugin.table import NAME, Configuration, read
from reprompt_mock.settings import ConfigurationError
from reprompt_mock.unpatched import unpatched

if TYPE_CHECKING:
    import pytest

    from reprompt_mock.handle.transport import Transport
    from reprompt_mock.settings import Settings

URL_OPTION = "--reprompt-mock-url"
URL_VARIABLE = "REPROMPT_MOCK_URL"
_ANY_KEY = "test-key"
_EVERY_ORG = "*"
_SESSION = uuid.uuid4().hex[:16]
"""Sets the worlds of this process apart on a shared emulator; chosen before any test can have patched the choice."""
_numbers = count()


class SessionEmulator:
    """Starts at the first need, and makes worlds; what failed is tried again at the next.

    Args:
        config: the session's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._configuration: Configuration | None = None
        self._transport: Transport | None = None

    def start(self) -> Transport:
        """Start it, unless it runs; gives the way to it.

        Raises:
            Exception: it cannot be started; the message is a sentence.
        """
        if self._transport is None:
            with unpatched():
                settings, server = self._configured()
                url = self._config.getoption(URL_OPTION) or os.environ.get(URL_VARIABLE)
                self._transport = OverSockets(url, settings.control_token) if url else _started(server, settings)
        return self._transport

    def world(self, wanted: Setup) -> RepromptMock:
        """Make a fresh world that is set up as the configuration and then the wanted set-up say.

        Raises:
            ConfigurationError: no key that is configured opens it.
            ControlError: the emulator refuses a setting or a rule.
            Exception: the emulator cannot be started.
        """
        transport = self.start()
        settings, _ = self._configured()
        mock = RepromptMock.over(
            Borrowed(transport),
            org_slug=f"t-{_SESSION}-{next(_numbers)}",
            api_key=_key_for_all(settings),
            setup=self._setup(settings, wanted, is_own=isinstance(transport, OwnServer)),
        )
        try:
            mock.set_up()
        except BaseException:
            with suppress(ControlError):
                mock.reset()
            raise
        return mock

    def close(self) -> None:
        """Stop an emulator of its own."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _configured(self) -> Configuration:
        if self._configuration is None:
            self._configuration = read(self._config.rootpath, self._config.inipath)
        return self._configuration

    @staticmethod
    def _setup(settings: Settings, wanted: Setup, *, is_own: bool) -> Setup:
        # An emulator of its own starts every world with the configured settings and rules.
        if is_own:
            return wanted
        configured: Any = [rule.model_dump(mode="json", exclude_unset=True) for rule in settings.rules]
        everything: Any = {**settings.world.model_dump(mode="json"), **(wanted.settings or {})}
        return Setup(everything, [*configured, *wanted.rules])


def _started(server: str, settings: Settings) -> OwnServer:
    # Its worlds are forgotten after each test, and workers cannot share a file.
    own = own_server(server, settings.model_copy(update={"host": "127.0.0.1", "port": 0, "db": None}))
    own.start()
    return own


def _key_for_all(settings: Settings) -> str:
    """Choose the key of a world that nobody could name in `api_keys`.

    Raises:
        ConfigurationError: there is none.
    """
    if not settings.api_keys:
        return _ANY_KEY
    for key, org_slug in settings.api_keys.items():
        if org_slug == _EVERY_ORG and key not in settings.revoked_api_keys:
            return key
    raise ConfigurationError(
        "no key of api_keys opens the worlds of tests, which have a new organization each:"
        f' add one that opens all to [{NAME}], such as api_keys = {{ "any" = "{_EVERY_ORG}" }}'
    )
