from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from reprompt_mock.engine import batches
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.worlds import summary, touch
from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable, Stopping, StorageFailed
from reprompt_mock.settings import load
from reprompt_mock.store import sqlite_schema, submissions
from reprompt_mock.store.database import Connection, Database
from reprompt_mock.store.sqlite import SqliteStore
from tools import schema


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with a table of numbers."""
    database = Database(tmp_path / "world.db")
    with database.write() as connection:
        connection.execute("CREATE TABLE number (number INTEGER)")
    yield database
    database.close()


def numbers(connection: Connection) -> list[int]:
    """Read the numbers."""
    return [number for (number,) in connection.execute("SELECT number FROM number ORDER BY number")]


def insert(connection: Connection, *values: int) -> None:
    """Write numbers."""
    connection.executemany("INSERT INTO number VALUES (?)", [(value,) for value in values])


def test_a_write_happens_whole_or_not_at_all(database: Database) -> None:
    with database.write() as connection:
        insert(connection, 1)
    with suppress(RuntimeError), database.write() as connection:
        insert(connection, 2, 3)
        raise RuntimeError
    with database.read() as connection:
        assert numbers(connection) == [1]


def test_a_write_within_a_write_joins_it(database: Database) -> None:
    with suppress(RuntimeError), database.write() as outer:
        insert(outer, 1)
        with database.write() as inner, database.read() as reader:
            assert inner is reader is outer
            insert(inner, 2)
        assert numbers(outer) == [1, 2]
        raise RuntimeError
    with database.read() as connection:
        assert numbers(connection) == []


def test_a_read_sees_one_state(database: Database) -> None:
    with database.read() as connection:
        assert numbers(connection) == []
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_write, database, 1).result()
        assert numbers(connection) == []
    with database.read() as connection:
        assert numbers(connection) == [1]


def _write(database: Database, *values: int) -> None:
    with database.write() as connection:
        insert(connection, *values)


def _read(database: Database) -> list[int]:
    with database.read() as connection:
        return numbers(connection)


def test_a_failed_reader_whose_error_is_kept_keeps_nobody_on_what_it_saw(tmp_path: Path) -> None:
    def fail(store: SqliteStore) -> None:
        with store.read() as session:
            rows = iter(session.rows("SELECT slug FROM journal"))
            next(rows)
            raise ValueError

    def add(name: str) -> None:
        with store.write() as session:
            session.many("INSERT INTO journal (slug, cleared_at, dropped) VALUES (?, 0, 0)", [(name,), (name * 2,)])

    with closing(SqliteStore(tmp_path / "world.db")) as store:
        add("a")
        with pytest.raises(ValueError) as kept:  # noqa: PT011 - its frames hold the rows
            fail(store)
        add("b")
        with store.read() as session:
            assert session.value("SELECT count(*) FROM journal") == 4, kept


def test_threads_that_come_and_go_leave_no_connection_behind(database: Database) -> None:
    """A server lives long, and its threads do not."""
    opened = Path("/proc/self/fd")
    if not opened.exists():
        pytest.skip("this machine has no /proc")
    _read(database)
    before = len(list(opened.iterdir()))
    for _ in range(50):
        reader = threading.Thread(target=_read, args=(database,))
        reader.start()
        reader.join()
    assert len(list(opened.iterdir())) == before


def test_a_full_disk_loses_the_write_and_nothing_else(database: Database) -> None:
    with database.write() as connection:
        insert(connection, 1)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    for _ in range(2):
        with pytest.raises(StorageFailed, match="full"):
            _write(database, *range(100_000))
    assert _read(database) == [1]
    with database.write() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
        insert(connection, 2)
    assert _read(database) == [1, 2]


def test_a_commit_that_fails_leaves_no_transaction_open(database: Database) -> None:
    with database.write() as connection:
        connection.execute("PRAGMA foreign_keys")
    with database.lock:
        database._writer.execute("PRAGMA foreign_keys = ON")
    with database.write() as connection:
        connection.execute("CREATE TABLE parent (pk INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (pk REFERENCES parent (pk) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("INSERT INTO child VALUES (1)")  # found wanting by COMMIT only
    _write(database, 1)
    assert _read(database) == [1]


def test_closing_waits_for_no_one_and_crashes_nobody(database: Database) -> None:
    """What is under way ends by itself or by an error; a connection that is closed in use would crash the process."""
    ended: list[Exception | None] = []
    started = threading.Barrier(4)

    def work(action: object) -> None:
        started.wait()
        try:
            for number in range(1_000_000):
                _write(database, number) if action == "write" else _read(database)
        except (Stopping, sqlite3.OperationalError) as error:
            ended.append(error)

    workers = [threading.Thread(target=work, args=(action,)) for action in ("write", "write", "read")]
    for worker in workers:
        worker.start()
    started.wait()
    database.close()
    for worker in workers:
        worker.join()
    assert len(ended) == 3
    with pytest.raises(Stopping):
        _write(database, 1)
    with pytest.raises(Stopping):
        _read(database)
    with closing(Database(database.path)) as again:
        _write(again, -1)
        assert _read(again)[0] == -1


def test_a_write_that_ends_while_it_is_closed_harms_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, closed = threading.Event(), threading.Event()

    def write() -> None:
        with database.write():
            writing.set()
            closed.wait()

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        writing.wait()

        close_idle = database._connections.close

        def let_it_end() -> None:
            close_idle()
            closed.set()
            written.result()

        monkeypatch.setattr(database._connections, "close", let_it_end)
        database.close()
    Database(database.path).close()


def test_a_long_statement_is_cut_short_by_closing(database: Database) -> None:
    running = threading.Event()

    def count() -> None:
        with database.write() as connection:
            insert(connection, 1)
            running.set()
            connection.execute(
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
            ).fetchone()

    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(count)
        running.wait()
        while not counting.done():
            database._closed.clear()  # the statement may not have begun at the first attempt
            database.close()
        with pytest.raises((sqlite3.OperationalError, sqlite3.ProgrammingError, Stopping)):
            counting.result()
    with closing(Database(database.path)) as again:
        assert _read(again) == []


# The file


def test_a_file_has_one_user_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "world.db"
    link, folder = tmp_path / "link.db", tmp_path / "folder"
    link.symlink_to(path)
    folder.symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    with closing(Database(path)):
        for name in (path, link, folder / "world.db", Path("world.db"), tmp_path / "x" / ".." / "world.db"):
            with pytest.raises(DatabaseInUse, match="in use by another process"):
                Database(name)
    Database(link).close()


def test_a_file_can_be_closed_by_another_thread_and_twice(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database(tmp_path / "world.db")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(database.close).result()
        database.close()


def test_a_temporary_file_ends_with_its_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    database = Database()
    assert database.path.is_relative_to(tmp_path)
    database.close()
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "customers.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    content = path.read_bytes()
    for _ in range(2):
        with pytest.raises(DatabaseUnreadable, match="it belongs to another program"):
            Database(path)
        assert path.read_bytes() == content  # which also says how it is to be written
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customer",)]


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {sqlite_schema.VERSION + 1}")
    with pytest.raises(DatabaseUnreadable, match=f"has version {sqlite_schema.VERSION + 1}"):
        Database(path)


@pytest.mark.parametrize("content", [b"text", b"SQLite format 3\x00" + bytes(200), bytes(5000)])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "world.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable):
        Database(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    path.touch()
    Database(path).close()
    assert path.stat().st_size > 0


def test_the_tables_are_those_that_their_classes_describe() -> None:
    assert schema.MODULE.read_text(encoding="utf-8") == schema.module(), "run `make schema`"


def test_tables_that_were_half_made_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed at its first start leaves a file that the next one can use."""
    path = tmp_path / "world.db"
    monkeypatch.setattr(sqlite_schema, "VERSION", "no number")
    with pytest.raises(DatabaseUnreadable):
        Database(path)
    monkeypatch.undo()
    Database(path).close()


