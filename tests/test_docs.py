"""The manual is true and complete: its snippets run, and what users can touch has its line."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

import reprompt_mock
from reprompt_mock import RepromptMock, rules
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.cli import _parser
from reprompt_mock.errors import StorageFailed
from reprompt_mock.handle import OrgHandle
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import PREFIX, Settings, load
from reprompt_mock.specs import FaultMatchSpec, FaultSpec, FaultThen, RuleMatch, RuleThen
from reprompt_mock.world_settings import WorldSettings
from tools import docs

ROOT = Path(__file__).parents[1]
PAGES = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in docs.pages()}
README = PAGES["README.md"]
MANUAL = "\n".join(PAGES.values())
QUICK_STARTS = ("README.md", "docs/start/quick-start.md")
TESTED_ELSEWHERE = {
    "docs/guides/broken-networks.md": "tests/control/test_faults.py",
    "docs/guides/http.md": "tests/test_mounting.py",
    "docs/guides/judging-a-client.md": "tests/conduct/test_page.py",
    "docs/guides/probes.md": "tests/control/test_probes.py",
    "docs/guides/pytest.md": "tests/test_pytest_plugin.py",
    "docs/guides/shared-emulator.md": "tests/test_deploy.py",
    "docs/guides/what-clients-see.md": "tests/test_guides.py",
    "docs/guides/with-other-tools.md": "tests/tools/test_page.py",
}
"""Pages whose snippets are no whole scripts or need other tools, and the test that runs them."""
EXAMPLES = ROOT / "tests" / "examples"
ADDRESS = "localhost:8780"
SERVICE = "/v1/{org_slug}/place_enrichment"
WORLD = "/_mock/orgs/{org_slug}"
METHODS = {"get", "post", "put", "patch", "delete"}
NO_SETTING = {"url", "config", "log_format", "log_level"}
CURLRC = "silent\nshow-error\nfail-with-body\nnoproxy = *\n"

_slugs = (f"readme-{number}" for number in itertools.count())


class Snippet(NamedTuple):
    page: str
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]

    @property
    def calls_the_emulator(self) -> bool:
        return "curl " in self.text

    @property
    def needs_an_engine(self) -> bool:
        """Those are tried in test_container.py."""
        return "testcontainers" in self.text

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


def _snippets() -> Iterator[Snippet]:
    for page, text in PAGES.items():
        if page not in TESTED_ELSEWHERE:
            for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
                yield Snippet(page, text.count("\n", 0, match.start()) + 1, match[1], match[2])


SNIPPETS = tuple(_snippets())


def written_in(language: str, *, live: bool | None = None) -> list[Any]:
    """Give the snippets of a language as parameters; `live` picks those that call an emulator, or the others."""
    return [
        pytest.param(snippet, id=snippet.id)
        for snippet in SNIPPETS
        if snippet.language == language and live in {None, snippet.calls_the_emulator} and not snippet.needs_an_engine
    ]


def table(*heading: str) -> list[list[str]]:
    """Read the rows of the manual's table that has this heading."""
    head = f"| {' | '.join(heading)} |\n"
    assert MANUAL.count(head) == 1, f"not one table with the heading {heading}"
    lines = MANUAL[MANUAL.index(head) :].splitlines()[2:]
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def code_in(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An emulator on a real socket, a thousand times as fast as the service."""
    server = ServerThread(load({"port": 0, "speed": 1000.0}, environ={}))
    server.start()
    yield server.url
    server.stop()


def with_own_world(text: str, url: str) -> str:
    """Let a snippet call the running emulator, in a world of its own."""
    slug = next(_slugs)
    address = url.removeprefix("http://")
    return text.replace(ADDRESS, address).replace("/acme", f"/{slug}").replace("my-test", slug)


def run_in_shell(text: str, home: Path) -> list[Any]:
    """Run a snippet in a folder that has the fixtures; gives the JSON documents that it printed."""
    if not shutil.which("curl"):
        pytest.skip("the machine has no curl")
    (home / ".curlrc").write_text(CURLRC)
    (home / "fixtures").symlink_to(ROOT / "fixtures")
    done = subprocess.run(
        ["sh", "-euc", text],
        cwd=home,
        env={**os.environ, "CURL_HOME": str(home)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return list(documents(done.stdout.decode()))


def documents(text: str) -> Iterator[Any]:
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        document, position = decoder.raw_decode(text, position)
        yield document


# Snippets


def test_every_snippet_is_of_a_language_that_is_tested() -> None:
    assert {snippet.language for snippet in SNIPPETS} <= {"sh", "python", "toml", "json", "yaml", "mermaid"}


@pytest.mark.parametrize(("page", "test"), TESTED_ELSEWHERE.items())
def test_snippets_that_are_not_run_here_are_run_by_the_test_of_their_page(page: str, test: str) -> None:
    assert page in PAGES
    assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("snippet", written_in("sh", live=True))
def test_curl_snippets_work_when_pasted(snippet: Snippet, url: str, tmp_path: Path) -> None:
    # What a wait waits for comes from another program, which is not here.
    text = snippet.text.replace('"timeout_seconds": 5', '"timeout_seconds": 0.1')
    assert run_in_shell(with_own_world(text, url), tmp_path)


def quick_start(page: str) -> Snippet:
    return next(snippet for snippet in SNIPPETS if snippet.page == page and snippet.calls_the_emulator)


@pytest.mark.parametrize("page", QUICK_STARTS)
def test_the_first_three_curl_commands_create_poll_and_page(page: str, url: str, tmp_path: Path) -> None:
    text = quick_start(page).text
    assert len(re.findall("^curl ", text, re.MULTILINE)) == 3

    created, polled, results = run_in_shell(with_own_world(text, url), tmp_path)

    assert created["id"] == polled["id"] == "stores"
    assert sorted(itertools.chain(*created["jobs"].values())) == ["mock-fail-1", "tower"]
    assert polled["metadata"]["total_jobs"] == 2
    assert [job["place_id"] for job in results["jobs"]] == ["tower", "mock-fail-1"]
    assert results["total"] == 2


@pytest.mark.parametrize("page", QUICK_STARTS)
def test_the_answer_that_is_shown_is_the_answer(page: str, url: str, tmp_path: Path) -> None:
    (shown,) = (json.loads(snippet.text) for snippet in SNIPPETS if snippet.language == "json" and snippet.page == page)
    text = with_own_world(quick_start(page).text, url)
    slug = text.split("/v1/")[1].split("/")[0]
    run_in_shell(text, tmp_path)

    with httpx2.Client(base_url=url, headers={"apiKey": "any"}, trust_env=False) as http:
        http.post(f"/_mock/orgs/{slug}/clock/settle").raise_for_status()
        answer = http.get(f"/v1/{slug}/place_enrichment/batches/stores").json()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", shown["created_at"])
    assert {**answer, "created_at": shown["created_at"]} == shown


def test_no_other_answer_is_shown_but_that_of_a_full_disk() -> None:
    (shown,) = (one for one in SNIPPETS if one.language == "json" and one.page not in QUICK_STARTS)
    folder = re.search(r"make room in (\S+),", shown.text)
    assert folder
    error = StorageFailed(reason="database or disk is full", advice=f"make room in {folder[1]}, or delete batches")

    assert json.loads(shown.text) == {"detail": str(error)}


@pytest.mark.parametrize("snippet", written_in("sh", live=False))
def test_commands_exist(snippet: Snippet) -> None:
    for command in snippet.commands:
        check_command(shlex.split(command))


def check_command(words: list[str]) -> None:
    if words[-1] == "&":
        words.pop()
    while "=" in words[0]:
        check_variable(words.pop(0).partition("=")[0])
    match words:
        case ["make", target, *arguments]:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"make {target}"
            assert all(argument.startswith(("ARGS=", "REF=")) for argument in arguments)
            for argument in arguments if target == "run" else ():
                _parser().parse_args(["serve", *shlex.split(argument.removeprefix("ARGS="))])
        case ["reprompt-mock", *arguments] | ["python", "-m", "reprompt_mock", *arguments]:
            _parser().parse_args(arguments)
        case ["docker", *arguments]:
            check_docker(arguments)
        case ["pytest", "--reprompt-mock-url", _, "-n", _] | ["pip", "install", "."]:
            pass
        case _:
            pytest.fail(f"nothing checks this command: {shlex.join(words)}")


def check_docker(words: list[str]) -> None:
    match words:
        case ["build", "--tag", "reprompt-mock", "."]:
            assert (ROOT / "Dockerfile").exists()
        case ["compose", "up", "--build"]:
            assert (ROOT / "compose.yaml").exists()
        case ["run", *options] if "reprompt-mock" in options:
            arguments = options[options.index("reprompt-mock") + 1 :]
            _parser().parse_args(arguments or ["serve"])
            for variable in re.findall(rf"{PREFIX}\w+", " ".join(options)):
                check_variable(variable)
        case _:
            pytest.fail(f"nothing checks this command: docker {shlex.join(words)}")


def check_variable(variable: str) -> None:
    assert variable.startswith(PREFIX)
    assert variable.removeprefix(PREFIX).lower() in {*Settings.model_fields, *NO_SETTING}


@pytest.mark.parametrize("snippet", written_in("toml"))
def test_config_files_are_accepted(snippet: Snippet, tmp_path: Path) -> None:
    config = tmp_path / "emulator.toml"
    config.write_text(snippet.text, encoding="utf-8")

    values = tomllib.loads(snippet.text)
    in_project = "tool" in values

    settings = load(environ={}, config=config, table="tool.reprompt-mock" if in_project else None)

    for name, value in (values["tool"]["reprompt-mock"] if in_project else values).items():
        assert json.loads(settings.model_dump_json(include={name}, exclude_unset=True))[name] == value


def test_python_snippets_are_the_examples() -> None:
    """Those that are tests run among the project's own; the manual shows all others, and links to every file."""
    files = {file.name: file.read_text(encoding="utf-8") for file in EXAMPLES.iterdir() if file.is_file()}
    scripts = {text for name, text in files.items() if name.endswith(".py") and not name.startswith(("test_", "__"))}
    shown = {snippet.text for snippet in SNIPPETS if snippet.language == "python" and not snippet.needs_an_engine}

    assert scripts <= shown <= set(files.values())
    assert [name for name in files if f"/tests/examples/{name})" not in MANUAL] == ["__init__.py"]


@pytest.mark.parametrize("snippet", [one for one in written_in("python") if "\ndef test_" not in one.values[0].text])
def test_python_snippets_run(snippet: Snippet, url: str, tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(snippet.text.replace(ADDRESS, url.removeprefix("http://")), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, file],
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


# Completeness


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if "<!-- generated" in text])
def test_generated_tables_are_what_the_code_says(page: str) -> None:
    assert docs.generated(PAGES[page]) == PAGES[page], "run make docs"


