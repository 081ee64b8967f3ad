"""The emulator of one pytest session and worker: an emulator named by the user, or its own."""

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
from reprompt_mock.plugin import conduct, environment, marks, report  # noqa: F401 - later on tests may have patched files
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
"""Distinguishes this process's worlds on a shared emulator; chosen at import, before a test can patch `uuid`."""
_numbers = count()


class SessionEmulator:
    """Starts an emulator on first use, and creates worlds; after a failure the next use tries again.

    Args:
        config: the session's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._configuration: Configuration | None = None
        self._transport: Transport | None = None

    def start(self) -> Transport:
        """Start the emulator unless it is running; return the transport to it.

        Raises:
            Exception: the emulator cannot be started; the message is a sentence.
        """
        if self._transport is None:
            with unpatched():
                settings, server, _ = self._configured()
                url = self._config.getoption(URL_OPTION) or os.environ.get(URL_VARIABLE)
                self._transport = OverSockets(url, settings.control_token) if url else _started(server, settings)
        return self._transport

    def world(self, wanted: Setup) -> RepromptMock:
        """Create a fresh world, set up by the configuration and then by `wanted`.

        Raises:
            ConfigurationError: no configured key is valid for the world.
            ControlError: the emulator refuses a setting or a rule.
            Exception: the emulator cannot be started.
        """
        transport = self.start()
        settings = self._configured().settings
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

    def conduct_mode(self, item: pytest.Item) -> str:
        """Return what becomes of a test's misconduct: its mark decides, then the command line, then the table."""
        option: str | None = self._config.getoption(conduct.OPTION)
        return conduct.mode_of(item.iter_markers(marks.NAME)) or option or self._configured().conduct

    def close(self) -> None:
        """Stop the emulator if the session owns it."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _configured(self) -> Configuration:
        if self._configuration is None:
            self._configuration = read(self._config.rootpath, self._config.inipath)
        return self._configuration

    @staticmethod
    def _setup(settings: Settings, wanted: Setup, *, is_own: bool) -> Setup:
        # The session's own emulator already starts every world with the configured settings and rules.
        if is_own:
            return wanted
        configured: Any = [rule.model_dump(mode="json", exclude_unset=True) for rule in settings.rules]
        everything: Any = {**settings.world.model_dump(mode="json"), **(wanted.settings or {})}
        return Setup(everything, [*configured, *wanted.rules])


def _started(server: str, settings: Settings) -> OwnServer:
    # Worlds are forgotten after each test, and workers cannot share a database file.
    own = own_server(server, settings.model_copy(update={"host": "127.0.0.1", "port": 0, "db": None}))
    own.start()
    return own


def _key_for_all(settings: Settings) -> str:
    """Return a key for worlds whose names `api_keys` cannot list.

    Raises:
        ConfigurationError: there is no such key.
    """
    if not settings.api_keys:
        return _ANY_KEY
    for key, org_slug in settings.api_keys.items():
        if org_slug == _EVERY_ORG and key not in settings.revoked_api_keys:
            return key
    raise ConfigurationError(
        "no key in api_keys is valid for the worlds of tests, each of which has a new organization:"
        f' add one that is valid for all to [{NAME}], such as api_keys = {{ "any" = "{_EVERY_ORG}" }}'
    )
