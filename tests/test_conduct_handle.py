"""Conduct as tests and CI ask for it: the handle, the pytest plugin, the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.cli import main
from reprompt_mock.handle.conduct import RuleUnknown, report, summary, without
from reprompt_mock.handle.types import Verdict
from reprompt_mock.verdicts import exit_code
from tests.conftest import LONDON
from tests.sessions import Run

GOOD: Verdict = {"verdict": "good", "findings": [], "judged": 3, "dropped": 0}
LOST: Verdict = {"verdict": "inconclusive", "findings": [], "judged": 3, "dropped": 7}


@pytest.fixture(scope="module")
def own() -> Iterator[RepromptMock]:
    with RepromptMock(clock="paused") as mock:
        yield mock


@pytest.fixture
def mock(own: RepromptMock) -> Iterator[RepromptMock]:
    yield own
    own.reset()


def call(mock: RepromptMock, method: str, path: str, **options: Any) -> httpx2.Response:
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment{path}"
    return httpx2.request(method, url, headers={"apiKey": "k"}, trust_env=False, **options)


def create(mock: RepromptMock, **fields: Any) -> None:
    jobs = [{"place_id": "a", "inputs": LONDON}]
    body = {"batch_name": "B", "attribute_set": "core", "jobs": jobs, **fields}
    call(mock, "POST", "/batches", json=body).raise_for_status()


def misbehave(mock: RepromptMock) -> None:
    """An error, created_twice, a warning, read_unfinished, and a note, no_user_agent."""
    create(mock)
    create(mock)
    create(mock, batch_id="<ü&1>", attribute_set="open_closed")
    call(mock, "GET", "/jobs?batchId=%3C%C3%BC%261%3E")
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/attributes"
    with httpx2.Client(trust_env=False) as http:
        del http.headers["user-agent"]
        http.get(url, headers={"apiKey": "k"})


def rules(verdict: Verdict) -> list[str]:
    return [finding["rule"] for finding in verdict["findings"]]


# The handle


def test_good_conduct_is_asserted(mock: RepromptMock) -> None:
    create(mock)

    assert mock.assert_good_conduct() == mock.conduct() == {**GOOD, "judged": 1}


def test_the_failure_is_advice(mock: RepromptMock) -> None:
    misbehave(mock)

    with pytest.raises(AssertionError) as failure:
        mock.assert_good_conduct()

    text = str(failure.value)
    assert text.startswith("conduct: bad, 1 error, 1 warning, 1 note in 5 requests\n\nerror: created_twice\n  Batch ")
    assert "\n  What to do: Choose a batch_id" in text
    assert "\n  Source: Guide, Chunk" in text
    assert f"\n  Requests: 1, 2\n    1 POST /v1/{mock.org_slug}/place_enrichment/batches → 200\n    2 POST" in text


def test_rules_can_be_left_out_and_warnings_accepted(mock: RepromptMock) -> None:
    misbehave(mock)
    assert rules(mock.conduct()) == ["created_twice", "read_unfinished", "no_user_agent"]

    left = mock.assert_good_conduct(ignore=("created_twice",), at_least="questionable")
    assert (left["verdict"], rules(left)) == ("questionable", ["read_unfinished", "no_user_agent"])
    left = mock.assert_good_conduct(ignore=["created_twice", "read_unfinished"])
    assert (left["verdict"], rules(left)) == ("good", ["no_user_agent"])
    for options in ({"ignore": ("created_twice",)}, {"at_least": "questionable"}):
        with pytest.raises(AssertionError, match="conduct: "):
            mock.assert_good_conduct(**options)


def test_a_rule_that_does_not_exist_cannot_be_left_out(mock: RepromptMock) -> None:
    with pytest.raises(RuleUnknown, match=r"'created_twise' is not a rule of conduct; did you mean created_twice\?"):
        mock.assert_good_conduct(ignore=("created_twise",))


def test_where_facts_were_lost_nothing_is_good_whatever_is_left_out() -> None:
    assert without(LOST, ["created_twice"]) == LOST
    assert summary(LOST).startswith("conduct: inconclusive, since the facts of 7 requests were lost")
    assert [exit_code(LOST, fail_on) for fail_on in ("error", "warning")] == [2, 2]


def test_a_journal_that_is_cleared_begins_a_new_verdict(mock: RepromptMock) -> None:
    misbehave(mock)
    mock.journal.clear()

    assert mock.assert_good_conduct()["judged"] == 0


def test_of_many_requests_the_first_are_shown() -> None:
    finding: Any = {
        "rule": "polled_too_fast", "severity": "warning", "requests": list(range(1, 31)), "batch_id": "b",
        "message": "Seen.", "advice": "Do.", "source": "Guide",
    }  # fmt: skip
    text = report({**GOOD, "findings": [finding]}, {2: "2 GET /"})

    assert text.endswith("Requests: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more\n    2 GET /")


# The command line


def run(mock: RepromptMock, *arguments: str) -> int:
    return main(["conduct", "--url", mock.url, "--org", mock.org_slug, *arguments])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--fail-on", "warning"), 1),
        (("--ignore", "created_twice"), 0),
        (("--ignore", "created_twice", "--fail-on", "warning"), 1),
        (("--ignore", "created_twice", "--ignore", "read_unfinished", "--fail-on", "warning"), 0),
        (("--ignore", "nonsense"), 2),
    ],
)
def test_the_exit_code_says_how_grave_it_is(arguments: tuple[str, ...], code: int, mock: RepromptMock) -> None:
    misbehave(mock)

    assert run(mock, *arguments) == code


def test_no_request_is_good(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(mock) == 0
    assert capsys.readouterr().out == "conduct: good, no finding in 0 requests\n"


def test_text_shows_the_requests(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    misbehave(mock)
    run(mock)

    printed = capsys.readouterr().out
    assert printed.startswith("conduct: bad, 1 error, 1 warning, 1 note in 5 requests\n")
    assert "place_enrichment/jobs?batchId=<ü&1> → 200" in printed


def test_json_is_the_verdict(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    misbehave(mock)
    run(mock, "--format", "json", "--ignore", "created_twice")

    assert json.loads(capsys.readouterr().out) == without(mock.conduct(), ["created_twice"])


def test_junit_has_a_case_for_each_rule(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    misbehave(mock)
    run(mock, "--format", "junit")

    suite = ElementTree.fromstring(capsys.readouterr().out)[0]
    assert suite.attrib == {"name": "reprompt-mock conduct", "tests": "21", "failures": "2", "errors": "0"}
    failures = {case.get("name"): case[0] for case in suite if len(case)}
    assert {name: child.tag for name, child in failures.items()} == {
        "created_twice": "failure",
        "read_unfinished": "failure",
        "no_user_agent": "system-out",
    }
    assert "Results of batch <ü&1> were read" in str(failures["read_unfinished"].get("message"))


def test_github_gets_annotations(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    misbehave(mock)
    run(mock, "--format", "github")

    first, second, third, last = capsys.readouterr().out.splitlines()
    assert first.startswith("::error title=created_twice::Batch ")
    assert second.startswith("::warning title=read_unfinished::Results of batch <ü&1>")
    assert third.startswith("::notice title=no_user_agent::1 request ")
    assert last == "conduct: bad, 1 error, 1 warning, 1 note in 5 requests"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--url", "http://127.0.0.1:9", "--org", "acme"], "no emulator answers at http://127.0.0.1:9"),
        (["--url", "not an address", "--org", "acme"], "is not the address of an emulator"),
    ],
)
def test_where_it_cannot_ask_one_line_says_so(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conduct", *arguments]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("reprompt-mock: ")
    assert reason in printed.err
    assert printed.err.count("\n") == 1


def test_a_slug_that_is_none_is_refused(mock: RepromptMock, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conduct", "--url", mock.url, "--org", "-"]) == 2
    assert "was not found" in capsys.readouterr().err


def test_the_control_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with RepromptMock(control_token="secret") as guarded:
        assert run(guarded) == 2
        monkeypatch.setenv("REPROMPT_MOCK_CONTROL_TOKEN", "secret")
        assert run(guarded) == 0


# The plugin

SUITE = """
import httpx2
import pytest

