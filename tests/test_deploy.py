"""What deploys a shared emulator: Compose, HAProxy and Kubernetes, without running them; `make shared-check` does."""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprompt_mock import RepromptMock, probes
from reprompt_mock.cli import _parser
from reprompt_mock.dsn import Dsn
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import Settings, load
from reprompt_mock.specs import FaultThen
from tools import shared_check
from tools.shared_load import ORG, Account, Load, Wrong

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
PORT = Settings.model_fields["port"].default
BALANCER = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.shared.yaml").read_text(encoding="utf-8"))["services"]
PAGE = (ROOT / "docs" / "guides" / "shared-emulator.md").read_text(encoding="utf-8")
EMULATORS = ("emulator-one", "emulator-two")
MANIFESTS = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (DEPLOY / "kubernetes").glob("*.yaml")
}
POD = MANIFESTS["deployment"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]


@pytest.fixture
def server() -> Iterator[ServerThread]:
    """An emulator on a socket."""
    server = ServerThread(load({"port": 0}, environ={}))
    server.start()
    yield server
    server.stop()


# HAProxy


def test_the_balancer_asks_whether_an_emulator_is_ready_and_never_repeats_what_was_sent() -> None:
    assert f"option httpchk GET {probes.READY}\n" in BALANCER
    assert re.findall(r"retry-on (.*)", BALANCER) == ["conn-failure"]


def test_the_balancer_waits_longer_than_any_fault_delays() -> None:
    longest = FaultThen.model_json_schema()["properties"]["delay_seconds"]["maximum"]
    minutes = [int(one) for one in re.findall(r"timeout (?:client|server) (\d+)m", BALANCER)]

    assert len(minutes) == 2
    assert min(minutes) * 60 > longest


