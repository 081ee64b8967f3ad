"""The control API's OpenAPI document, with the bodies and errors that its routes refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock import probes
from reprompt_mock.http import openapi

if TYPE_CHECKING:
    from fastapi import FastAPI

ERRORS = {
    400: "The request breaks a rule of the emulator.",
    401: "The token is missing or wrong.",
    403: "The request is cross-site, or its host is not allowed.",
    404: "Not found.",
    413: "The body is too large.",
    422: "The request does not fit its schema.",
    503: "Nothing can be stored.",
}
PROBES = {
    probes.HEALTH: ("health", "Report that the emulator is up, to anyone who reaches the port."),
    probes.LIVE: ("livez", "Report the same, under the name that orchestrators expect."),
    probes.READY: (
        "readyz",
        "Report that everything is loaded and the database answers; until then 503 with the reason.",
    ),
}
"""The operation id and summary of each probe; probes are answered before the app is called."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a router or a route."""
    return openapi.refusals({status: ERRORS[status] for status in statuses})


def build_document(app: FastAPI) -> dict[str, Any]:
    """Build the document of the app's routes, with the models that they refer to."""
    from reprompt_mock import specs
    from reprompt_mock.control import answers, bodies
    from reprompt_mock.engine import snapshot

    return openapi.build_document(app, answers, bodies, specs, snapshot, further=_probes())


def _probes() -> dict[str, Any]:
    return {path: _probe(path, *described) for path, described in PROBES.items()}


def _probe(path: str, name: str, purpose: str) -> dict[str, Any]:
    """Describe a probe, which needs no key or token."""
    responses = openapi.answered("Health")
    responses[200]["description"] = "The emulator is up, or ready."
    if path == probes.READY:
        responses |= openapi.refusals({503: "Not yet, or no more; `detail` says why."})
    named = {str(status): response for status, response in responses.items()}
    without_bodies = {status: {"description": response["description"]} for status, response in named.items()}
    return {
        "get": {"operationId": name, "summary": purpose, "responses": named},
        "head": {"operationId": f"{name}_head", "summary": purpose, "responses": without_bodies},
    }