def test_the_table_of_a_run_replaces_the_one_that_has_its_mark() -> None:
    page = "a\n<!-- bench -->\n\n1\n<!-- end -->\nb\n<!-- peers -->\n\n2\n<!-- end -->\nc"

    assert docs.with_figures(page, {"peers": "3\n"}) == page.replace("2\n", "3\n\n")
    assert docs.with_figures(page, {"bench": "3\n"}) == page.replace("1\n", "3\n\n")
    assert docs.with_figures("a", {"bench": "3\n"}) == "a"


def test_every_generated_table_is_on_one_page() -> None:
    assert sorted(re.findall(r"<!-- generated: ([\w-]+) -->", MANUAL)) == sorted(docs.TABLES)


def test_every_setting_has_its_line() -> None:
    names = [row[0] for row in table("setting", "default", "flag", "values", "meaning")]

    assert sorted(code_in(name)[0] for name in names) == sorted(Settings.model_fields)
    assert {code_in(name)[0] for name in names if "◦" in name} == set(WorldSettings.model_fields)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row[0]) for row in table("setting", "default", "flag", "values", "meaning")]
)
def test_a_setting_has_the_default_and_the_flag_that_its_line_says(row: list[str]) -> None:
    name = code_in(row[0])[0]
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    flag = f"--{name.replace('_', '-')}"
    is_flag = flag in flags_of("serve")

    assert row[1] == ("none" if default is None else f"`{json.dumps(default).strip(chr(34))}`")
    assert row[2] == (f"`{flag}`" if is_flag else "")