def test_the_balancer_takes_its_configuration() -> None:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if haproxy is None:
        pytest.skip("the machine has no HAProxy")
    variables = {"LISTEN": ":8780", "EMULATOR_ONE": "127.0.0.1:1", "EMULATOR_TWO": "127.0.0.1:2"}
    command = [haproxy, "-c", "-f", str(DEPLOY / "haproxy.cfg")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr


# Compose


def test_the_balancer_gets_every_variable_and_knows_each_emulator() -> None:
    environment = COMPOSE["balancer"]["environment"]

    assert set(re.findall(r"\$\{(\w+)", BALANCER)) == environment.keys()
    assert {environment["EMULATOR_ONE"], environment["EMULATOR_TWO"]} == {f"{name}:{PORT}" for name in EMULATORS}
    (mounted,) = COMPOSE["balancer"]["volumes"]
    assert (ROOT / mounted.split(":")[0]).read_text(encoding="utf-8") == BALANCER
    assert COMPOSE["balancer"]["ports"] == [f"127.0.0.1:{PORT}{environment['LISTEN']}"]


@pytest.mark.parametrize("name", EMULATORS)
def test_an_emulator_waits_for_the_database_whose_password_stands_nowhere(name: str) -> None:
    service = COMPOSE[name]
    ours = {key: value for key, value in service["environment"].items() if key.startswith("REPROMPT_")}
    settings = load({}, environ=ours)

    assert isinstance(settings.db, Dsn)
    assert settings.db.secret == "postgresql://postgres@postgres/postgres"
    assert settings.db_wait > 0
    assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "command" not in service
    passwords = {service["environment"]["PGPASSWORD"], COMPOSE["postgres"]["environment"]["POSTGRES_PASSWORD"]}
    assert [one.partition(":?")[0] for one in passwords] == ["${POSTGRES_PASSWORD"]


def test_every_service_says_whether_it_is_well() -> None:
    """The image says it for the emulators."""
    assert {name for name, service in COMPOSE.items() if "healthcheck" in service} == COMPOSE.keys() - {*EMULATORS}


# Kubernetes


def test_the_kustomization_names_every_manifest_but_the_example() -> None:
    named = {Path(name).stem for name in MANIFESTS["kustomization"]["resources"]}

    assert named == MANIFESTS.keys() - {"kustomization", "secret.example"}


def test_every_selector_finds_the_pods() -> None:
    labels = POD["metadata"]["labels"]
    spread = POD["spec"]["topologySpreadConstraints"]

    assert MANIFESTS["deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["disruption-budget"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["service"]["spec"]["selector"] == labels
    assert [one["labelSelector"]["matchLabels"] for one in spread] == [labels]


def test_a_rolling_update_leaves_both_emulators_in_service() -> None:
    spec = MANIFESTS["deployment"]["spec"]

    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert MANIFESTS["disruption-budget"]["spec"]["maxUnavailable"] < spec["replicas"]
    assert MANIFESTS["service"]["spec"]["sessionAffinity"] == "None"


def test_the_database_decides_about_readiness_and_not_about_life() -> None:
    assert CONTAINER["readinessProbe"]["httpGet"] == {"path": probes.READY, "port": "http"}
    assert CONTAINER["livenessProbe"]["httpGet"] == {"path": probes.LIVE, "port": "http"}
    assert CONTAINER["ports"] == [{"name": "http", "containerPort": PORT}]
    assert [port["targetPort"] for port in MANIFESTS["service"]["spec"]["ports"]] == ["http"]


def test_a_pod_has_time_to_stop() -> None:
    waits = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert waits + 2 < POD["spec"]["terminationGracePeriodSeconds"]


def test_a_pods_settings_are_settings_and_its_address_is_a_secret() -> None:
    secret = MANIFESTS["secret.example"]
    variables = {one["name"]: one.get("value") for one in CONTAINER["env"]}
    (reference,) = (one["valueFrom"]["secretKeyRef"] for one in CONTAINER["env"] if "valueFrom" in one)
    assert reference == {"name": secret["metadata"]["name"], "key": "address"}
    assert variables["REPROMPT_MOCK_DB"] is None

    settings = load({}, environ={**variables, "REPROMPT_MOCK_DB": secret["stringData"]["address"]})

    assert str(settings.db) == "postgresql://postgres.example:5432/reprompt_mock"
    assert settings.allowed_hosts


def test_a_pod_has_no_rights_that_it_does_not_need() -> None:
    context = CONTAINER["securityContext"]

    assert POD["spec"]["securityContext"]["runAsNonRoot"] is True
    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert [one["mountPath"] for one in CONTAINER["volumeMounts"]] == ["/data"]


# The page, docs/guides/shared-emulator.md

COMMANDS = [
    shlex.split(line)
    for snippet in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in snippet.splitlines()
]


def commands(*beginning: str) -> list[list[str]]:
    found = [words[len(beginning) :] for words in COMMANDS if tuple(words[: len(beginning)]) == beginning]
    assert found, f"the page has no command {beginning}"
    return found


def test_the_page_names_files_and_services_that_exist() -> None:
    for file, up, *words in commands("docker", "compose", "--file"):
        assert (file, up) == ("compose.shared.yaml", "up")
        assert {word for word in words if not word.startswith("-")} <= COMPOSE.keys()
    files = {words[-1] for words in commands("kubectl", "apply")}
    assert files == {"deploy/kubernetes", "deploy/kubernetes/secret.yaml"}
    assert commands("kubectl", "rollout") == [["status", f"deployment/{MANIFESTS['deployment']['metadata']['name']}"]]
    assert [(ROOT / words[0]).name for words in commands("psql", "--file")] == ["role.sql"]


def test_the_page_names_the_password_that_compose_wants() -> None:
    ((assignment,),) = commands("export")
    assert COMPOSE["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith(f"${{{assignment.partition('=')[0]}:?")


def test_the_page_starts_emulators_as_the_command_takes_it() -> None:
    for words in COMMANDS:
        variables = list(itertools.takewhile(lambda word: "=" in word, words))
        if words[len(variables) :][:1] == ["reprompt-mock"]:
            _parser().parse_args(words[len(variables) + 1 :])
            load({}, environ=dict(one.split("=", 1) for one in variables))
    assert [words for words in COMMANDS if "reprompt-mock" in words]


def test_a_snapshot_is_saved_and_restored_as_the_page_says(server: ServerThread, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the machine has no curl")
    mock = RepromptMock.connect(server.url, org_slug="acme")
    mock.settings.update(failure_rate=0.25)
    save, restore = (["curl", "--fail", "--silent", "--noproxy", "*", *words] for words in commands("curl"))
    for index, command in enumerate((save, restore)):
        if index:
            mock.reset()
        address = server.url.removeprefix("http://")
        subprocess.run([word.replace("localhost:8780", address) for word in command], cwd=tmp_path, check=True)

    assert mock.settings.get()["failure_rate"] == 0.25


# The check


def test_the_check_says_that_a_program_is_missing() -> None:
    with pytest.raises(shared_check.Missing, match=r"^no-such-program is needed: apt-get install its-package$"):
        shared_check.found("no-such-program", "its-package")


def test_the_check_says_that_the_server_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shared_check, "check_files", lambda: None)
    monkeypatch.setattr(shared_check, "found", lambda *_: "haproxy")
    monkeypatch.setattr(shared_check, "new_schema", lambda: None)

    assert shared_check.main() == 2
    assert "PostgreSQL is needed: apt-get install postgresql" in capsys.readouterr().err


def test_the_load_repeats_what_was_not_acknowledged_and_no_more(server: ServerThread) -> None:
    mock = RepromptMock.connect(server.url, org_slug=ORG)
    mock.faults.add(match={"operation": "create_batch"}, then={"status": 503}, times=3)
    mock.faults.add(match={"operation": "get_jobs"}, then={"abort": "close"}, when="after", skip=10, times=2)
    with Load(server.url) as load:
        load.go_on(100)

    assert load.account.repeats == 5
    shared_check.check_stored(load.account, server.url, server.url)


def test_the_load_notices_a_false_answer(server: ServerThread) -> None:
    fault: dict[str, Any] = {"match": {"operation": "get_batch"}, "then": {"status": 404}, "times": 1}
    RepromptMock.connect(server.url, org_slug=ORG).faults.add(**fault)
    with pytest.raises(Wrong, match=r"^GET /batches/\d-0 was answered with 404"), Load(server.url) as load:
        load.go_on(100)


def test_the_check_notices_what_is_lost(server: ServerThread) -> None:
    with pytest.raises(Wrong, match=r"^acknowledged, but not stored: \['gone'\]$"):
        shared_check.check_stored(Account(acknowledged={"gone": 1}), server.url, server.url)


def test_continuous_integration_makes_the_check() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() == "make shared-check"]
