"""The service's OpenAPI document: the models that its routes refer to, and the ways to send a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.http import openapi

if TYPE_CHECKING:
    from fastapi import FastAPI

SECURITY_SCHEMES = {
    "HTTPBearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "apiKey"},
}
ORG_SLUG = {
    "name": "org_slug",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "title": "Org Slug"},
}
"""The parameter of every path; FastAPI does not know it, since calls read it first."""
ERRORS = {
    400: "The request violates a rule of the service.",
    401: "The key is missing or unknown.",
    402: "An attribute is not included in the plan.",
    403: "The key belongs to another organization.",
    404: "Not found.",
    409: "The present state does not allow it.",
    410: "No longer kept.",
    413: "The body is too large.",
    422: "The request does not match its schema.",
    429: "Too many requests; `Retry-After` is the number of seconds to wait.",
    502: "The export was not started.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a router or a route."""
    return openapi.refusals({status: ERRORS[status] for status in statuses})


def build_document(app: FastAPI) -> dict[str, Any]:
    """Build the document of the app's routes, with the models that they refer to and the ways to send a key."""
    from reprompt_mock.api.schemas import answers, batches, exports, results

    document = openapi.build_document(app, answers, batches, exports, results)
    for path in document["paths"].values():
        for operation in path.values():
            operation["parameters"] = [dict(ORG_SLUG), *operation.get("parameters", ())]
    document["components"]["securitySchemes"] = dict(SECURITY_SCHEMES)
    document["security"] = [{scheme: []} for scheme in SECURITY_SCHEMES]
    return document
