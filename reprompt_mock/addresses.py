"""Addresses of emulators: as people write them, and where one that listens somewhere can be reached."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORT = 8780
LOCALHOST = "localhost"
_EXAMPLE = f"http://{LOCALHOST}:{DEFAULT_PORT}"
_OWN_PATHS = frozenset(("v1", "_mock", "livez", "readyz"))
"""What begins a path of the emulator's own: whoever writes it means the emulator that has it."""
_LOOPBACKS = ("127.0.0.1", "::1")


class AddressUnreadable(ValueError):
    """A text that is no emulator's address, with a sentence that says what to write."""


def read_url(text: str) -> str:
    """Give the URL of the emulator that a text means: `host`, `host:port`, a URL of it or of one of its paths.

    Without a scheme it is http, and without a scheme and a port the port is 8780. A path in front of the emulator's
    own stays, without a slash at its end.

    Raises:
        AddressUnreadable: it is none.
    """
    written = text.strip()
    is_url = "://" in written
    parts = _split(written if is_url else f"http://{_bracketed(written)}")
    if parts is None or parts.query or parts.fragment:
        raise AddressUnreadable(f"{text!r} is no address of an emulator: write one such as {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise AddressUnreadable(f"an emulator's address has neither user nor password: write one such as {_EXAMPLE}")
    port = parts.port if is_url else parts.port or DEFAULT_PORT
    host = _bracketed(str(parts.hostname))
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{_prefix(parts.path)}"


def _split(url: str) -> SplitResult | None:
    """Take a URL apart, None where it is none of a server: urlsplit drops and ignores what it should not."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    is_clean = url.isprintable() and not any(sign in url for sign in " \\<>\"'")
    return parts if is_usable and is_clean and _is_whole(parts) else None


def _is_whole(parts: SplitResult) -> bool:
    """Tell whether nothing stands beside the host and the port but a user."""
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
    """Write the URL of a host and port."""
    return f"http://{_bracketed(host)}:{port}"


def urls_of(host: str, port: int) -> tuple[str, ...]:
    """Give the URLs at which an emulator may answer on its own machine that listens on a host, the likeliest first."""
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
