"""Libraries that answer a client's requests themselves: the handle needs nothing, the client their pass-through."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

HEAD = """
import pytest
from stranger import batch_of

def post(client, mock):
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    answer = client.post(url, json=batch_of("a"), headers={"apiKey": mock.api_key}, timeout=20)
    assert answer.status_code == 200, answer.text
    assert mock.clock.settle().unfinished == 0
    mock.assert_batch("b", completed=1)
    mock.assert_called("create_batch", times=1)

def use(mock):
    mock.clock.advance(30)
    mock.rules.add(then={"seconds": 3})
    mock.restore(mock.snapshot())
    assert mock.counts()["completed"] == 0
"""

RESPX = """
import httpx
import respx

@respx.mock
def test_of_the_handle(reprompt_mock):
    respx.get("https://weather.example/").respond(text="sunny")
    assert httpx.get("https://weather.example/").text == "sunny"
    use(reprompt_mock)

def test_of_a_client(reprompt_mock):
    with respx.mock(assert_all_called=False) as router:
        router.get("https://weather.example/").respond(text="sunny")
        router.route(host="127.0.0.1").pass_through()
        assert httpx.get("https://weather.example/").text == "sunny"
        post(httpx, reprompt_mock)
"""

PYTEST_HTTPX = """
import httpx

def test_of_the_handle(reprompt_mock, httpx_mock):
    httpx_mock.add_response(url="https://weather.example/", text="sunny")
    assert httpx.get("https://weather.example/").text == "sunny"
    use(reprompt_mock)

@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host != "127.0.0.1")
def test_of_a_client(reprompt_mock, httpx_mock):
    httpx_mock.add_response(url="https://weather.example/", text="sunny")
    assert httpx.get("https://weather.example/").text == "sunny"
    post(httpx, reprompt_mock)
"""

RESPONSES = """
import requests
import responses

@responses.activate
def test_of_the_handle(reprompt_mock):
    responses.get("https://weather.example/", body="sunny")
    assert requests.get("https://weather.example/", timeout=20).text == "sunny"
    use(reprompt_mock)

@responses.activate
def test_of_a_client(reprompt_mock):
    responses.get("https://weather.example/", body="sunny")
    responses.add_passthru(reprompt_mock.url)
    assert requests.get("https://weather.example/", timeout=20).text == "sunny"
    post(requests, reprompt_mock)
"""

REQUESTS_MOCK = """
import requests

def test_of_the_handle(reprompt_mock, requests_mock):
    requests_mock.get("https://weather.example/", text="sunny")
    assert requests.get("https://weather.example/", timeout=20).text == "sunny"
    use(reprompt_mock)

def test_of_a_client(reprompt_mock, requests_mock):
    requests_mock.get("https://weather.example/", text="sunny")
    requests_mock.register_uri("POST", re.compile(re.escape(reprompt_mock.url)), real_http=True)
    assert requests.get("https://weather.example/", timeout=20).text == "sunny"
    post(requests, reprompt_mock)
"""

LIBRARIES = {
    "respx": (RESPX, ["respx"]),
    "pytest-httpx": (PYTEST_HTTPX, ["pytest_httpx"]),
    "responses": (RESPONSES, []),
    "requests-mock": ("import re\n" + REQUESTS_MOCK, ["requests_mock"]),
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_handle_works_as_it_is_and_the_client_by_the_librarys_pass_through(project: Project, library: str) -> None:
    tests, plugins = LIBRARIES[library]
    project.write("test_it.py", HEAD, tests)

    project.run(plugins=plugins).assert_passed(tests=2)
