"""The floor for cold start and idle memory: a bare FastAPI and SQLModel app."""

import sys

from fastapi import FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine, select

from bench.serving import serve


class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str


engine = create_engine(f"sqlite:///{sys.argv[1]}")
SQLModel.metadata.create_all(engine)
app = FastAPI()


@app.get("/_mock/health")
async def health() -> dict[str, str]:
    return {"status": "ok", "version": "0"}


@app.post("/items")
def create(item: Item) -> Item:
    with Session(engine) as session:
        session.add(item)
        session.commit()
        session.refresh(item)
        return item


@app.get("/items")
def items() -> list[Item]:
    with Session(engine) as session:
        return list(session.exec(select(Item)))


if __name__ == "__main__":
    serve(app)
