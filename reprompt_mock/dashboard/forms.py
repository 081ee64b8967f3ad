"""Forms: the fields of a request's body, read off its model, so that a form offers what the control API accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

_NOTHING: Mapping[str, Any] = {}
_TYPES = {"integer": "number", "number": "number", "boolean": "flag", "string": "text"}
_FLAGS = ("true", "false")


class Field(NamedTuple):
    """A field of a form.

    Attributes:
        name: its path in the body, with dots.
        label: what it is called, which is how the control API names it.
        kind: number, text, flag, choice or json: how its text becomes JSON.
        choices: what can be chosen; empty for free text.
        hint: what it means.
        value: its text at first, "" for none.
    """

    name: str
    label: str
    kind: str
    choices: tuple[str, ...]
    hint: str
    value: str


def fields_of(model: type[BaseModel], values: Mapping[str, Any] = _NOTHING) -> list[Field]:
    """Return the fields of a model's JSON form.

    Args:
        model: the model of the body.
        values: JSON-ready data that the form shows at first, nested as the body.
    """
    schema = model.model_json_schema()
    return list(_fields(schema, schema.get("$defs", {}), values, ""))


def with_choices(fields: list[Field], name: str, choices: tuple[str, ...]) -> list[Field]:
    """Return fields, of which one offers choices instead of free text."""
    return [field._replace(kind="choice", choices=choices) if field.name == name else field for field in fields]


def _fields(
    schema: Mapping[str, Any], models: Mapping[str, Any], values: Mapping[str, Any], prefix: str
) -> Iterator[Field]:
    for name, described in schema["properties"].items():
        inner = _resolved(described, models)
        value = values.get(name)
        if "properties" in inner:
            yield from _fields(inner, models, value or {}, f"{prefix}{name}.")
            continue
        kind, choices = _kind(inner)
        hint = described.get("description", "")
        yield Field(f"{prefix}{name}", name, kind, choices, hint, _text(value, kind))


def _resolved(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a value is where it is given: references followed, null left out."""
    if "$ref" in schema:
        return _resolved(models[schema["$ref"].rpartition("/")[2]], models)
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return _resolved(options[0], models) if options else schema


def _kind(schema: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if "enum" in schema:
        return "choice", tuple(map(str, schema["enum"]))
    kind = _TYPES.get(schema.get("type", ""), "json")
    return kind, _FLAGS if kind == "flag" else ()


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    return str(value) if kind in {"text", "choice"} or isinstance(value, str) else orjson.dumps(value).decode()
