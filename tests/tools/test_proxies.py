"""Proxies that the environment names: a client that reads it reaches the emulator, or its test is told why not."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.tools.project import Project

HEAD = """
import json
import os
import urllib.request
import httpx
import pytest
import requests
from stranger import batch_of

def with_requests(url, body, headers):
    requests.post(url, json=body, headers=headers, timeout=20).raise_for_status()

def with_httpx(url, body, headers):
    httpx.post(url, json=body, headers=headers, timeout=20).raise_for_status()

def with_urllib(url, body, headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=20).close()

CLIENTS = [with_requests, with_httpx, with_urllib]

def send(client, mock):
    url = os.environ.get("REPROMPT_BASE_URL", mock.base_url)
    client(f"{url}/{mock.org_slug}/place_enrichment/batches", batch_of("a"), {"apiKey": mock.api_key})
"""


@pytest.fixture
def dead_proxy() -> Iterator[str]:
    """The address of a proxy that does not answer."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


PROXIES = {
    "HTTP_PROXY and HTTPS_PROXY": ("HTTP_PROXY", "HTTPS_PROXY"),
    "lower case": ("http_proxy", "https_proxy"),
    "ALL_PROXY": ("ALL_PROXY", "all_proxy"),
}


@pytest.mark.parametrize("names", PROXIES)
def test_a_client_that_reads_the_environment_goes_direct(project: Project, dead_proxy: str, names: str) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @pytest.mark.parametrize("client", CLIENTS)
        def test_that_arrives(reprompt_mock_env, client):
            send(client, reprompt_mock_env)
            reprompt_mock_env.assert_called("create_batch", times=1)

        def test_of_later(reprompt_mock):
            assert not [name for name in os.environ if name.lower() == "no_proxy"]
            reprompt_mock.clock.settle()
        """,
    )

    project.run(environ=dict.fromkeys(PROXIES[names], dead_proxy)).assert_passed(tests=4)


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_what_goes_direct_already_still_does_and_the_environment_is_put_back(
    project: Project, dead_proxy: str, name: str
) -> None:
    project.write(
        "test_it.py",
        HEAD,
        f"""
        @pytest.mark.parametrize("client", CLIENTS)
        def test_that_arrives(reprompt_mock_env, client):
            send(client, reprompt_mock_env)
            assert "weather.example" in os.environ["NO_PROXY"].split(",")
            assert urllib.request.proxy_bypass("weather.example")

        def test_of_later():
            left = {{name: value for name, value in os.environ.items() if name.lower() == "no_proxy"}}
            assert left == {{"{name}": "weather.example"}}
        """,
    )

    project.run(environ={"HTTP_PROXY": dead_proxy, name: "weather.example"}).assert_passed(tests=4)


def test_a_failing_test_whose_requests_did_not_arrive_hears_of_the_proxy(project: Project, dead_proxy: str) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        def test_that_fails(reprompt_mock):
            send(with_requests, reprompt_mock)
        """,
    )

    with_proxy = project.run(environ={"HTTP_PROXY": dead_proxy})
    without = project.run(environ={"NO_PROXY": "127.0.0.1", "HTTP_PROXY": dead_proxy})

    with_proxy.assert_failed("test_that_fails")
    _, _, section = with_proxy.output.partition("requests that reprompt-mock saw")
    assert "HTTP_PROXY" in section
    assert "NO_PROXY" in section
    without.assert_passed(tests=1)


def test_where_no_proxy_is_named_or_requests_arrived_nothing_is_said_of_proxies(
    project: Project, dead_proxy: str
) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        from stranger import create

        def test_that_sends_nothing(reprompt_mock, monkeypatch):
            monkeypatch.delenv("HTTP_PROXY")
            raise AssertionError

        def test_whose_request_arrives(reprompt_mock):
            create(reprompt_mock, "a")
            raise AssertionError
        """,
    )

    session = project.run(environ={"HTTP_PROXY": dead_proxy})

    session.assert_failed("test_that_sends_nothing", "test_whose_request_arrives")
    for section in session.output.split("requests that reprompt-mock saw")[1:]:
        assert "_PROXY" not in section


def test_the_handle_needs_no_proxy_rules(project: Project, dead_proxy: str) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        from reprompt_mock import RepromptMock

        def test_of_the_handle(reprompt_mock):
            reprompt_mock.clock.advance(3)
            with RepromptMock.connect(reprompt_mock.url) as connected:
                assert sum(connected.counts().values()) == 0
        """,
    )

    names = [name for pair in PROXIES.values() for name in pair]
    project.run(environ=dict.fromkeys(names, dead_proxy)).assert_passed(tests=1)
