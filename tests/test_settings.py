from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock.settings import ConfigurationError, Settings, load
from reprompt_mock.world_settings import WorldSettings

SECRET = "sk-live-4711"


def toml(folder: Path, text: str) -> Path:
    """Write a config file."""
    config = folder / "emulator.toml"
    config.write_text(text, encoding="utf-8")
    return config


# Each setting: its default; a flag, a variable, a value in the file; what each of these becomes.
VALUES: dict[str, tuple[Any, Any, str, str, tuple[Any, Any, Any]]] = {
    "seed": (0, 1, "2", "3", (1, 2, 3)),
    "clock": ("running", "paused", "running", "'paused'", ("paused", "running", "paused")),
    "speed": (1.0, 2, "3.5", "4", (2.0, 3.5, 4.0)),
    "poll_advance": (0.0, 1, "2", "3.5", (1.0, 2.0, 3.5)),
    "pending_seconds": (1.0, 2, "0", "3.5", (2.0, 0.0, 3.5)),
    "queued_seconds": (1.0, 2, "0", "3.5", (2.0, 0.0, 3.5)),
    "processing_seconds": (2.0, 3, "0", "3.5", (3.0, 0.0, 3.5)),
    "workers": (50, 1, "2", "3", (1, 2, 3)),
    "failure_rate": (0.0, 1, "0", "0.5", (1.0, 0.0, 0.5)),
    "attribute_error_rate": (0.0, 1, "0", "0.5", (1.0, 0.0, 0.5)),
    "not_found_rate": (0.1, 1, "0", "0.5", (1.0, 0.0, 0.5)),
    "found_rates": (
        {},
        {"names": 1},
        '{"menu": 0}',
        "{websites = 0.5}",
        ({"names": 1.0}, {"menu": 0.0}, {"websites": 0.5}),
    ),
    "drift_rate": (0.2, 1, "0", "0.5", (1.0, 0.0, 0.5)),
    "batch_failure_threshold": (0.5, 1, "0", "0.25", (1.0, 0.0, 0.25)),
    "max_jobs_per_request": (50_000, 5, "6", "7", (5, 6, 7)),
    "attribute_status": ("all", "asked", "all", "'asked'", ("asked", "all", "asked")),
    "generate_place_ids": (False, True, "false", "true", (True, False, True)),
    "export_inline_rows": (50_000, 5, "6", "7", (5, 6, 7)),
    "export_inline_bytes": (120_000_000, 5, "6", "7", (5, 6, 7)),
    "export_queued_seconds": (2.0, 1, "3", "4.5", (1.0, 3.0, 4.5)),
    "export_seconds_per_10000_rows": (4.0, 1, "3", "4.5", (1.0, 3.0, 4.5)),
    "export_failure_rate": (0.0, 1, "0.5", "0.25", (1.0, 0.5, 0.25)),
    "strict_attributes": (False, True, "false", "true", (True, False, True)),
    "places_move": (False, True, "false", "true", (True, False, True)),
    "results_lag_seconds": (0.0, 1, "3", "4.5", (1.0, 3.0, 4.5)),
    "unpaid_attributes": ([], ["a"], '["b"]', "['c']", (["a"], ["b"], ["c"])),
    "rate_limit": (0.0, 1, "2", "2.5", (1.0, 2.0, 2.5)),
    "conduct_poll_seconds": (5.0, 1, "2", "2.5", (1.0, 2.0, 2.5)),
    "host": ("localhost", "::1", "0.0.0.0", "'127.0.0.1'", ("::1", "0.0.0.0", "127.0.0.1")),
    "port": (8780, 0, "1", "2", (0, 1, 2)),
    "db": (None, Path("a.db"), "b.db", "'c.db'", (Path("a.db"), Path("b.db"), Path("c.db"))),
    "db_wait": (0.0, 1, "2", "3.5", (1.0, 2.0, 3.5)),
    "api_keys": ({}, {"a": "*"}, '{"b": "acme"}', "{c = 'org-c'}", ({"a": "*"}, {"b": "acme"}, {"c": "org-c"})),
    "revoked_api_keys": ([], ["a"], '["b"]', "['c']", (["a"], ["b"], ["c"])),
    "max_body_bytes": (64 * 2**20, 1, "2", "3", (1, 2, 3)),
    "journal_size": (1000, 0, "1", "2", (0, 1, 2)),
    "control_token": (None, "a", "b", "'c'", ("a", "b", "c")),
    "allowed_hosts": ([], ["a"], '["b"]', "['c']", (["a"], ["b"], ["c"])),
    "root_path": (None, "/a", "/b", '"/c"', ("/a", "/b", "/c")),
    "cors_origins": ([], ["a"], '["b"]', "['c']", (["a"], ["b"], ["c"])),
}


