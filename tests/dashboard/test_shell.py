"""The shell and its static files: they need nothing, show nothing, and load nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.dashboard import files
from reprompt_mock.settings import load

STATIC = Path(files.__file__).parent / "static"
FOREIGN = {
    "Host": "rebound.example",
    "Origin": "https://page.example",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
}
MOST_SCRIPT_LINES = 400


@pytest.mark.parametrize("path", ["", "orgs/acme", "orgs/acme/batch?id=b", "orgs/-/what/ever"])
def test_every_page_has_the_same_shell(http: TestClient, path: str) -> None:
    first, other = http.get("/_mock/ui/"), http.get(f"/_mock/ui/{path}")
    assert (first.status_code, first.content) == (other.status_code, other.content)
    assert first.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["", *(f"static/{name}" for name in files.FILES)])
def test_the_shell_may_be_navigated_to_from_anywhere_without_a_token(path: str) -> None:
    app = create_app(load({"clock": "paused", "control_token": "t"}, environ={}))
    with TestClient(app) as http:
        answer = http.get(f"/_mock/ui/{path}", headers=FOREIGN)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_shell_runs_no_script_and_has_no_style_but_those_in_files() -> None:
    shell = (STATIC / "shell.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", shell)
    assert set(re.findall(r'(?:src|href)="\{root\}/_mock/ui/(?:static/)?([^"]*)"', shell)) <= {"", *files.FILES}
    assert not re.search(r"https?://", shell)


def test_every_static_file_is_served_and_known(http: TestClient) -> None:
    assert {file.name for file in STATIC.iterdir()} == {"shell.html", *files.FILES}
    for name, media_type in files.FILES.items():
        answer = http.get(f"/_mock/ui/static/{name}")
        assert answer.content == (STATIC / name).read_bytes()
        assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize("name", ["", "shell.html", "%2e%2e/files.py", "..%2ffiles.py", "app.js/", "none.js"])
def test_no_other_file_is_served(http: TestClient, name: str) -> None:
    assert http.get(f"/_mock/ui/static/{name}").status_code == 404


def test_a_file_that_has_not_changed_is_not_sent_again(http: TestClient) -> None:
    for path in ("/_mock/ui/", "/_mock/ui/static/app.js"):
        tag = http.get(path).headers["etag"]
        again = http.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_a_browser_is_led_to_the_dashboard_and_nobody_else(http: TestClient) -> None:
    answer = http.get("/", headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/_mock/ui/")
    assert http.get("/", headers={"Accept": "*/*"}).status_code == 404
    assert http.post("/", headers={"Accept": "text/html"}).status_code == 404
    assert http.get("/_mock/ui", follow_redirects=False).headers["location"] == "/_mock/ui/"


def test_below_a_prefix_everything_is_below_it() -> None:
    with TestClient(create_app(load({"clock": "paused", "root_path": "/emulator"}, environ={}))) as http:
        answer = http.get("/emulator/", headers={"Accept": "text/html"}, follow_redirects=False)
        assert answer.headers["location"] == "/emulator/_mock/ui/"
        assert 'src="/emulator/_mock/ui/static/app.js"' in http.get("/emulator/_mock/ui/").text
        assert 'href="/emulator/_mock/ui/"' in http.get("/emulator/_mock/ui/fragments/").text


def test_the_shell_cannot_be_written_to(http: TestClient) -> None:
    answer = http.post("/_mock/ui/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_scripts_are_few_lines_and_nobody_elses() -> None:
    scripts = {file.name: file.read_text(encoding="utf-8") for file in STATIC.glob("*.js")}
    assert sum(len(text.splitlines()) for text in scripts.values()) <= MOST_SCRIPT_LINES
    imported = {name for text in scripts.values() for name in re.findall(r"from '([^']+)'", text)}
    assert imported <= {f"./{name}" for name in scripts}
    assert not [name for name, text in scripts.items() if re.search(r"innerHTML|eval\(|https?://", text)]


def test_what_renders_pages_is_not_loaded_before_somebody_looks() -> None:
    code = "import sys; from reprompt_mock import RepromptMock; RepromptMock().start().close(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(ran.stdout.split())
    assert "reprompt_mock.dashboard.app" in loaded
    assert not loaded & {"jinja2", "reprompt_mock.dashboard.pages"}
