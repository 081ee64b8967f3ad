"""The control app: health, worlds, settings, clock. Its own app, so nothing of the service can touch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel

from reprompt_mock import __version__
from reprompt_mock.clock import SECOND, iso, moment_of
from reprompt_mock.control import models
from reprompt_mock.desk import Desk
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.operations import Operations
from reprompt_mock.problems import install
from reprompt_mock.settings import WorldSettings
from reprompt_mock.wire import answer, parse, read_body
from reprompt_mock.world import World, is_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine import Engine, WorldSummary

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)

router = APIRouter(prefix="/_mock")


def create_control_app(desk: Desk) -> FastAPI:
    """Make the control app of an engine."""
    app = FastAPI(
        title="reprompt-mock control API",
        version=__version__,
        openapi_url="/_mock/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.include_router(router)
    install(app, Operations(router.routes).methods_of)
    return app


@dataclass(frozen=True, slots=True)
class Control:
    """What a route needs of its request."""

    request: Request

    @property
    def desk(self) -> Desk:
        """The way to the engine."""
        desk: Desk = self.request.app.state.desk
        return desk

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.desk.engine

    @property
    def world(self) -> World:
        """The world that the path names, not made by being looked at.

        Raises:
            OrganizationNotFound: the path names no possible slug.
        """
        org_slug = self.request.path_params["org_slug"]
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)
        return self.engine.worlds.peek(org_slug)

    async def body(self, model: type[Model]) -> Model:
        """Read the body by a model."""
        return parse(model, await read_body(self.request, self.engine.settings.max_body_bytes))

    async def change(self, work: Callable[[], T]) -> T:
        """Run work that changes a world, in a thread: it may move many jobs."""
        return await self.desk.write(work, big=True)


async def _control(request: Request) -> Control:
    return Control(request)


Controlled = Annotated[Control, Depends(_control)]


@router.get("/health", response_model=models.Health)
async def health() -> Response:
    """Tell that the emulator can serve; needs no key."""
    return answer({"status": "ok", "version": __version__})


@router.get("/orgs", response_model=models.WorldList)
async def list_orgs(control: Controlled) -> Response:
    """List the worlds with their counts of batches and jobs."""
    engine = control.engine
    summaries = await control.change(lambda: [engine.summary(world) for world in engine.worlds])
    return answer({"orgs": [_summary(summary) for summary in summaries]})


@router.post("/reset", status_code=204)
async def reset(control: Controlled) -> Response:
    """Forget all worlds."""
    await control.change(control.engine.reset)
    return Response(status_code=204)


@router.get("/orgs/{org_slug}", response_model=models.WorldSummary)
async def get_org(control: Controlled) -> Response:
    """Count what is in a world; an unused one shows zeros and is not made."""
    world = control.world
    return answer(_summary(await control.desk.read(world, lambda: control.engine.summary(world))))


@router.delete("/orgs/{org_slug}", status_code=204)
async def delete_org(control: Controlled) -> Response:
    """Forget a world, as if it had never been used."""
    world = control.world
    await control.desk.write(lambda: control.engine.forget(world))
    return Response(status_code=204)


@router.get("/orgs/{org_slug}/settings", response_model=WorldSettings)
async def get_settings(control: Controlled) -> Response:
    """Show a world's settings."""
    return answer(control.world.settings.model_dump())


@router.patch("/orgs/{org_slug}/settings", response_model=WorldSettings)
async def change_settings(control: Controlled) -> Response:
    """Change a world's settings, for what is submitted or reprocessed from now on."""
    world = control.world
    request = await control.body(models.SettingsChange)
    changes = request.model_dump(exclude_unset=True)
    settings = await control.desk.write(lambda: control.engine.change_settings(world, changes))
    return answer(settings.model_dump())


@router.get("/orgs/{org_slug}/clock", response_model=models.Clock)
async def get_clock(control: Controlled) -> Response:
    """Show a world's clock."""
    world = control.world
    return answer(_clock(world.now(), running=world.clock.running, speed=world.clock.speed))


@router.patch("/orgs/{org_slug}/clock", response_model=models.Clock)
async def change_clock(control: Controlled) -> Response:
    """Pause or resume a world's clock, change its speed, set its time."""
    world = control.world
    wanted = await control.body(models.ClockChange)
    now = None if wanted.now is None else moment_of(wanted.now)
    summary = await control.change(
        lambda: control.engine.change_clock(world, now=now, running=wanted.running, speed=wanted.speed)
    )
    return answer(_clock_of(summary))


@router.post("/orgs/{org_slug}/clock/advance", response_model=models.Clock)
async def advance(control: Controlled) -> Response:
    """Move a world's clock forward; every transition due by then has happened when it answers."""
    world = control.world
    wanted = await control.body(models.Advance)
    summary = await control.change(lambda: control.engine.advance(world, round(wanted.seconds * SECOND)))
    return answer(_clock_of(summary))


@router.post("/orgs/{org_slug}/clock/settle", response_model=models.Settled)
async def settle(control: Controlled) -> Response:
    """Advance just far enough for every job in scope to finish, held ones and unstarted uploads aside."""
    world = control.world
    wanted = await control.body(models.Settle)
    settled = await control.change(lambda: control.engine.settle(world, wanted.batch_id))
    return answer(
        {
            "now": iso(settled.now),
            "advanced_seconds": settled.advanced / SECOND,
            "unfinished": settled.unfinished,
        }
    )


def _clock(now: int, *, running: bool, speed: float) -> dict[str, Any]:
    return {"now": iso(now), "running": running, "speed": speed}


def _clock_of(summary: WorldSummary) -> dict[str, Any]:
    return _clock(summary.now, running=summary.running, speed=summary.speed)


def _summary(summary: WorldSummary) -> dict[str, Any]:
    return {
        "org_slug": summary.slug,
        "batches": summary.batches,
        "jobs": summary.jobs.as_dict(),
        "clock": _clock_of(summary),
    }
