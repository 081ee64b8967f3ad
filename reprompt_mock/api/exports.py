"""Exports: create, list, status, download (contract K)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from reprompt_mock.api import facts
from reprompt_mock.api.call import Call, CallRouter
from reprompt_mock.api.openapi import errors
from reprompt_mock.api.recording import recording_of
from reprompt_mock.api.schemas.exports import CreateExportRequest
from reprompt_mock.clock import SECOND, iso
from reprompt_mock.engine import artifacts, downloads, exports
from reprompt_mock.engine.artifacts import Position
from reprompt_mock.engine.exports import ExportView
from reprompt_mock.errors import MockError, OrganizationNotFound
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer, invalid_header
from reprompt_mock.mounting import root_of
from reprompt_mock.operations import SERVICE
from reprompt_mock.store.exports import KEPT_FOR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from reprompt_mock.engine.downloads import Download
    from reprompt_mock.engine.world import World
    from reprompt_mock.http.offload import Offload

router = CallRouter("exports", 401, 403, 404, 422, 429)
links = APIRouter(tags=["exports"], responses=errors(403, 404, 422))

_CSV = "text/csv; charset=utf-8"
_KEY = "Idempotency-Key"
_INLINE: dict[int | str, dict[str, Any]] = {200: {"description": "The file itself.", "content": {"text/csv": {}}}}
_REDIRECT: dict[int | str, dict[str, Any]] = {307: {"description": "The signed address of the file."}}
_KEY_PARAMETER = {
    "parameters": [
        {
            "name": _KEY,
            "in": "header",
            "required": False,
            "description": "A repeated create with the same key and batches returns the same export.",
            "schema": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": _KEY},
        }
    ]
}


@router.serves(
    "create_export",
    responses=_INLINE | answered("ExportStatusResponse", status=202) | errors(400, 409, 413, 502),
    openapi_extra=request_body(CreateExportRequest) | _KEY_PARAMETER,
)
async def create_export(call: Call) -> Response:
    """Export batches as one CSV: in the answer if it is small, else as an export to poll (contract K1, K2)."""
    batch_ids = (await call.parse(CreateExportRequest)).batch_ids
    key = call.headers.get(_KEY)
    call.note({**facts.of_exported(batch_ids), "key": key is not None})
    if key == "":
        raise invalid_header(_KEY, "String should have at least 1 character")
    at_once = await call.read(exports.at_once, batch_ids, key)
    call.note({"inline": isinstance(at_once, list)})
    if isinstance(at_once, list):
        return _inline(at_once)
    view = at_once or await _created(call, batch_ids, key)
    call.note(_told(view))
    return answer(_body(call, view), 202)


async def _created(call: Call, batch_ids: Sequence[str], key: str | None) -> ExportView:
    made = await call.write(exports.create, batch_ids, key)
    if isinstance(made, MockError):
        raise made
    return made


def _inline(parts: Sequence[bytes]) -> Response:
    written = map(artifacts.restored, parts)
    if len(parts) == 1:
        return Response(next(written), media_type=_CSV)
    return StreamingResponse(written, media_type=_CSV)


@router.serves(
    "list_exports",
    responses=answered("ExportListResponse") | errors(400),
)
async def list_exports(
    call: Call,
    status: Annotated[str | None, Query(description="Only exports in this status.")] = None,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="The most exports to return.")] = 50,
) -> Response:
    """List exports, newest first, except those answered with the CSV itself (contract K6)."""
    page = await call.read(exports.page, status=status, cursor=cursor, limit=limit)
    call.note({"limit": limit, "size": len(page.exports)})
    return answer({"exports": [_body(call, view) for view in page.exports], "next_cursor": page.next_cursor})


@router.serves("get_export", responses=answered("ExportStatusResponse"))
async def get_export(call: Call, export_id: str) -> Response:
    """Describe an export (contract K5)."""
    call.note({"export_id": facts.named(export_id)})
    view = await call.read(exports.show, export_id)
    call.note(_told(view))
    return answer(_body(call, view))


@router.serves(
    "download_export",
    status_code=307,
    responses=_REDIRECT | errors(409, 410),
)
async def download_export(call: Call, export_id: str) -> Response:
    """Redirect to the signed address of an export's file, which is valid for an hour (contract K5)."""
    call.note({"export_id": facts.named(export_id)})
    token = await call.read(downloads.link, export_id)
    return RedirectResponse(f"{_path(call)}/artifacts/{token}", 307)


@links.get(
    f"{SERVICE}/exports/artifacts/{{token}}",
    operation_id="download_artifact",
    responses=_INLINE | errors(410),
    openapi_extra={"security": []},
)
async def download_artifact(request: Request, token: str) -> Response:
    """Send the file behind a signed address, without requiring a key (contract K5)."""
    offload: Offload = request.app.state.offload
    org_slug = request.path_params["org_slug"]
    world = offload.engine.worlds.find(org_slug)
    if world is None:
        raise OrganizationNotFound(org_slug=org_slug)
    download = await offload.read(world, downloads.open_link, token)
    recording = recording_of(request.scope)
    recording.carried_out = True
    recording.facts = {"export_id": download.export.id}
    headers = {"Content-Disposition": f'attachment; filename="{download.export.id}.csv"'}
    return StreamingResponse(_parts(offload, world, download), media_type=_CSV, headers=headers)


async def _parts(offload: Offload, world: World, download: Download) -> AsyncIterator[bytes]:
    position = Position()
    while True:
        data, position = await offload.read(world, downloads.part, download, position)
        if not data:
            return
        yield data


def _path(call: Call) -> str:
    """Return the path of a world's exports as a client reaches it, below a proxy's prefix or a mount (contract K3)."""
    return f"{root_of(call.scope)}{SERVICE.format(org_slug=call.world.slug)}/exports"


def _told(view: ExportView) -> dict[str, Any]:
    return {"export_id": view.export.id, "status": view.export.status}


def _body(call: Call, view: ExportView) -> dict[str, Any]:
    """Describe an export as the service does (contract K3)."""
    export = view.export
    path = f"{_path(call)}/{export.id}"
    return {
        "id": export.id,
        "status": export.status,
        "batch_ids": export.batch_ids,
        "batch_names": view.names,
        "created_at": iso(export.created_at),
        "updated_at": iso(_updated_at(view)),
        "status_url": path,
        "download_url": f"{path}/download" if export.status == "completed" else None,
        "error": export.error if export.status == "failed" else None,
        "metadata": _metadata(view),
        "expired": export.status == "expired",
    }


def _updated_at(view: ExportView) -> int:
    export = view.export
    if export.status == "queued":
        return export.created_at
    if export.status == "running" or export.finished_at is None:
        return export.running_at
    return export.finished_at + (KEPT_FOR if export.status == "expired" else 0)


def _metadata(view: ExportView) -> dict[str, Any] | None:
    export = view.export
    if view.rows is None or export.finished_at is None:
        return None
    return {
        "rows_exported": view.rows,
        "queued_seconds": (export.running_at - export.created_at) / SECOND,
        "running_seconds": (export.finished_at - export.running_at) / SECOND,
    }
