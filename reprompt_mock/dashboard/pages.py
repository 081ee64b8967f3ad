"""The pages by their address, and how a request for one or for a part of one is answered."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.responses import Response

from reprompt_mock.dashboard import files
from reprompt_mock.dashboard.batch import BATCH, PLACE
from reprompt_mock.dashboard.conduct import CONDUCT
from reprompt_mock.dashboard.journal import JOURNAL, REQUEST
from reprompt_mock.dashboard.looking import Looking
from reprompt_mock.dashboard.render import environment
from reprompt_mock.dashboard.restart import restart
from reprompt_mock.dashboard.scenario import FAULTS, RULES
from reprompt_mock.dashboard.settings import SETTINGS
from reprompt_mock.dashboard.world import WORLD
from reprompt_mock.dashboard.worlds import WORLDS
from reprompt_mock.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from starlette.requests import Request

    from reprompt_mock.dashboard.parts import Page

PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "": WORLD,
        "batch": BATCH,
        "place": PLACE,
        "journal": JOURNAL,
        "request": REQUEST,
        "rules": RULES,
        "faults": FAULTS,
        "settings": SETTINGS,
        "conduct": CONDUCT,
    }
)
"""The pages of a world, by what follows its slug in their address."""
_WORLD = "orgs/"
_PART = "part"


async def answer(request: Request) -> Response:
    """Answer a request for a page, or for the parts of it that `part` names."""
    place = request.path_params["place"].strip("/")
    org_slug, _, rest = place.removeprefix(_WORLD).partition("/") if place.startswith(_WORLD) else ("", "", place)
    looking = Looking(request, org_slug)
    if request.method == "POST":
        return await restart(looking) if org_slug and rest == "reprocess" else _nothing_here()
    page = PAGES.get(rest) if org_slug else {"": WORLDS}.get(rest)
    if page is None:
        return _nothing_here()
    html = await _rendered(await _templates(), page, looking)
    return Response(html, media_type="text/html", headers=_HEADERS) if html is not None else _nothing_here()


_HEADERS = {**files.HEADERS, "Cache-Control": "no-store"}


async def _templates() -> Environment:
    """Return the templates; the first who wants them waits for a thread that compiles them."""
    return environment() if environment.cache_info().currsize else await to_thread.run_sync(environment)


def _nothing_here() -> Response:
    return problem("There is nothing at this path.", 404, files.HEADERS)


async def _rendered(templates: Environment, page: Page, looking: Looking) -> str | None:
    """Render a page, or some of its parts, each in a section with its name; or None if it has no such part."""
    values: dict[str, Any] = {"look": looking, "org": looking.org_slug, "ui": looking.ui, "root": looking.root}
    names = looking.request.query_params.getlist(_PART)
    if names:
        parts = [part for part in page.parts if part.name in names]
        if len(parts) < len(set(names)):
            return None
        loaded = await asyncio.gather(*(part.load(looking) for part in parts))
        rendered = [
            templates.get_template(f"_{part.name}.html").render(values, **found)
            for part, found in zip(parts, loaded, strict=True)
        ]
        return "".join(
            f'<section id="{part.name}">{html}</section>' for part, html in zip(parts, rendered, strict=True)
        )
    parts = [part for part in page.parts if not part.is_late]
    for found in await asyncio.gather(page.load(looking), *(part.load(looking) for part in parts)):
        values |= found
    return templates.get_template(f"{page.name}.html").render(values, page=page)
