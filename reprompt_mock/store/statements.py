"""The hot statements, in the dialect that SQLite (3.35 or later) and PostgreSQL share.

A job's row is its timetable and does not change as time passes: its status at the time `:now` is derived from it.
Only the counts of batches are stored, with the time of the batch's next transition, until which they are valid.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store.columns import NewJobs, Restarts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATUS_COLUMNS = ("pending", "queued", "in_progress", "completed", "failed")
JOB_COLUMNS = tuple(field.name for field in fields(NewJobs))


def insertion(table: str, columns: Iterable[str], common: Mapping[str, str], rows: int = 1) -> str:
    """Return a statement that inserts rows; `common` are expressions, the other columns are parameters, in order."""
    names = list(columns)
    values = ", ".join(common.get(name, "?") for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([f'({values})'] * rows)}"


INSERT_JOB = insertion("job", JOB_COLUMNS, {})

# The latest transition is tested first. Times that are open (of held jobs and uploads) are NULL, for which no test is
# true.
STATUS = (
    "CASE WHEN finished_at <= :now THEN outcome WHEN started_at <= :now THEN 2 WHEN queued_at <= :now THEN 1 ELSE 0 END"
)
_IS_DEFERRED = f"CASE WHEN hold = {Hold.queued_deferred.value} AND queued_at <= :now THEN 1 ELSE 0 END"
_NEXT = (
    "CASE WHEN finished_at <= :now THEN NULL WHEN started_at <= :now THEN finished_at"
    " WHEN queued_at <= :now THEN started_at ELSE queued_at END"
)
# A completed attempt becomes the job's history; a failed one leaves it unchanged (contract G8).
_RAN = "CASE WHEN finished_at <= :now AND outcome = 3 THEN planned ELSE ran END"
LAST_ENRICHED = (
    "CASE WHEN finished_at <= :now AND outcome = 3 AND (fresh = 1 OR last_enriched IS NULL) THEN finished_at"
    " ELSE last_enriched END"
)

# Jobs are found by their submissions, each of which has a range of keys. CROSS JOIN fixes the loops' order.
_CAME = "submission AS came CROSS JOIN job"
_IN_ITS_RUN = "job.pk BETWEEN came.first AND came.last"
_FROM_START = "job.pk BETWEEN CASE WHEN came.first < :start THEN :start ELSE came.first END AND came.last"
_IN_ORDER = "ORDER BY came.at, came.pk, job.pk"
_OF_BATCH = f"FROM {_CAME} WHERE came.batch = :batch AND {_IN_ITS_RUN}"

_COUNTED = ", ".join(
    f"count(CASE WHEN status = {code} THEN 1 END) AS {name}" for code, name in enumerate(STATUS_COLUMNS)
)


def recount(condition: str) -> str:
    """Return a statement that recounts the batches meeting a condition and updates their next transition's time."""
    return f"""
UPDATE batch SET {", ".join(f"{name} = counted.{name}" for name in STATUS_COLUMNS)}, next_due = counted.next_due
FROM (
  SELECT of_batch, {_COUNTED}, min(next) AS next_due
  FROM (
    SELECT stale.pk AS of_batch, CASE WHEN job.pk IS NOT NULL THEN {STATUS} END AS status, {_NEXT} AS next
    FROM batch AS stale
    LEFT JOIN submission AS came ON came.batch = stale.pk
    LEFT JOIN job ON {_IN_ITS_RUN}
    WHERE {condition}
  ) AS moment GROUP BY of_batch
) AS counted WHERE batch.pk = counted.of_batch
"""


# By key, since they are grouped in key order: otherwise SQLite would read all batches of the world to get that order.
RECOUNT_DUE = recount("stale.pk IN (SELECT pk FROM batch WHERE world = :world AND next_due <= :now)")
RECOUNT_WORLD = recount("stale.pk IN (SELECT pk FROM batch WHERE world = :world)")