def test_every_setting_is_in_the_table() -> None:
    # Rules are tested where they are matched.
    assert VALUES.keys() == Settings.model_fields.keys() - {"rules"}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("sources", [*itertools.product((False, True), repeat=3)])
def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(
    tmp_path: Path, name: str, sources: tuple[bool, bool, bool]
) -> None:
    default, flag, variable, in_file, becomes = VALUES[name]
    has_flag, has_variable, is_in_file = sources
    settings = load(
        {name: flag if has_flag else None},
        environ={f"REPROMPT_MOCK_{name.upper()}": variable} if has_variable else {},
        config=toml(tmp_path, f"{name} = {in_file}" if is_in_file else ""),
    )
    expected = next((value for given, value in zip(sources, becomes, strict=True) if given), default)
    assert getattr(settings, name) == expected
    assert type(getattr(settings, name)) is type(expected) or isinstance(expected, Path)
    others = {other: values[0] for other, values in VALUES.items() if other != name}
    assert {other: getattr(settings, other) for other in others} == others


def test_a_table_of_one_source_is_not_mixed_with_one_of_another(tmp_path: Path) -> None:
    config = toml(tmp_path, '[api_keys]\n"from-the-file" = "a"\n')
    variables = {"REPROMPT_MOCK_API_KEYS": '{"from-the-environment": "b"}'}
    assert load(environ=variables, config=config).api_keys == {"from-the-environment": "b"}


def test_the_process_environment_is_read_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROMPT_MOCK_SEED", "7")
    assert load().seed == 7
    assert load(environ={}).seed == 0