def commands() -> dict[str, argparse.ArgumentParser]:
    (choices,) = (action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices)


def flags_of(command: str) -> set[str]:
    actions = commands()[command]._actions
    return {option for action in actions for option in action.option_strings if option.startswith("--")} - {"--help"}


def test_every_command_and_flag_has_its_line() -> None:
    named = {code_in(row[0])[0] for row in table("command", "does")}
    rows = table("flag", "of", "variable", "means")
    flags = {(row[1], code.split()[0]) for row in rows for code in code_in(row[0])}

    assert named == {*(f"reprompt-mock {command}" for command in commands()), "reprompt-mock --version"}
    assert flags == {(command, flag) for command in commands() for flag in flags_of(command)}


def served(url: str, document: str) -> set[str]:
    paths = httpx2.get(url + document, trust_env=False).json()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in METHODS & operations.keys()}


def test_every_operation_of_the_service_has_its_line(url: str) -> None:
    lines = {code_in(row[0])[0].replace(" ", f" {SERVICE}") for row in table("operation", "id", "does")}

    assert served(url, "/openapi.json") == lines


def test_every_route_of_the_control_api_has_its_line(url: str) -> None:
    written = {re.sub(r" W\b", f" {WORLD}", code_in(row[0])[0]) for row in table("call", "does")}

    assert served(url, "/_mock/openapi.json") == written