PLACE = {"name": "A", "latitude": 1, "longitude": 2}

def create(mock):
    body = {"batch_name": "B", "attribute_set": "core", "jobs": [{"place_id": "a", "inputs": PLACE}]}
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    httpx2.post(url, json=body, headers={"apiKey": mock.api_key}, trust_env=False).raise_for_status()

def test_good(reprompt_mock):
    create(reprompt_mock)

def test_double(reprompt_mock):
    create(reprompt_mock)
    create(reprompt_mock)
"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPROMPT_MOCK_URL", "REPROMPT_MOCK_CONTROL_TOKEN", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


def test_a_passing_test_is_reported_in_the_summary(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(SUITE)

    result = session()

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["reprompt-mock: conduct was bad in 1 test (created_twice)"])
    result.stdout.no_fnmatch_line("*conduct that reprompt-mock saw*")


def test_a_failing_test_has_a_section(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(SUITE + "    raise AssertionError\n")

    result = session("--junit-xml=report.xml")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- conduct that reprompt-mock saw -*", "error: created_twice", "  What to do: *"])
    assert "created_twice" in (pytester.path / "report.xml").read_text()


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_fail_turns_a_green_suite_red_with_one_section(
    workers: tuple[str, ...], pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyfile(SUITE)

    result = session("--reprompt-mock-conduct=fail", *workers)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["conduct: bad, 1 error in 2 requests", "error: created_twice", "To allow it *"])
    result.stdout.fnmatch_lines(["reprompt-mock: conduct was bad in 1 test (created_twice)"])
    assert str(result.stdout).count("  What to do: ") == 1
    assert "Traceback" not in str(result.stdout)


@pytest.mark.parametrize(
    ("table", "option", "mark", "failed"),
    [
        ("fail", None, None, 1),
        ("fail", "off", None, 0),
        ("off", "fail", None, 1),
        ("fail", "fail", "report", 0),
        ("off", None, "fail", 1),
    ],
)
def test_the_mark_wins_over_the_command_line_over_the_table(
    table: str, option: str | None, mark: str | None, failed: int, pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyprojecttoml(f'[tool.reprompt-mock]\nconduct = "{table}"\n')
    marked = f'@pytest.mark.reprompt_mock(conduct="{mark}")\n' if mark else ""
    pytester.makepyfile(SUITE.replace("def test_double", f"{marked}def test_double"))

    result = session(*([f"--reprompt-mock-conduct={option}"] if option else []))

    result.assert_outcomes(passed=2 - failed, failed=failed)
    is_off = (mark or option or table) == "off"
    assert ("conduct was bad" in str(result.stdout)) != is_off


def test_fail_lets_warnings_pass_and_says_so(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(
        SUITE.replace("    create(reprompt_mock)\n    create", "    create")
        + """
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/jobs"
    batch = reprompt_mock.journal.find()[0]["facts"]["batch_id"]
    httpx2.get(url, params={"batchId": batch}, headers={"apiKey": "k"}, trust_env=False)
"""
    )

    result = session("--reprompt-mock-conduct=fail")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["reprompt-mock: conduct was questionable in 1 test (read_unfinished)"])


def test_where_it_cannot_be_judged_fail_says_so_and_report_does_not(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(SUITE + "    reprompt_mock.close()\n")

    session().assert_outcomes(passed=2, errors=1)
    result = session("--reprompt-mock-conduct=fail")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["conduct: it cannot be judged, since *"])


def test_a_test_that_is_expected_to_fail_still_is(pytester: pytest.Pytester, session: Run) -> None:
    expected = "@pytest.mark.xfail(strict=True)\ndef test_double"
    pytester.makepyfile(SUITE.replace("def test_double", expected) + "    raise AssertionError\n")

    session("--reprompt-mock-conduct=fail").assert_outcomes(passed=1, xfailed=1)


@pytest.mark.parametrize(
    ("toml", "mark", "reason"),
    [
        ('conduct = "fial"', "", "conduct in [[]tool.reprompt-mock] of *pyproject.toml is * did you mean fail?"),
        ("", 'conduct="of"', "conduct in the mark reprompt_mock is * not 'of'; did you mean off?"),
    ],
)
def test_a_misspelt_mode_is_told_in_a_sentence(
    toml: str, mark: str, reason: str, pytester: pytest.Pytester, session: Run
) -> None:
    pytester.makepyprojecttoml(f"[tool.reprompt-mock]\n{toml}\n")
    pytester.makepyfile(f"import pytest\n@pytest.mark.reprompt_mock({mark})\ndef test_it(reprompt_mock): pass\n")

    result = session()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"reprompt-mock: {reason}"])
    assert "INTERNALERROR" not in str(result.stdout)
