"""The tables in SQLite: the statements that make them, which `make schema` writes from `tables`.

They are written out because SQLModel and SQLAlchemy take a quarter of a start's time and a fifth of its memory, and a
start needs nothing else of them.
"""

from __future__ import annotations

VERSION = 6
STATEMENTS = (
    """
CREATE TABLE artifact (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  export INTEGER NOT NULL,
  part INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (pk)
)
""",
    """
CREATE UNIQUE INDEX ix_artifact_part ON artifact (export, part)
""",
    """
CREATE INDEX ix_artifact_world ON artifact (world)
""",
    """
CREATE TABLE batch (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  folded_name VARCHAR NOT NULL,
  created_at INTEGER NOT NULL,
  refresh INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  in_progress INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  next_due INTEGER,
  PRIMARY KEY (pk)
)
""",
    """
CREATE INDEX ix_batch_due ON batch (world, next_due) WHERE next_due IS NOT NULL
""",
    """
CREATE UNIQUE INDEX ix_batch_id ON batch (world, id)
""",
    """
CREATE TABLE body (
  world INTEGER NOT NULL,
  digest VARCHAR NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (world, digest)
)
 WITHOUT ROWID
""",
    """
CREATE TABLE bucket (
  slug VARCHAR NOT NULL,
  "key" BLOB NOT NULL,
  tokens FLOAT NOT NULL,
  at INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  PRIMARY KEY (slug, "key")
)
 WITHOUT ROWID
""",
    """
CREATE TABLE document (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  digest BLOB NOT NULL,
  text VARCHAR NOT NULL,
  PRIMARY KEY (pk)
)
""",
    """
CREATE UNIQUE INDEX ix_document_digest ON document (world, digest)
""",
    """
CREATE TABLE export (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  id VARCHAR NOT NULL,
  "key" VARCHAR,
  batches VARCHAR NOT NULL,
  created_at INTEGER NOT NULL,
  running_at INTEGER NOT NULL,
  finished_at INTEGER,
  error VARCHAR,
  known INTEGER NOT NULL,
  rows INTEGER,
  PRIMARY KEY (pk)
)
""",
    """
CREATE UNIQUE INDEX ix_export_id ON export (world, id)
""",
    """
CREATE INDEX ix_export_key ON export (world, "key") WHERE key IS NOT NULL
""",
    """
CREATE INDEX ix_export_order ON export (world, pk)
""",
    """
CREATE TABLE job (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  place_id VARCHAR NOT NULL,
  created_in INTEGER NOT NULL,
  submission INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  own INTEGER,
  asked INTEGER NOT NULL,
  queued_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  outcome INTEGER,
  hold INTEGER,
  course INTEGER,
  ran INTEGER,
  planned INTEGER,
  fresh INTEGER NOT NULL,
  error VARCHAR,
  last_enriched INTEGER,
  lag INTEGER,
  place BLOB NOT NULL,
  PRIMARY KEY (pk)
)
""",
    """
CREATE INDEX ix_job_held ON job (world) WHERE hold IS NOT NULL
""",
    """
CREATE UNIQUE INDEX ix_job_place ON job (world, place_id, batch)
""",
    """
CREATE TABLE journal (
  slug VARCHAR NOT NULL,
  cleared_at INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  PRIMARY KEY (slug)
)
 WITHOUT ROWID
""",
    """
CREATE TABLE peer (
  process INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (process)
)
""",
    """
CREATE TABLE request (
  slug VARCHAR NOT NULL,
  at INTEGER NOT NULL,
  process INTEGER NOT NULL,
  number INTEGER NOT NULL,
  operation VARCHAR,
  exchange BLOB NOT NULL,
  ended_at INTEGER,
  evidence BLOB,
  PRIMARY KEY (slug, at, process, number)
)
 WITHOUT ROWID
""",
    """
CREATE TABLE submission (
  pk INTEGER NOT NULL,
  world INTEGER NOT NULL,
  at INTEGER NOT NULL,
  settings VARCHAR NOT NULL,
  batch INTEGER,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (pk)
)
""",
    """
CREATE INDEX ix_submission_batch ON submission (batch, at) WHERE batch IS NOT NULL
""",
    """
CREATE INDEX ix_submission_world ON submission (world, at)
""",
    """
CREATE TABLE world (
  pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  slug VARCHAR,
  clock_virtual INTEGER NOT NULL,
  clock_real INTEGER NOT NULL,
  clock_speed FLOAT NOT NULL,
  clock_running INTEGER NOT NULL,
  settings VARCHAR NOT NULL,
  scenario VARCHAR NOT NULL,
  secret VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  next_row INTEGER NOT NULL,
  next_job INTEGER NOT NULL,
  next_due INTEGER,
  latest INTEGER NOT NULL,
  interventions INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  UNIQUE (slug)
)
""",
)