def test_an_empty_variable_counts_as_not_given(tmp_path: Path) -> None:
    empty = {f"REPROMPT_MOCK_{name.upper()}": "" for name in VALUES}
    assert load(environ=empty, config=toml(tmp_path, "seed = 3")).seed == 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REPROMPT_MOCK_PORT", "tcp://10.0.0.1:8780"),
        ("REPROMPT_MOCK_SERVICE_HOST", "10.0.0.1"),
        ("REPROMPT_MOCK_SERVICE_PORT", "8780"),
        ("REPROMPT_MOCK_SERVICE_PORT_HTTP", "8780"),
        ("REPROMPT_MOCK_PORT_8780_TCP", "tcp://10.0.0.1:8780"),
        ("REPROMPT_MOCK_PORT_8780_TCP_ADDR", "10.0.0.1"),
        ("REPROMPT_MOCK_PORT_8780_TCP_PORT", "8780"),
        ("REPROMPT_MOCK_PORT_8780_TCP_PROTO", "tcp"),
        ("REPROMPT_MOCK_PORT_53_UDP", "udp://10.0.0.1:53"),
        ("REPROMPT_MOCK_PORT", "udp://10.0.0.1:53"),
        ("REPROMPT_MOCK_API_SERVICE_HOST", "10.0.0.1"),
        ("REPROMPT_MOCK_API_SERVICE_PORT", "8780"),
        ("REPROMPT_MOCK_API_SERVICE_PORT_HTTP", "8780"),
        ("REPROMPT_MOCK_API_PORT", "tcp://10.0.0.1:8780"),
        ("REPROMPT_MOCK_FOR_TEAM_7_PORT", "tcp://10.0.0.1:8780"),
        ("REPROMPT_MOCK_DB_PORT_5432_TCP", "tcp://10.0.0.1:5432"),
        ("REPROMPT_MOCK_DB_PORT_5432_TCP_ADDR", "10.0.0.1"),
        ("REPROMPT_MOCK_DNS_PORT_53_UDP_PROTO", "udp"),
        ("REPROMPT_MOCK_NAME", "/web/reprompt_mock"),
        ("REPROMPT_MOCK_1_NAME", "/web/reprompt_mock_1"),
        ("REPROMPT_MOCK_ENV_PATH", "/usr/bin"),
        ("REPROMPT_MOCK_ENV_REPROMPT_MOCK_HOST", "0.0.0.0"),
        ("REPROMPT_MOCK_1_ENV_PYTHON_VERSION", "3.13"),
        ("REPROMPT_MOCK_URL", "http://localhost:1"),
        ("REPROMPT_MOCK_CONFIG", "anywhere.toml"),
        ("REPROMPT_MOCK_LOG_FORMAT", "json"),
        ("REPROMPT_MOCK_LOG_LEVEL", "debug"),
        ("REPROMPT_API_KEY", SECRET),
        ("REPROMPT_MOCKERY", "1"),
        ("PORT", "1"),
    ],
)
def test_a_variable_that_is_no_setting_of_ours_is_ignored(variable: str, value: str) -> None:
    assert load(environ={variable: value}).model_dump() == load(environ={}).model_dump()


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("REPROMPT_MOCK_PROT", "REPROMPT_MOCK_PORT"),
        ("REPROMPT_MOCK_FAILURE_RATES", "REPROMPT_MOCK_FAILURE_RATE"),
        ("REPROMPT_MOCK_APIKEYS", "REPROMPT_MOCK_API_KEYS"),
        ("REPROMPT_MOCK_LOGLEVEL", "REPROMPT_MOCK_LOG_LEVEL"),
        ("REPROMPT_MOCK_SERVICE", None),
        ("REPROMPT_MOCK_PORT_UDP", "REPROMPT_MOCK_PORT"),
        ("REPROMPT_MOCK_API_PORT", "REPROMPT_MOCK_PORT"),
        ("REPROMPT_MOCK_XSERVICE_HOST", None),
        ("REPROMPT_MOCK_NAME", None),
        ("REPROMPT_MOCK_ENV", None),
        ("REPROMPT_MOCK_", None),
        ("REPROMPT_MOCK_QQQQ", None),
    ],
)
def test_an_unknown_variable_is_an_error_that_names_the_nearest(variable: str, hint: str | None) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(environ={variable: SECRET})
    assert f"unknown environment variable {variable}" in str(error.value)
    assert hint is None or str(error.value).endswith(f"; did you mean {hint}?")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        ":memory:",
        "file:world.db",
        "file:world.db?mode=memory",
        "FILE:/data/world.db",
        "sqlite:///world.db",
        "sqlite3:world.db",
        f"mysql://user:{SECRET}@localhost/world",
        f"http://{SECRET}@localhost/",
    ],
)
def test_what_is_no_path_is_no_database(tmp_path: Path, value: str) -> None:
    """Each would have become the name of a file."""
    sources: list[dict[str, Any]] = [
        {"flags": {"db": value}, "environ": {}},
        {"flags": {"db": Path(value)}, "environ": {}},
        {"environ": {"REPROMPT_MOCK_DB": value}},
        {"environ": {}, "config": toml(tmp_path, f"db = {value!r}")},
    ]
    for source in sources:
        with pytest.raises(ConfigurationError) as error:
            load(**source)
        assert str(error.value).startswith(
            "setting db: a path or postgresql://… is expected, no other URI nor :memory:"
        )
        assert SECRET not in str(error.value)


@pytest.mark.parametrize("name", ["C:\\data\\world.db", "profile.db", "./file:world.db", "a:b.db", "data/:memory:"])
def test_an_unusual_name_is_a_path(name: str) -> None:
    assert load({"db": name}, environ={}).db == Path(name)


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(environ={"REPROMPT_MOCK_DB": "~/world.db"}).db == tmp_path / "world.db"
    assert load({"db": Path("~/world.db")}, environ={}).db == tmp_path / "world.db"