# Worlds


def create(engine: Engine, slug: str, batch_id: str) -> None:
    """Create a batch of one place."""
    place = PlaceToEnrich("place", b'{"name":"A","full_address":"B"}', ("websites",))
    engine.write(
        engine.worlds.peek(slug), batches.create, BatchToCreate(batch_id, "-", [place], kick_off=True, fingerprint="")
    )


def test_two_first_writes_at_once_make_one_world(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(load({"clock": "paused"}, environ={}))
    keep = engine.worlds.keep
    kept = threading.Event()

    def late(world: object) -> None:
        kept.wait(0.05)  # what the operating system may do
        keep(world)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.worlds, "keep", late)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: create(engine, "acme", f"batch-{number}"), range(4)))
    assert engine.read(engine.worlds.peek("acme"), summary).batches == 4
    engine.close()


def test_a_read_while_a_world_is_first_written_makes_no_second_one() -> None:
    engine = Engine(load({"clock": "paused"}, environ={}))
    reader, writer = engine.worlds.peek("org"), engine.worlds.peek("org")

    def read_beside(_: object) -> None:
        engine.worlds.keep(reader)

    engine.write(writer, read_beside)
    assert engine.read(reader, touch) is None
    assert engine.worlds.peek("org") is reader
    for batch_id in "ab":
        create(engine, "org", batch_id)
    assert engine.read(reader, batches.page, "", limit=10, offset=0).total == 2
    engine.close()


def test_a_world_whose_first_write_fails_is_as_if_it_had_never_been_used(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(load({"clock": "paused"}, environ={}))

    def fail(*_: object, **__: object) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(submissions, "add", fail)
        with pytest.raises(sqlite3.OperationalError):
            create(engine, "acme", "mine")
    assert list(engine.worlds) == []
    create(engine, "acme", "mine")
    assert engine.read(engine.worlds.peek("acme"), summary).batches == 1
    engine.close()
