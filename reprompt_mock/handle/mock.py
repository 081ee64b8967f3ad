"""RepromptMock: an emulator together with the handle on one of its worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.handle.org import OrgHandle
from reprompt_mock.handle.own import OwnServer, own_server
from reprompt_mock.handle.transport import OverSockets, Transport
from reprompt_mock.unpatched import unpatched

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, Unpack

    from reprompt_mock.handle.org import Setup
    from reprompt_mock.handle.own import ServerKind
    from reprompt_mock.handle.types import EmulatorOptions

DEFAULT_ORG_SLUG = "test-org"
DEFAULT_API_KEY = "test-key"


class RepromptMock(OrgHandle):
    """An emulator and the handle on one of its worlds.

    As a context manager it runs its own server on a free port. `connect` returns the same kind of handle on a running
    emulator. A pickled or copied handle connects to the same address.

    Args:
        org_slug: the organization.
        api_key: the key that clients of the service send.
        server: whether its server runs in a thread of this process or in a separate process.
        settings: the emulator's settings, by name.

    Raises:
        ConfigurationError: a setting is unknown or unusable.
    """

    def __init__(
        self,
        *,
        org_slug: str = DEFAULT_ORG_SLUG,
        api_key: str = DEFAULT_API_KEY,
        server: ServerKind = "thread",
        **settings: Unpack[EmulatorOptions],
    ) -> None:
        with unpatched():
            from reprompt_mock.settings import load

            transport = own_server(server, load({"host": "127.0.0.1", "port": 0, **settings}))
        super().__init__(transport, org_slug=org_slug, api_key=api_key)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        org_slug: str = DEFAULT_ORG_SLUG,
        api_key: str = DEFAULT_API_KEY,
        control_token: str | None = None,
    ) -> RepromptMock:
        """Return a handle on a running emulator; closing the handle does not stop the emulator.

        Raises:
            AddressUnreadable: `url` is not an emulator's address.
        """
        return cls.over(OverSockets(url, control_token), org_slug=org_slug, api_key=api_key)

    @classmethod
    def over(cls, transport: Transport, *, org_slug: str, api_key: str, setup: Setup | None = None) -> RepromptMock:
        """Return a handle that uses a transport; closing the handle closes the transport."""
        mock = cls.__new__(cls)
        OrgHandle.__init__(mock, transport, org_slug=org_slug, api_key=api_key, setup=setup)
        return mock

    def start(self) -> Self:
        """Start the server, and wait until it answers.

        Raises:
            ControlError: the emulator was already started or closed, or cannot be started.
        """
        if isinstance(self._transport, OwnServer):
            self._transport.start()
        return self

    def close(self) -> None:
        """Stop the server if the handle owns it; the handle is then unusable."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