NEXT_DUE = "SELECT min(next_due) FROM batch WHERE world = ? AND next_due IS NOT NULL"
LAST_FINISH = f"""
SELECT max(finished_at) FROM batch CROSS JOIN {_CAME}
WHERE batch.world = ? AND next_due IS NOT NULL AND came.batch = batch.pk AND {_IN_ITS_RUN}
"""
LAST_FINISH_OF_BATCH = f"SELECT max(finished_at) FROM {_CAME} WHERE came.batch = ? AND {_IN_ITS_RUN}"

_DUE = "CAST(:due AS BIGINT)"  # PostgreSQL infers no type from a value that may be missing
MOVE_COUNTS = f"""
UPDATE batch SET {", ".join(f"{name} = {name} + :{name}" for name in STATUS_COLUMNS)},
  next_due = CASE WHEN {_DUE} < coalesce(next_due, {_DUE} + 1) THEN {_DUE} ELSE next_due END
WHERE pk = :batch
"""

_RESULTS = f"""
SELECT place_id, place, attempt, error, {LAST_ENRICHED} AS last_enriched, {STATUS} AS status, submission, asked,
  {_RAN} AS ran, planned, {_IS_DEFERRED} AS is_deferred
"""
_LAGGING_RESULTS = _RESULTS.replace(":now", "(:now - coalesce(lag, :lag))")
"""Results as they were some time ago, while everything else is at the present."""
# The jobs of a deleted batch stay for a while; the batch itself has then been moved out of the world.
_OF_PLACE = """
FROM job WHERE world = :world AND place_id = :place_id
  AND EXISTS (SELECT 1 FROM batch WHERE batch.pk = job.batch AND batch.world = job.world)
ORDER BY created_in DESC
"""
RESULTS_OF_PLACE = f"{_LAGGING_RESULTS} {_OF_PLACE} LIMIT 1"
_OF_DAY = "AND created_in IN (SELECT pk FROM submission WHERE world = :world AND at >= :first AND at < :last)"


def _jobs_of(scope: str, *, of_day: bool, keys: str = _IN_ITS_RUN) -> str:
    return f"FROM {_CAME} WHERE came.{scope} = :{scope} AND {keys} {_OF_DAY if of_day else ''}"


def results(scope: str, *, of_day: bool) -> str:
    """Return a query for a page of results of a "batch" or "world", from a key on, optionally of one day."""
    chosen = _jobs_of(scope, of_day=of_day, keys=_FROM_START)
    return f"{_LAGGING_RESULTS} {chosen} {_IN_ORDER} LIMIT :limit OFFSET :offset"


def runs(scope: str) -> str:
    """Return a query for the ranges of keys of a "batch" or "world", in order of submission."""
    return f"SELECT first, last FROM submission AS came WHERE {scope} = :{scope} ORDER BY at, pk"


def few_runs(scope: str, most: int) -> str:
    """Return the same query for no more than the first `most` of them."""
    return f"{runs(scope)} LIMIT {most}"


_OF_RUN = "FROM job WHERE pk BETWEEN :first_key AND :last_key ORDER BY pk"
RESULTS_OF_RUN = f"{_LAGGING_RESULTS} {_OF_RUN}"
PLACES_OF_RUN = f"SELECT {STATUS}, place_id {_OF_RUN}"


def count_of_day(scope: str) -> str:
    """Return a query that counts the jobs of a "batch" or "world" of one day."""
    return f"SELECT count(*) {_jobs_of(scope, of_day=True)}"


def count_by_day(scope: str, *, of_day: bool) -> str:
    """Return a query that counts the jobs of a "batch" or "world" by UTC day (in days since 1970) and status."""
    return f"""
SELECT (SELECT at FROM submission WHERE pk = created_in) / 86400000000 AS day, {STATUS} AS status, count(*)
{_jobs_of(scope, of_day=of_day)} GROUP BY day, {STATUS}
"""


