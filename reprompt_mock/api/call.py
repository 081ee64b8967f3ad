"""An authenticated request: its world, and the engine's doors for reading and writing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from reprompt_mock.api import facts
from reprompt_mock.api.fields import unknown_fields
from reprompt_mock.api.openapi import errors
from reprompt_mock.api.recording import recording_of
from reprompt_mock.engine.identifiers import fingerprint_of
from reprompt_mock.http.shortcut import DirectRoute, parameters
from reprompt_mock.http.wire import loaded, read_body, validated
from reprompt_mock.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from fastapi.types import DecoratedCallable

    from reprompt_mock.api.auth import Gate
    from reprompt_mock.api.facts import Facts
    from reprompt_mock.engine.batches import BatchView
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.submissions import BatchToCreate
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing, Written
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.world_settings import WorldSettings

P = ParamSpec("P")
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)

_MUCH = 2**20
"""The number of bytes from which a body is digested by another thread."""
_PATIENCE_SECONDS = 30.0
_BY_ID = {operation.id: operation for operation in OPERATIONS}


class Call(Request):
    """A request that has been admitted (contract A, I3), with what routes need; its body has not been read yet.

    Attributes:
        world: the world that it means.
        fingerprint: what stands for its body, once that was read; "" for none.

    Args:
        request: the request as received.

    Raises:
        KeyMissing, KeyRefused, OrganizationForbidden, OrganizationNotFound: no key opens the organization.
        TooManyRequests: the key exceeds the world's `rate_limit`.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        shared = request.app.state
        gate: Gate = shared.gate
        self._offload: Offload = shared.offload
        org_slug = request.scope["path_params"]["org_slug"]
        self._recording = recording_of(request.scope)
        key = gate.admit(org_slug, self._recording.keys)
        self.world: World = self._offload.engine.worlds.peek(org_slug)
        self.fingerprint = ""
        self.shared_key = key if self._offload.is_shared else None
        if self.shared_key is None:
            self.world.take_token(key)

    async def take_token(self) -> None:
        """Count the request against a rate limit that other emulators share."""
        if self.shared_key is not None and self.settings.rate_limit:
            await self._offload.take_token(self.world, self.shared_key)

    @property
    def settings(self) -> WorldSettings:
        """The world's settings."""
        return self.world.settings

    async def read(self, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads the world; if it succeeds, the world is created."""
        value = await self._offload.read(self.world, work, *args, **kwargs)
        if self._offload.is_shared:
            await self._offload.keep(self.world)
        else:
            self._offload.engine.worlds.keep(self.world)
        return value

    def glance(self, work: Callable[Concatenate[World, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case on the world's in-memory state, which needs no transaction."""
        return work(self.world, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that changes the world."""
        return self._done(await self._offload.write(self.world, work, *args, **kwargs))

    async def create(self, request: BatchToCreate) -> BatchView:
        """Create a batch."""
        return self._done(await self._offload.create(self.world, request))

    def _done(self, written: Written[T]) -> T:
        self._recording.rules += tuple(written.rules)
        return written.value

    def note(self, facts: Facts) -> None:
        """Note what is asked or told, for the record of the request; of two facts of a name the later one holds."""
        self._recording.facts.update(facts)

    def end(self, *, carried_out: bool) -> None:
        """Note that the route has come to an answer, or to a refusal: whether its operation was carried out."""
        recording = self._recording
        recording.carried_out = carried_out
        recording.facts["version"] = self.world.state.version
        recording.facts = facts.bounded(recording.facts)

    async def prepare(self, work: Callable[[bytes], T]) -> T:
        """Parse the body with `work`, in a thread if the body is large, and another thread digests it meanwhile."""
        value, self.fingerprint = await self._offload.prepare(partial(_digested, work), await self._whole())
        self.note(facts.of_body(self.fingerprint))
        return value

    async def parse(self, model: type[Model]) -> Model:
        """Decode the body and validate it; a missing body counts as `{}`, and unknown fields are noted.

        Raises:
            RequestValidationError: the body is not JSON, or does not fit the model.
        """
        value = loaded(await self.body() or b"{}")
        self.note(facts.unknown("unknown_fields", unknown_fields(model, value)))
        return validated(model, value)

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            BodyTooLarge: the body is larger than `max_body_bytes` (contract B4).
        """
        body = await self._whole()
        self.fingerprint = await self._offload.prepare(fingerprint_of, body)
        self.note(facts.of_body(self.fingerprint))
        return body

    async def _whole(self) -> bytes:
        return await read_body(self, self._offload.engine.settings.max_body_bytes)


def _digested(work: Callable[[bytes], T], body: bytes) -> tuple[T, str]:
    if len(body) < _MUCH:
        return work(body), fingerprint_of(body)
    with ThreadPoolExecutor(1) as other:  # digesting does not need the interpreter
        fingerprint = other.submit(fingerprint_of, body)
        return work(body), fingerprint.result(timeout=_PATIENCE_SECONDS)


class CallRoute(DirectRoute):
    """A route whose endpoint receives a `Call`; with a dependency instead, small requests would be a sixth slower."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that admits requests before anything is parsed."""
        dependant, endpoint = self.dependant, self.endpoint
        known = frozenset(field.alias for field in dependant.query_params)

        async def admit(request: Request) -> Response:
            call = Call(request)
            if call.shared_key is not None:
                await call.take_token()
            try:
                if request.scope["query_string"]:
                    # What was encoded with its "=" is all name: it may hold a key.
                    unknown = (name.partition("=")[0] for name in call.query_params if name not in known)
                    call.note(facts.unknown("unknown_parameters", unknown))
                answer: Response = await endpoint(call, **parameters(dependant, call))
            except BaseException:
                call.end(carried_out=False)
                raise
            call.end(carried_out=True)
            return answer

        return admit


class CallRouter(APIRouter):
    """Routes that are given calls.

    Args:
        tag: what the document has them under.
        refused: the statuses that all of them may answer.
    """

    def __init__(self, tag: str, *refused: int) -> None:
        super().__init__(tags=[tag], responses=errors(*refused), route_class=CallRoute)

    def serves(
        self,
        operation_id: str,
        *,
        responses: Mapping[int | str, dict[str, Any]],
        status_code: int | None = None,
        openapi_extra: dict[str, Any] | None = None,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Serve an operation by a function, at the method and the path that it has among all operations."""
        _, method, path = _BY_ID[operation_id]
        return self.api_route(
            path,
            methods=[method],
            operation_id=operation_id,
            status_code=status_code,
            responses=dict(responses),
            openapi_extra=openapi_extra,
        )
