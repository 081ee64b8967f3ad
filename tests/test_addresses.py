"""Addresses as people write them."""

from __future__ import annotations

import pytest

from reprompt_mock.addresses import AddressUnreadable, read_url, urls_of


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("host", "http://host:8780"),
        ("host:9000", "http://host:9000"),
        ("  host:9000\n", "http://host:9000"),
        ("host/", "http://host:8780"),
        ("host:9000/v1", "http://host:9000"),
        ("localhost", "http://localhost:8780"),
        ("127.0.0.1:8780", "http://127.0.0.1:8780"),
        ("reprompt-mock.testing.svc.cluster.local", "http://reprompt-mock.testing.svc.cluster.local:8780"),
        ("my_service:8780", "http://my_service:8780"),
        ("::1", "http://[::1]:8780"),
        ("[::1]", "http://[::1]:8780"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("http://[::1]:9000/v1/", "http://[::1]:9000"),
        ("http://host:8780/", "http://host:8780"),
        ("http://host:8780/v1", "http://host:8780"),
        ("http://host:8780//v1//", "http://host:8780"),
        ("http://host:8780/v1/acme/place_enrichment", "http://host:8780"),
        ("http://host:8780/_mock", "http://host:8780"),
        ("http://host:8780/_mock/health", "http://host:8780"),
        ("http://host:8780/_mock/ui/", "http://host:8780"),
        ("http://host:8780/readyz", "http://host:8780"),
        ("http://host:8780/livez", "http://host:8780"),
        ("HTTP://Host:8780", "http://host:8780"),
        ("http://host", "http://host"),
        ("https://mock.example.com/v1", "https://mock.example.com"),
        ("https://example.com/tools/mock/v1", "https://example.com/tools/mock"),
        ("host:9000/tools/", "http://host:9000/tools"),
    ],
)
def test_an_address_is_understood_as_it_is_written(text: str, url: str) -> None:
    assert read_url(text) == url
    assert read_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "/", "//", "://", "http://", "http:///v1", "http:/host", "http:host", "file:///x", "file:/x", "host:",
        "ftp://host", "postgresql://host/db", "host:port", "host:99999", "host:0", "host:-1", "http://host:", "http://[",
        "http://[::1", "http://[nonsense]", "http://[::1]x", "a b", "http://a b", "http://a\nb", "http://host\\x",
        "host?x=1", "http://host#x", "C:\\mock", "<host>", '"host"', "http://host:8780:1", "1:2:3",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(AddressUnreadable, match=r"write one such as http://localhost:8780$") as refused:
        read_url(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["http://user:hunter2@host:8780", "user:hunter2@host", "http://hunter2@host/v1"])
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(AddressUnreadable, match="neither user nor password") as refused:
        read_url(text)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "urls"),
    [
        ("localhost", ("http://127.0.0.1:9", "http://[::1]:9")),
        ("LOCALHOST", ("http://127.0.0.1:9", "http://[::1]:9")),
        ("0.0.0.0", ("http://127.0.0.1:9", "http://[::1]:9")),
        ("::", ("http://[::1]:9", "http://127.0.0.1:9")),
        ("0:0:0:0:0:0:0:0", ("http://[::1]:9", "http://127.0.0.1:9")),
        ("127.0.0.2", ("http://127.0.0.2:9",)),
        ("::1", ("http://[::1]:9",)),
        ("my.host", ("http://my.host:9",)),
    ],
)
def test_an_emulator_is_looked_for_where_it_can_be_reached(host: str, urls: tuple[str, ...]) -> None:
    assert urls_of(host, 9) == urls
