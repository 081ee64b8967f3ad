"""The errors of the service and of the emulator.

Each class is one situation: `status` is the HTTP status of the answer, and the docstring is the message that the
user sees, with the keyword arguments filled in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


DEFECT = "The emulator has a bug: see its log."


class MockError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 400
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__((type(self).__doc__ or "").format(**values))


class KeyMissing(MockError):
    """An API key is required: send `Authorization: Bearer KEY` or the header `apiKey: KEY`."""

    status = 401
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class KeyRefused(MockError):
    """The API key is unknown or revoked."""

    status = 401
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class OrganizationForbidden(MockError):
    """The API key does not match the organization {org_slug!r}."""

    status = 403


class OrganizationNotFound(MockError):
    """The organization {org_slug!r} was not found."""

    status = 404


class VersionNotEmulated(MockError):
    """V2 of the API is experimental and not emulated: use V1, whose paths begin with {path}."""

    status = 404


class AttributeUnpaid(MockError):
    """The attribute {name!r} is not included in the organization's plan."""

    status = 402


class BatchNotFound(MockError):
    """The batch {batch_id!r} was not found."""

    status = 404


class JobNotFound(MockError):
    """No job for the place {place_id!r} was found."""

    status = 404


class RequestNotFound(MockError):
    """The journal has no request {sequence}: it may have been dropped, or cleared."""

    status = 404


class ExportNotFound(MockError):
    """The export {export_id!r} was not found."""

    status = 404


class ExportUnfinished(MockError):
    """The export {export_id!r} cannot be downloaded while it is {status}: poll until it has completed."""

    status = 409


class ExportKeyTaken(MockError):
    """The Idempotency-Key belongs to the export {export_id!r} of other batches: send a different key."""

    status = 409


class ExportExpired(MockError):
    """The file of the export {export_id!r} has expired: create the export again."""

    status = 410


class ExportNotDispatched(MockError):
    """The export {export_id!r} was not started, since no worker could be reached: try again."""

    status = 502


class LinkRefused(MockError):
    """This address is not signed by the emulator, or has expired: request the download again."""

    status = 403


class CursorMalformed(MockError):
    """The cursor is not valid: use the `next_cursor` of a page."""


class TooManyJobs(MockError):
    """The request has {count} jobs, but {limit} are allowed: split it, and append with the same batch_id."""


class AttributesMissing(MockError):
    """Job {position} (place_id {place_id!r}) has neither attributes nor an attribute_set, and neither has the batch."""


class AttributeUnknown(MockError):
    """The attribute {name!r} is unknown{hint}."""


class NothingToReprocess(MockError):
    """No {scope} jobs to reprocess were found in batch {batch_id!r}."""


class AllDeferred(MockError):
    """The jobs of these places are deferred, which a reprocess leaves out."""


class JobsNotFound(MockError):
    """No job for any of the places was found."""

    status = 404


class EnrichmentNotFound(MockError):
    """The place {place_id!r} could not be enriched: {reason}."""

    status = 404


class TooManyRequests(MockError):
    """Too many requests: try again in {seconds} s."""

    status = 429

    def __init__(self, *, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.headers = {"Retry-After": str(seconds)}


class ControlForbidden(MockError):
    """The control API refuses this {what}: {hint}."""

    status = 403


class ControlTokenRefused(MockError):
    """The control API needs its token: send `Authorization: Bearer TOKEN`."""

    status = 401
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class RuleNotFound(MockError):
    """The rule {rule_id!r} was not found."""

    status = 404


class FaultNotFound(MockError):
    """The fault {fault_id!r} was not found."""

    status = 404


class TooManyRules(MockError):
    """A world may have at most {limit} {what}: delete some first."""


class SnapshotBroken(MockError):
    """The snapshot has been altered: its data do not match its digest."""

    status = 422


class BodyTooLarge(MockError):
    """The body is larger than {limit} bytes."""

    status = 413


class EncodingUnsupported(MockError):
    """The Content-Encoding {encoding!r} is not supported: send the body uncompressed."""

    status = 415
    headers = MappingProxyType({"Accept-Encoding": "identity"})


class TimeOutOfRange(MockError):
    """The time is out of range: it must be from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z."""

    status = 422


class TimeGoesBack(MockError):
    """The clock cannot go back to {requested} from {now}, since the world has jobs or exports."""

    status = 422


class DatabaseInUse(MockError):
    """The database {path} is in use by another process."""


class StorageFailed(MockError):
    """The database cannot be written ({reason}); nothing was stored: {advice}."""

    status = 503


class StorageUnreadable(MockError):
    """The database cannot be read ({reason}): check {folder}."""

    status = 503


class DescriptorsExhausted(MockError):
    """The emulator cannot open more files: keep fewer connections open, or raise its limit with `ulimit -n`."""

    status = 503


class NoTemporaryFolder(MockError):
    """No temporary folder is writable: name one in TMPDIR, or a database file with --db."""


class TooManyWorlds(MockError):
    """The emulator already has {limit} organizations: delete some with `DELETE /_mock/orgs/ORG`."""

    status = 503


class Stopping(MockError):
    """The emulator is stopping."""

    status = 503


class DatabaseUnreadable(MockError):
    """The database {path} cannot be opened: {reason}."""


class StillStarting(MockError):
    """The emulator is still starting: try again."""

    status = 503


class CannotStart(MockError):
    """The emulator cannot load what it needs ({reason}): reinstall it if a file is missing or broken."""

    status = 503


class OutcomeUnknown(MockError):
    """The connection to the database was lost, and whether this was stored is unknown: look before you try again."""

    status = 503


class StoreSilent(MockError):
    """The database does not respond ({reason})."""

    status = 503
