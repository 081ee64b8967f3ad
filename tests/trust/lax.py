"""Which bodies break their schema by lax scalars alone, such as "2" for 2: the service accepts these (contract B6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import jsonschema_rs


def _is_number(text: str) -> bool:
    with suppress(ValueError):
        float(text)
        return True
    return False


def _is_boolean(text: str) -> bool:
    return text in {"0", "1", "0.0", "1.0", "-0.0", "t", "f", "true", "false", "y", "n", "yes", "no", "on", "off"}


LAX: Mapping[str, Callable[[str], bool]] = {
    "boolean": _is_boolean,
    "number": lambda text: _is_number(text) or _is_boolean(text),
    "integer": lambda text: (_is_number(text) and float(text).is_integer()) or text in {"true", "false"},
}
"""By JSON type, which scalars are taken for it, as lower-case text."""


def only_lax(document: Mapping[str, Any], schema: Mapping[str, Any], body: Any) -> bool:
    """Tell whether a body breaks a schema of an OpenAPI document, and by lax scalars alone."""
    whole = {"components": document["components"], **schema}
    errors = list(jsonschema_rs.Draft202012Validator(whole).iter_errors(body))
    return bool(errors) and _are_lax(errors)


def _are_lax(errors: Iterable[jsonschema_rs.ValidationError]) -> bool:
    return all(map(_is_lax, errors))


def _is_lax(error: jsonschema_rs.ValidationError) -> bool:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        return any(map(_are_lax, kind.context))
    is_scalar = isinstance(error.instance, str | int | float)
    if not is_scalar or not isinstance(kind, jsonschema_rs.ValidationErrorKind.Type):
        return False
    return any(LAX[expected](str(error.instance).lower()) for expected in kind.types if expected in LAX)
