"""The hot statements, in the dialect that SQLite (3.35 or later) and PostgreSQL share."""

STATUS_COLUMNS = ("pending", "queued", "in_progress", "completed", "failed")

JOB_COLUMNS = (
    "pk", "world", "batch", "place_id", "created_in", "submission", "attempt", "own", "asked", "status",
    "due_at", "queued_at", "started_at", "finished_at", "outcome", "hold", "course", "ran", "planned", "fresh", "error",
    "last_enriched",
)  # fmt: skip

INSERT_JOB = f"INSERT INTO job ({', '.join(JOB_COLUMNS)}) VALUES ({', '.join('?' * len(JOB_COLUMNS))})"
INSERT_INPUTS = "INSERT INTO inputs (job, place) VALUES (?, ?)"

# A job's next status and due time at a moment, the latest transition tested first. Times that will not come by
# themselves (held jobs, unstarted uploads) are NULL and never due.
_NEXT_STATUS = (
    "CASE WHEN finished_at <= :now THEN outcome WHEN started_at <= :now THEN 2 WHEN queued_at <= :now THEN 1 ELSE 0 END"
)
_NEXT_DUE = (
    "CASE WHEN finished_at <= :now THEN NULL WHEN started_at <= :now THEN finished_at"
    " WHEN queued_at <= :now THEN started_at ELSE queued_at END"
)

COUNT_DUE = f"""
SELECT batch, status, {_NEXT_STATUS} AS next_status, count(*) FROM job
WHERE world = :world AND due_at <= :now GROUP BY batch, status, next_status
"""

# A completed attempt becomes the job's history; a failed one leaves it as it was (contract G8).
APPLY_DUE = f"""
UPDATE job SET
  status = {_NEXT_STATUS},
  due_at = {_NEXT_DUE},
  ran = CASE WHEN finished_at <= :now AND outcome = 3 THEN planned ELSE ran END,
  last_enriched = CASE WHEN finished_at <= :now AND outcome = 3 AND (fresh OR last_enriched IS NULL)
    THEN finished_at ELSE last_enriched END
WHERE world = :world AND due_at <= :now
"""

NEXT_DUE = "SELECT min(due_at) FROM job WHERE world = ? AND due_at IS NOT NULL"
LAST_FINISH = "SELECT max(finished_at) FROM job WHERE world = ? AND due_at IS NOT NULL"
LAST_FINISH_OF_BATCH = "SELECT max(finished_at) FROM job WHERE batch = ? AND due_at IS NOT NULL"

MOVE_COUNTS = f"UPDATE batch SET {', '.join(f'{name} = {name} + ?' for name in STATUS_COLUMNS)} WHERE pk = ?"

_RESULT = (
    "job.pk, job.place_id, job.status, job.submission, job.attempt, job.asked, job.ran, job.planned, job.error,"
    " job.last_enriched, inputs.place"
)
_RESULTS = f"SELECT {_RESULT} FROM job JOIN inputs ON inputs.job = job.pk"
RESULTS_OF_PLACE = f"{_RESULTS} WHERE job.world = ? AND job.place_id = ? ORDER BY job.created_in DESC LIMIT 1"
_OF_DAY = "AND job.created_in IN (SELECT pk FROM submission WHERE world = ? AND at >= ? AND at < ?)"


def results(scope: str, *, of_day: bool) -> str:
    """Select a page of results of a "batch" or "world", optionally of one day, in order of submission."""
    condition = f"job.{scope} = ? {_OF_DAY if of_day else ''}"
    return f"{_RESULTS} WHERE {condition} ORDER BY job.pk LIMIT ? OFFSET ?"


def count_of_day(scope: str) -> str:
    """Count the jobs of a "batch" or "world" of one day."""
    return f"SELECT count(*) FROM job WHERE job.{scope} = ? {_OF_DAY}"


def count_by_day(scope: str, *, of_day: bool) -> str:
    """Count the jobs of a "batch" or "world" by UTC day (counted since 1970) and status."""
    return f"""
SELECT submission.at / 86400000000 AS day, job.status, count(*)
FROM job JOIN submission ON submission.pk = job.created_in
WHERE job.{scope} = ? {_OF_DAY if of_day else ""} GROUP BY day, job.status
"""


PLACES_BY_STATUS = "SELECT status, place_id FROM job WHERE batch = ? ORDER BY pk"
ATTRIBUTES_BY_JOB = "SELECT place_id, status, asked, ran, planned FROM job WHERE batch = ? ORDER BY pk"

JOBS_TO_REPROCESS = """
SELECT pk, place_id, batch, status, attempt, own, ran FROM job WHERE batch = ? AND status IN ({marks}) ORDER BY pk
"""

HELD_JOBS = """
SELECT job.pk, job.place_id, job.status, job.submission, job.attempt, job.outcome, job.course, batch.id, batch.name
FROM job JOIN batch ON batch.pk = job.batch
WHERE job.world = ? AND job.hold IS NOT NULL AND job.hold <> ? AND job.status < 3 ORDER BY job.pk
"""

RELEASE_JOB = """
UPDATE job SET due_at = ?, queued_at = ?, started_at = ?, finished_at = ?, hold = NULL WHERE pk = ?
"""

REPROCESS_JOB = """
UPDATE job SET submission = ?, attempt = ?, own = ?, asked = ?, status = 0, due_at = ?, queued_at = ?,
  started_at = ?, finished_at = ?, outcome = ?, hold = ?, course = ?, planned = ?, fresh = ?, error = ?
WHERE pk = ?
"""
