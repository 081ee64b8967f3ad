"""What one would write in an hour: a FastAPI and SQLModel app that stores batches of jobs.

python -m bench.peers.plain DATABASE PORT
"""

import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from sqlmodel import JSON, Column, Field, Session, SQLModel, create_engine, select

from bench.models import Inputs
from bench.serving import serve

STATUSES = ("pending", "queued", "in_progress", "completed", "failed")


class Batch(SQLModel, table=True):
    id: str = Field(default_factory=lambda: str(uuid.uuid4()), primary_key=True)
    batch_name: str
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Job(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    batch_id: str = Field(foreign_key="batch.id", index=True)
    place_id: str = Field(index=True)
    inputs: dict[str, Any] = Field(sa_column=Column(JSON))
    status: str = "pending"


class NewJob(SQLModel):
    place_id: str
    inputs: Inputs


class NewBatch(SQLModel):
    batch_id: str | None = None
    batch_name: str
    attribute_set: str = "core"
    jobs: list[NewJob]


engine = create_engine(f"sqlite:///{sys.argv[1]}", connect_args={"timeout": 60})
SQLModel.metadata.create_all(engine)
app = FastAPI()


def session() -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


Opened = Annotated[Session, Depends(session)]


@app.get("/_mock/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/{org}/place_enrichment/batches")
def create(org: str, new: NewBatch, session: Opened) -> dict[str, Any]:  # noqa: ARG001
    batch = Batch(batch_name=new.batch_name)
    if new.batch_id is not None:
        batch.id = new.batch_id
    session.add(batch)
    session.add_all(
        Job(batch_id=batch.id, place_id=job.place_id, inputs=job.inputs.model_dump(exclude_none=True))
        for job in new.jobs
    )
    session.commit()
    return described(batch, session)


@app.get("/v1/{org}/place_enrichment/batches/{batch_id}")
def status(org: str, batch_id: str, session: Opened) -> dict[str, Any]:  # noqa: ARG001
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise HTTPException(404)
    return described(batch, session)


def described(batch: Batch, session: Session) -> dict[str, Any]:
    jobs: dict[str, list[str]] = {name: [] for name in STATUSES}
    for place_id, found in session.exec(select(Job.place_id, Job.status).where(Job.batch_id == batch.id)):
        jobs[found].append(place_id)
    counts = {name: len(places) for name, places in jobs.items()}
    return {
        "id": batch.id,
        "batch_name": batch.batch_name,
        "status": "pending",
        "jobs": jobs,
        "created_at": batch.created_at,
        "metadata": {"total_jobs": sum(counts.values()), "status_counts": counts},
    }


if __name__ == "__main__":
    serve(app, int(sys.argv[2]))