_OF_ATTEMPTS = f"FROM {_CAME} CROSS JOIN submission AS latest"
_SCOPES = {
    scope: f"{_OF_ATTEMPTS} WHERE came.{scope} = :{scope} AND {_IN_ITS_RUN} AND latest.pk = job.submission"
    for scope in ("world", "batch")
}


def _position(time: str) -> str:
    """Return an expression for the first position on a grid whose time is not before `time`."""
    return f"(CASE WHEN {time} <= :last THEN (({time} - :origin) / :unit * :steps + :most) / :span ELSE :never END)"


# One number for each job, since grouping by several columns takes three times as long.
_PACKED = _position("latest.at")
for _time in ("queued_at", "started_at", "finished_at"):
    _PACKED = f"({_PACKED} * :base + {_position(_time)})"
TIMELINE_STEPS = {
    scope: f"SELECT {_PACKED} * :outcomes + coalesce(outcome, 0), count(*) {jobs} GROUP BY 1"
    for scope, jobs in _SCOPES.items()
}
TIMELINE_BOUNDS = {
    scope: f"SELECT min(came.at), max(finished_at), max(coalesce(started_at, queued_at, latest.at)) {jobs}"
    for scope, jobs in _SCOPES.items()
}

LATEST_SUBMISSION = "SELECT pk FROM submission WHERE world = ? ORDER BY at DESC, pk DESC LIMIT 1"
HELD_COUNT = "SELECT count(*) FROM job WHERE world = ? AND hold IS NOT NULL"

EXPORTED_OF_RUN = f"""
SELECT job.pk, {_RESULTS.strip().removeprefix("SELECT ")} {_OF_RUN} LIMIT :limit
"""
LATER_JOBS = """
SELECT CAST(coalesce(sum(last - first + 1), 0) AS BIGINT) FROM submission
WHERE batch = :batch AND pk > :known AND at >= :now
"""
PLACES_BY_STATUS = f"SELECT {STATUS}, place_id {_OF_BATCH} {_IN_ORDER}"


_INPUTS = "CAST(place AS TEXT)"
NAME_OF_PLACE = f"CASE WHEN json_valid({_INPUTS}) THEN json_extract({_INPUTS}, '$.name') END"
"""The name in a job's inputs, as SQLite spells it; `dialect` has the other spelling."""


def listed(statuses: str, *, found: str | None) -> str:
    """Return a query for a page of a batch's jobs, each with the number of jobs on all pages if it searches.

    Args:
        statuses: codes of the wanted statuses, separated by commas; "" for all.
        found: None for a page without a search. Otherwise jobs are wanted whose place id, name or reason for having
            failed contains `:text`, which is in lower case, or whose status is one of these codes.
    """
    wanted = f"AND {STATUS} IN ({statuses})" if statuses else ""
    failed = f"CASE WHEN {STATUS} = {JobStatus.failed.value} THEN error END"
    total = "NULL"
    if found is not None:
        texts = " OR ".join(_contains(column) for column in ("place_id", NAME_OF_PLACE, failed))
        wanted += f" AND ({texts} OR {STATUS} IN ({found or -1}))"
        total = "count(*) OVER ()"
    columns = f"place_id, {NAME_OF_PLACE}, {STATUS} AS status, attempt, hold, {_NEXT} AS next, {failed}, {total}"
    return f"SELECT {columns} {_OF_BATCH} {wanted} {_IN_ORDER} LIMIT :limit OFFSET :offset"


def _contains(column: str) -> str:
    # As for the names of batches: no pattern characters, the same on SQLite and PostgreSQL.
    return f"replace(lower({column}), :text, '') <> lower({column})"


