"""Emulator addresses: parsing what people write, and the URLs that reach a listening emulator."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORT = 8780
LOCALHOST = "localhost"
_EXAMPLE = f"http://{LOCALHOST}:{DEFAULT_PORT}"
_OWN_PATHS = frozenset(("v1", "_mock", "livez", "readyz"))
"""First segments of the emulator's own paths; a URL that contains one means the emulator in front of it."""
_LOOPBACKS = ("127.0.0.1", "::1")


class AddressUnreadable(ValueError):
    """The text is not an emulator's address; the message says what to write."""


def read_url(text: str) -> str:
    """Return the base URL of the emulator that `text` refers to: `host`, `host:port`, its URL or one of its paths.

    The scheme defaults to http; if it is missing, the port defaults to 8780. A path prefix in front of the emulator's
    own paths is kept, without its trailing slash.

    Raises:
        AddressUnreadable: `text` is not an emulator's address.
    """
    written = text.strip()
    is_url = "://" in written
    parts = _split(written if is_url else f"http://{_bracketed(written)}")
    if parts is None or parts.query or parts.fragment:
        raise AddressUnreadable(f"{text!r} is not the address of an emulator: write one such as {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise AddressUnreadable(f"an emulator's address has neither user nor password: write one such as {_EXAMPLE}")
    port = parts.port if is_url else parts.port or DEFAULT_PORT
    host = _bracketed(str(parts.hostname))
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{_prefix(parts.path)}"


def _split(url: str) -> SplitResult | None:
    """Split a URL; None if it is not a server's, which urlsplit alone is too lenient to say."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    is_clean = url.isprintable() and not any(sign in url for sign in " \\<>\"'")
    return parts if is_usable and is_clean and _is_whole(parts) else None


def _is_whole(parts: SplitResult) -> bool:
    """Return whether the network location consists only of a host, a port and possibly a user."""
    host, port = _bracketed(str(parts.hostname)), parts.port
    return parts.netloc.rpartition("@")[2].lower() == (host if port is None else f"{host}:{port}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if _is_ipv6(host) else host


def _is_ipv6(host: str) -> bool:
    try:
        return ":" in host and ip_address(host).version == 6
    except ValueError:
        return False


def _prefix(path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    own = next((place for place, segment in enumerate(segments) if segment in _OWN_PATHS), len(segments))
    return "".join(f"/{segment}" for segment in segments[:own])


def url_at(host: str, port: int) -> str:
    """Return the URL of a host and port."""
    return f"http://{_bracketed(host)}:{port}"


def urls_of(host: str, port: int) -> tuple[str, ...]:
    """Return the URLs at which an emulator listening on `host` may answer locally, the likeliest first."""
    return tuple(url_at(one, port) for one in _reachable(host))


def _reachable(host: str) -> tuple[str, ...]:
    if host.lower() == LOCALHOST:
        return _LOOPBACKS
    try:
        address = ip_address(host)
    except ValueError:
        return (host,)
    if not address.is_unspecified:
        return (host,)
    return _LOOPBACKS if address.version == 4 else _LOOPBACKS[::-1]