def test_every_test_place_id_has_its_line() -> None:
    lines = {code_in(row[0])[0] for row in table("prefix", "what happens")}

    assert lines == {(rule.match.place_id or "").removesuffix("*") for rule in rules.TEST_PLACE_IDS}


def test_every_pytest_fixture_has_its_line() -> None:
    if find_spec("reprompt_mock.pytest_plugin") is None:
        pytest.skip("there is no plugin yet")
    source = (ROOT / "reprompt_mock" / "pytest_plugin.py").read_text(encoding="utf-8")

    for fixture in re.findall(r"@pytest\.fixture(?:\(.*\))?\ndef (\w+)", source):
        assert fixture.startswith("_") or f"| `{fixture}` |" in PAGES["docs/start/pytest.md"], fixture


def test_every_attribute_has_its_line() -> None:
    assert [code_in(row[0])[0] for row in table("attribute", "sets", "outputs", "needs")] == list(CATALOGUE)


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        (("key of `match`", "matches"), RuleMatch.model_fields.keys()),
        (("key of `then`", "decides"), RuleThen.model_fields.keys()),
        (
            ("key", "means"),
            {
                *(FaultSpec.model_fields.keys() - {"then"}),
                *(f"then.{field.alias or name}" for name, field in FaultThen.model_fields.items()),
            },
        ),
    ],
)
def test_every_key_of_rules_and_faults_has_its_line(heading: tuple[str, str], keys: set[str]) -> None:
    assert sorted(code for row in table(*heading) for code in code_in(row[0])) == sorted(keys)


def test_every_key_by_which_faults_match_is_named() -> None:
    (row,) = (row for row in table("key", "means") if row[0] == "`match`")

    assert set(code_in(row[1])) >= FaultMatchSpec.model_fields.keys()


def test_everything_that_the_handle_offers_has_its_line() -> None:
    with RepromptMock() as mock:
        offered = {name for name in dir(mock) if not name.startswith("_")} - {"over", "connect"}
        parts = {part: dir(getattr(mock, part)) for part in ("clock", "rules", "faults", "journal", "settings")}
    rows = table("attribute", "does")
    named = {code.partition("(")[0] for row in rows for code in code_in(row[0])}

    assert offered - {"set_up"} == named
    assert "RepromptMock.connect(" in PAGES["docs/reference/python.md"]
    for row in rows:
        (part, *_) = code_in(row[0])
        if part in parts:
            assert {name for name in parts[part] if not name.startswith("_")} == {
                code.partition("(")[0] for code in code_in(row[1])
            }
    assert issubclass(RepromptMock, OrgHandle)


def test_every_error_of_both_documents_has_its_line(url: str) -> None:
    listed = {row[0] for row in table("status", "when")}
    documents = [httpx2.get(url + path, trust_env=False).json() for path in ("/openapi.json", "/_mock/openapi.json")]
    declared = {
        status
        for document in documents
        for operations in document["paths"].values()
        for operation in operations.values()
        for status in operation.get("responses", {})
        if status >= "400"
    }

    assert declared <= listed


def rooms() -> list[str]:
    """Give the rooms that the architecture's page names, from the top to the bottom."""
    return [code.removesuffix("/") for row in table("room", "what it is for") for code in code_in(row[0])]


def test_every_room_has_its_line() -> None:
    package = Path(reprompt_mock.__file__).parent
    modules = {file.stem for file in package.glob("*.py") if not file.stem.startswith("__")}
    packages = {file.parent.name for file in package.glob("*/__init__.py")}

    assert sorted(rooms()) == sorted(modules | packages)


def test_the_rooms_stand_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["reprompt_mock"])
    depth = {room: number for number, layer in enumerate(layers) for room in re.findall(r"[\w.]+", layer)}
    depths = [depth[room] for room in rooms()]

    assert depths == sorted(depths)


def test_the_diagram_names_rooms() -> None:
    (diagram,) = (snippet.text for snippet in SNIPPETS if snippet.language == "mermaid")
    labels = re.findall(r"\w\[\(?([^\[\])(]+)\)?\]", diagram)
    named = {room for label in labels for room in label.partition(":")[0].split(", ")}

    assert len(named) > 8
    assert named <= set(rooms())
