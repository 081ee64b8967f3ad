"""The control API's OpenAPI document: the bodies and errors that its routes name by reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock import openapi

if TYPE_CHECKING:
    from fastapi import FastAPI

ERRORS = {
    400: "The request breaks a rule of the emulator.",
    401: "The token is missing or wrong.",
    403: "A page of another site calls, or the host is not allowed.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "The request does not fit its schema.",
    503: "Nothing can be stored.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a router or a route."""
    return openapi.refusals("ErrorAnswer", {status: ERRORS[status] for status in statuses})


def build_document(app: FastAPI) -> dict[str, Any]:
    """Write the document of the app's routes, with the models that they refer to."""
    from reprompt_mock import specs
    from reprompt_mock.control import answers, bodies
    from reprompt_mock.engine import snapshot

    return openapi.build_document(app, answers, bodies, specs, snapshot)
