"""Drift: what a newer published OpenAPI document says otherwise than the emulator's own.

A document comes down to facts: for each operation its parameters, the fields of its body and of its answers, each with
type, bounds and choices. A fact that only the published document has is new, one that only the emulator has is gone,
and one with another value has changed. Known differences, such as what the emulator adds, are in `drift_known.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

Facts = dict[tuple[str, str], str]
"""For each operation and part of it what the document says of that part."""

_METHODS = ("get", "put", "post", "delete", "patch")
_BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
    "pattern", "format", "default", "const", "enum",
)  # fmt: skip
_PREFIX = "/v1/{org_slug}"
_DEEPEST = 12
_EVERYWHERE = frozenset(("org_slug", "apiKey"))
"""Parameters of every operation, which documents name or leave out: the organization and the key."""
_KNOWN = "drift_known.json"


class Drift(NamedTuple):
    """A fact that differs: of which operation, of what in it, and what each document says, None for nothing."""

    operation: str
    part: str
    published: str | None
    emulator: str | None

    @property
    def kind(self) -> str:
        """Whether it is `new`, `gone` or `changed`."""
        if self.emulator is None:
            return "new"
        return "gone" if self.published is None else "changed"


class NotADocument(ValueError):
    """What was given is not an OpenAPI document; the message says why."""


def read_document(text: bytes) -> dict[str, Any]:
    """Read an OpenAPI document.

    Raises:
        NotADocument: `text` is not JSON, or not such a document.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotADocument(f"it is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise NotADocument("it has no `paths`: name a JSON document of OpenAPI 3")
    return document


def facts_of(document: Mapping[str, Any]) -> Facts:
    """Flatten a document into facts."""
    found: Facts = {}
    schemas = document.get("components", {}).get("schemas", {})
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if isinstance(operations, Mapping) and isinstance(operations.get(method), Mapping):
                name = f"{method.upper()} {path.removeprefix(_PREFIX)}"
                found[name, ""] = "operation"
                found |= {(name, part): value for part, value in _of_operation(operations[method], schemas)}
    return found


def _of_operation(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", ()):
        if parameter.get("name") in _EVERYWHERE:
            continue
        where = f"{parameter.get('in')} parameter {parameter.get('name')}"
        yield where, "required" if parameter.get("required") else "optional"
        yield from _of_schema(where, parameter.get("schema", {}), schemas)
    yield from _of_content("body", operation.get("requestBody", {}), schemas)
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            yield f"answer {status}", "status"
            yield from _of_content(f"answer {status}", answer, schemas)


def _of_content(where: str, holder: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, content in holder.get("content", {}).items():
        yield f"{where} as {kind}", "content"
        yield from _of_schema(where, content.get("schema", {}), schemas)


def _of_schema(
    where: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Flatten a schema; one that goes deeper than anything published, or refers to itself, ends there."""
    schema = _resolved(schema, schemas)
    if depth > _DEEPEST:
        return
    options = [option for option in schema.get("anyOf", schema.get("oneOf", ())) if option.get("type") != "null"]
    if len(options) == 1:
        schema = {**schema, **_resolved(options[0], schemas)}
    elif options:
        for option in options:
            resolved = _resolved(option, schemas)
            name = resolved.get("title") or resolved.get("type")
            yield from _of_schema(f"{where} as {name}", resolved, schemas, depth + 1)
        return
    if "type" in schema:
        yield f"{where} type", str(schema["type"])
    yield from ((f"{where} {bound}", json.dumps(schema[bound])) for bound in _BOUNDS if schema.get(bound) is not None)
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield f"{where}.{name}", "required" if name in required else "optional"
        yield from _of_schema(f"{where}.{name}", field, schemas, depth + 1)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), Mapping):
            yield from _of_schema(f"{where}{mark}", schema[key], schemas, depth + 1)


def _resolved(schema: Any, schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            break
        schema = schemas.get(str(schema["$ref"]).rpartition("/")[2], {})
    return schema if isinstance(schema, Mapping) else {}


def differences(published: Facts, emulator: Facts, known: frozenset[Drift] = frozenset()) -> list[Drift]:
    """Compare the facts of two documents.

    Args:
        published: those of the published document.
        emulator: those of the emulator's own.
        known: differences that are left out.

    Returns:
        What differs, by operation; of an operation that is new or gone as a whole only that.
    """
    found = [
        Drift(operation, part, published.get((operation, part)), emulator.get((operation, part)))
        for operation, part in sorted({*published, *emulator})
        if published.get((operation, part)) != emulator.get((operation, part))
    ]
    whole = {one.operation for one in found if not one.part}
    return [one for one in found if one not in known and (not one.part or one.operation not in whole)]


def known_differences() -> frozenset[Drift]:
    """Read the differences from the published document that are meant."""
    listed = json.loads(files("reprompt_mock").joinpath(_KNOWN).read_text(encoding="utf-8"))
    return frozenset(Drift(operation, *one) for operation, some in listed.items() for one in some)


def as_known(drifts: list[Drift]) -> str:
    """Write differences as `known_differences` reads them."""
    listed = {name: [one[1:] for one in some] for name, some in groupby(drifts, key=lambda one: one.operation)}
    return json.dumps(listed, indent=1) + "\n"


def as_text(drifts: list[Drift]) -> str:
    """Write differences by operation, a line for each."""
    lines = []
    for operation, some in groupby(drifts, key=lambda one: one.operation):
        lines.append(operation)
        lines += [f"  {one.kind}: {_said(one)}" for one in some]
    return "\n".join(lines)


def _said(drift: Drift) -> str:
    if not drift.part:
        return "the operation"
    if drift.kind == "changed":
        return f"{drift.part}: {drift.published}, here {drift.emulator}"
    return f"{drift.part}: {drift.published or drift.emulator}"


def as_json(drifts: list[Drift]) -> str:
    """Write differences as a JSON list."""
    return json.dumps([{"kind": one.kind, **one._asdict()} for one in drifts], indent=2)