@pytest.mark.parametrize(("key", "hint"), [("prot", "port"), ("Seed", "seed"), ("log_level", None), ("url", None)])
def test_an_unknown_key_is_an_error_that_names_the_nearest(tmp_path: Path, key: str, hint: str | None) -> None:
    config = toml(tmp_path, f"seed = 1\n{key} = '{SECRET}'\n")
    with pytest.raises(ConfigurationError) as error:
        load(environ={}, config=config)
    assert f"unknown key in {config} {key}" in str(error.value)
    assert hint is None or str(error.value).endswith(f"; did you mean {hint}?")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 2**63),
        ("seed", -(2**63) - 1),
        ("seed", 1.5),
        ("clock", "stopped"),
        ("speed", 0),
        ("speed", -1),
        ("speed", 1_000_001),
        ("speed", float("nan")),
        ("poll_advance", -0.1),
        ("pending_seconds", 1e9 + 1),
        ("queued_seconds", float("inf")),
        ("processing_seconds", float("nan")),
        ("workers", 0),
        ("workers", 10**6 + 1),
        ("failure_rate", 1.01),
        ("failure_rate", -0.01),
        ("failure_rate", float("nan")),
        ("attribute_error_rate", 2),
        ("not_found_rate", 2),
        ("found_rates", {"names": 1.5}),
        ("found_rates", {"website": 1}),
        ("drift_rate", 2),
        ("batch_failure_threshold", 2),
        ("max_jobs_per_request", -1),
        ("strict_attributes", "perhaps"),
        ("rate_limit", -1),
        ("port", -1),
        ("port", 65536),
        ("port", "http"),
        ("max_body_bytes", 0),
        ("journal_size", -1),
        ("api_keys", {SECRET: 1}),
        ("api_keys", [SECRET]),
        ("revoked_api_keys", {SECRET: 1}),
        ("control_token", [SECRET]),
    ],
)
def test_a_value_out_of_bounds_is_an_error_that_names_the_setting_alone(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^setting {name}: ") as error:
        load({name: value}, environ={})
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 2**63 - 1),
        ("seed", -(2**63)),
        ("speed", 1e6),
        ("speed", 1e-9),
        ("pending_seconds", 1e9),
        ("workers", 10**6),
        ("failure_rate", 1.0),
        ("max_jobs_per_request", 0),
        ("port", 65535),
        ("journal_size", 0),
    ],
)
def test_a_value_at_its_bound_is_accepted(name: str, value: Any) -> None:
    assert getattr(load({name: value}, environ={}), name) == value
    assert getattr(load(environ={f"REPROMPT_MOCK_{name.upper()}": str(value)}), name) == value


def test_every_unusable_value_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as error:
        load({"port": -1, "workers": 0}, environ={})
    sentences = str(error.value).split("; ")
    assert sorted(sentence.split(":")[0] for sentence in sentences) == ["setting port", "setting workers"]


@pytest.mark.parametrize(
    "value",
    [SECRET, f'{{"{SECRET}": 1}}', f'["{SECRET}"]', f'{{"{SECRET}"', f'{{"{SECRET}": null}}', f'{{"{SECRET}": ["x"]}}'],
)
def test_keys_in_a_variable_never_reach_the_error(value: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(environ={"REPROMPT_MOCK_API_KEYS": value})
    assert SECRET not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        f"api_keys = '{SECRET}'",
        f"api_keys = {{'{SECRET}' = 1}}",
        f"[api_keys]\n{SECRET} = 'a'\n{SECRET} = 'b'",
        f"[api_keys.{SECRET}]\na = 1\n[api_keys.{SECRET}]\n",
        f"[api_keys]\n{SECRET}.a = 1\n{SECRET} = 'a'\n",
        f"api_keys = {{'{SECRET}' = 'a' 'b' = 'c'}}",
        f"api_keys = {{'{SECRET}' = {SECRET}}}",
        f"revoked_api_keys = ['{SECRET}', 3]",
        f"control_token = ['{SECRET}']",
        f"seed = '{SECRET}'",
        "\x00" + SECRET,
        "seed = " + "[" * 10_000,
    ],
)
def test_keys_in_a_file_never_reach_the_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(environ={}, config=toml(tmp_path, text))
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__


def test_a_mistake_in_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    config = toml(tmp_path, "seed = 1\nport = = 2\n")
    with pytest.raises(ConfigurationError) as error:
        load(environ={}, config=config)
    assert str(error.value) == f"{config} is not valid TOML (at line 2, column 8)"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for config in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(ConfigurationError, match=f"cannot read {config}: "):
            load(environ={}, config=config)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"seed = '\xff'")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(environ={}, config=binary)


def test_a_table_of_a_file_can_hold_the_settings(tmp_path: Path) -> None:
    config = toml(tmp_path, "[project]\nname = 'mine'\n[tool.reprompt-mock]\nseed = 5\n[tool.other]\nprot = 1\n")
    assert load(environ={}, config=config, table="tool.reprompt-mock").seed == 5
    assert load(environ={}, config=config, table="tool.nothing").seed == 0
    with pytest.raises(ConfigurationError, match="did you mean port"):
        load(environ={}, config=config, table="tool.other")
    with pytest.raises(ConfigurationError, match="name must be a table"):
        load(environ={}, config=config, table="project.name")


def test_a_world_starts_with_its_part_of_the_settings() -> None:
    settings = load({"seed": 4, "failure_rate": 0.5, "port": 1}, environ={})
    assert settings.world == WorldSettings(seed=4, failure_rate=0.5)
    assert json.loads(settings.world.model_dump_json()).keys() == WorldSettings.model_fields.keys()