_ONE_JOB = "FROM job WHERE world = :world AND place_id = :place_id AND batch = :batch"
RESULT_OF_JOB = f"{_RESULTS} {_ONE_JOB}"
TIMETABLE_OF_JOB = f"""
SELECT {STATUS}, attempt, hold, outcome, error, course, place,
  (SELECT at FROM submission WHERE pk = created_in), (SELECT at FROM submission WHERE pk = job.submission),
  queued_at, started_at, finished_at
{_ONE_JOB}
"""
_ATTRIBUTES = f"SELECT place_id, {STATUS}, submission, asked, {_RAN}, planned"
ATTRIBUTES_BY_JOB = f"{_ATTRIBUTES} {_OF_BATCH} {_IN_ORDER}"
ATTRIBUTES_OF_RUN = f"{_ATTRIBUTES} {_OF_RUN}"

# A deleted batch moves to its own world without a slug, whose rows are purged like those of any forgotten world: this
# takes no more space for a million jobs than for one.
BURY_SUBMISSIONS = "UPDATE submission SET world = :grave WHERE batch = :batch"
BURY_BATCH = "UPDATE batch SET world = :grave, next_due = NULL WHERE pk = :batch"

OLDEST_SUBMISSION = "SELECT pk, first, last FROM submission WHERE world = ? ORDER BY at LIMIT 1"
PURGE_RUN = "DELETE FROM job WHERE pk IN (SELECT pk FROM job WHERE pk BETWEEN ? AND ? LIMIT ?)"


def purge_rows(table: str, key: str) -> str:
    """Return a statement that deletes some of a world's rows of a table; `key` is a column that identifies rows."""
    return (
        f"DELETE FROM {table} WHERE world = :world"
        f" AND {key} IN (SELECT {key} FROM {table} WHERE world = :world LIMIT :rows)"
    )


_EXISTING = (
    f"SELECT job.pk, place_id, job.batch, {STATUS} AS status, submission, attempt, own, {_RAN} AS ran, {_IS_DEFERRED}"
)
JOBS_OF_PLACE = f"{_EXISTING} {_OF_PLACE}"


def existing_jobs(count: int) -> str:
    """Return a query for the jobs that a batch has for `count` places, named p0, p1 and so on."""
    marks = ", ".join(f":p{position}" for position in range(count))
    return f"{_EXISTING} FROM job WHERE world = :world AND batch = :batch AND place_id IN ({marks})"


def jobs_of_batch() -> str:
    """Return a query for all jobs of a batch, in any order."""
    return f"{_EXISTING} {_OF_BATCH}"


def jobs_elsewhere(count: int) -> str:
    """Return a query for the jobs that other batches have for `count` places, named p0, p1 and so on."""
    marks = ", ".join(f":p{position}" for position in range(count))
    return (
        f"{_EXISTING} FROM job WHERE world = :world AND place_id IN ({marks}) AND batch <> :batch"
        " AND EXISTS (SELECT 1 FROM batch WHERE batch.pk = job.batch AND batch.world = job.world AND batch.id <> '')"
    )


def jobs_to_reprocess(statuses: str) -> str:
    """Return a query for a batch's jobs in some statuses (comma-separated codes), in order of submission."""
    return f"{_EXISTING} {_OF_BATCH} AND {STATUS} IN ({statuses}) {_IN_ORDER}"


DEFERRED_PLACES = f"""
SELECT batch, place_id FROM job
WHERE world = :world AND hold IS NOT NULL AND hold = {Hold.queued_deferred.value} AND queued_at <= :now ORDER BY pk
"""

RESTART_COLUMNS = tuple(field.name for field in fields(Restarts))

# What the last attempt did is stored before the new one replaces it. Parameters are numbered: the first is the time.
RESTART_JOB = f"""
UPDATE job SET last_enriched = {LAST_ENRICHED},
  {", ".join(f"{name} = ?{number}" for number, name in enumerate(RESTART_COLUMNS, 2) if name != "pk")}
WHERE pk = ?{RESTART_COLUMNS.index("pk") + 2}
""".replace(":now", "?1")
