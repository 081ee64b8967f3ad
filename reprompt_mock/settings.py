"""Every setting with its bounds and default; sources are flags, the environment and a config file, in this order."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict, SettingsError

from reprompt_mock.dsn import Dsn, is_dsn
from reprompt_mock.hints import nearest
from reprompt_mock.specs import MOST_RULES, RuleSpec
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pydantic_settings import EnvSettingsSource, PydanticBaseSettingsSource

PREFIX = "REPROMPT_MOCK_"
_ALSO_KNOWN = ("url", "config", "log_format", "log_level")
_INJECTED = re.compile(r"(.*_)?(SERVICE_HOST|SERVICE_PORT.*|PORT_\d+_(TCP|UDP|SCTP).*|ENV_.+)")
_INJECTED_IF = {
    re.compile(r"(.*_)?PORT"): re.compile(r"(tcp|udp|sctp)://.*"),
    re.compile(r"(.*_)?NAME"): re.compile(r".*/.*"),
}
"""Names of variables that platforms inject, by the form of their values; any other value is a user's mistake."""
_NO_FILE = re.compile(r":memory:|(file|sqlite3?):.*|[a-z][a-z0-9+.-]+:/.*", re.IGNORECASE)


def _prefix(path: str) -> str:
    parts = path.rstrip("/").split("/")
    if path.strip("/") and (parts[0] or "" in parts[1:]):
        raise PydanticCustomError("root_path", "must begin with a slash and have no empty part, such as /emulator")
    if len(parts) > 1 and parts[1] in {"v1", "_mock"}:
        raise PydanticCustomError("root_path", "must not begin with /v1 or /_mock, which the emulator's own paths do")
    return "/".join(parts)


RootPath = Annotated[str, AfterValidator(_prefix)]


class ConfigurationError(ValueError):
    """A setting is unusable; the message is one line that never repeats a value."""


def _database(value: Any) -> Any:
    """Convert an address or a path; refuse other URIs and the like, which would otherwise become a file's name."""
    if not isinstance(value, str | Path):
        return value
    text = str(value)
    if is_dsn(text):
        return Dsn(text)
    if _NO_FILE.fullmatch(text):
        raise PydanticCustomError(
            "no_file",
            "a path or postgresql://… is expected, no other URI nor :memory:; without one the data are ephemeral",
        )
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises if there is no home


class Settings(WorldSettings, BaseSettings):
    """The settings of an emulator; a new world starts with those of `WorldSettings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("localhost", description="The host or address to listen on; `localhost` is 127.0.0.1 and ::1.")
    port: int = Field(8780, ge=0, le=65535, description="The port; 0 picks a free one.")
    db: Annotated[Path | Dsn, BeforeValidator(_database)] | None = Field(
        None,
        description="The file that keeps everything, or the `postgresql://…` address of a database; without one the"
        " data are ephemeral.",
    )
    db_wait: float = Field(
        0, ge=0, le=3600, description="How many seconds to wait at start until a database server answers."
    )
    api_keys: dict[str, str] = Field(
        {}, description="Strict mode: the organization that each key gives access to, or `*` for all."
    )
    revoked_api_keys: list[str] = Field([], description="Keys that are refused.")
    max_body_bytes: int = Field(64 * 2**20, ge=1, description="The largest request body that is accepted.")
    journal_size: int = Field(1000, ge=0, le=10**6, description="How many requests the journal keeps per organization.")
    control_token: str | None = Field(
        None, description="The Bearer token that the control API requires; without one, the API is open."
    )
    allowed_hosts: list[str] = Field([], description="Additional host names under which the control API may be called.")
    rules: list[RuleSpec] = Field(
        [], max_length=MOST_RULES, description="Rules that every new organization starts with; in a file, `[[rules]]`."
    )
    root_path: RootPath | None = Field(
        None, description="The prefix under which a proxy serves the emulator, such as `/emulator`."
    )
    cors_origins: list[str] = Field([], description="Origins of web pages that may call `/v1` from a browser.")

    @property
    def world(self) -> WorldSettings:
        """The settings that a new world starts with."""
        return WorldSettings(**{name: getattr(self, name) for name in WorldSettings.model_fields})


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
    table: str | None = None,
    passed_over: Collection[str] = (),
) -> Settings:
    """Read the settings from all sources; the first source that has one wins: flag, environment, file, default.

    Args:
        flags: settings by name; None means not given.
        environ: the environment, by default that of the process.
        config: a TOML file of settings.
        table: the dotted name of the table in that file that contains them, by default its root.
        passed_over: keys of that table that are not settings.

    Raises:
        ConfigurationError: a key is unknown, or a value is unusable.
    """
    variables = _variables(os.environ if environ is None else environ)
    _refuse_unknown(variables, _ALSO_KNOWN, "environment variable", lambda name: PREFIX + name.upper())
    in_file = _file_values(config, table) if config else {}
    in_file = {name: value for name, value in in_file.items() if name not in passed_over}
    _refuse_unknown(in_file, (), f"key in {config}", str)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _refuse_unknown(given, (), "setting", str)
    # pydantic-settings would merge tables from several sources, and so keep keys that a prior source replaces.
    variables = {name: value for name, value in variables.items() if name not in given}
    in_file = {name: value for name, value in in_file.items() if name not in given and name not in variables}
    return _build(given, variables, in_file)


def _build(flags: Mapping[str, Any], variables: Mapping[str, str], in_file: Mapping[str, Any]) -> Settings:
    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = cast("EnvSettingsSource", env_settings)
            environment.env_vars = {(PREFIX + name).lower(): value for name, value in variables.items()}
            return init_settings, environment, InitSettingsSource(settings_cls, init_kwargs=dict(in_file))

    try:
        return Sourced(**flags)
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_sentence, error.errors()))) from None
    except SettingsError:
        raise ConfigurationError(f"a list or table in a {PREFIX}… variable must be written as JSON") from None


def _sentence(error: Mapping[str, Any]) -> str:
    # Only the setting's name, since the keys of api_keys are secrets; for rules, the exact place.
    where = error["loc"] if error["loc"][0] == "rules" else error["loc"][:1]
    message = str(error["msg"])
    return f"setting {'.'.join(map(str, where))}: {message[0].lower()}{message[1:]}"


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are meant for the emulator, by setting name.

    Others with the same prefix are injected by Kubernetes for a service called reprompt-mock or reprompt-mock-anything,
    and by Docker for a linked container with such a name.
    """
    variables = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and value and not _is_injected(name, value):
            variables[name.lower()] = value
    return variables


def _is_injected(name: str, value: str) -> bool:
    return bool(_INJECTED.fullmatch(name)) or any(
        names.fullmatch(name) and values.fullmatch(value) for names, values in _INJECTED_IF.items()
    )


def _file_values(config: Path, table: str | None) -> dict[str, Any]:
    import tomllib

    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {config}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{config} is not valid TOML: it is not UTF-8") from None
    except RecursionError:
        raise ConfigurationError(f"{config} is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        # Keep only the position: the rest of the message may contain a key.
        place = re.search(r" \(at .*\)$", str(error))
        raise ConfigurationError(f"{config} is not valid TOML{place[0] if place else ''}") from None
    for key in table.split(".") if table else ():
        values = values.get(key, {})
        if not isinstance(values, dict):
            raise ConfigurationError(f"{key} must be a table in {config}")
    return values


def _refuse_unknown(names: Iterable[str], also: Iterable[str], kind: str, spell: Any) -> None:
    known = {*Settings.model_fields, *also}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"unknown {kind} {spell(name)}{nearest(name, known, spell)}")
