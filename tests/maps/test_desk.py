"""The desk's database: made once, never over something that is there, shared by threads and processes."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from maps import desk

METADATA = MetaData()
counts = Table("counts", METADATA, Column("id", Integer, primary_key=True), Column("n", Integer, index=True))
parts = Table("parts", METADATA, Column("id", Integer, primary_key=True), Column("of", ForeignKey("counts.id")))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".geoplan" / "desk.sqlite"


def filled(workspace: Path) -> None:
    with desk.writing(desk.tables(workspace, METADATA)) as connection:
        connection.execute(insert(counts).values(id=1, n=0))


def test_it_is_made_on_first_use_for_its_owner_only(tmp_path: Path, file: Path) -> None:
    filled(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    with desk.engine(tmp_path).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == desk.BUSY_MS


def test_what_points_nowhere_is_refused_and_rolled_back(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(IntegrityError), desk.writing(desk.engine(tmp_path)) as connection:
        connection.execute(update(counts).values(n=5))
        connection.execute(insert(parts).values(id=1, of=77))
    with desk.engine(tmp_path).connect() as connection:
        assert connection.execute(select(counts.c.n)).scalar() == 0


def test_threads_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    filled(tmp_path)

    def add(_: int) -> None:
        with desk.writing(desk.tables(tmp_path, METADATA)) as connection:
            n = connection.execute(select(counts.c.n)).scalar_one()
            connection.execute(update(counts).values(n=n + 1))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(200)))
    with desk.engine(tmp_path).connect() as connection:
        assert connection.execute(select(counts.c.n)).scalar() == 200


def test_a_forked_child_opens_its_own_connections(tmp_path: Path) -> None:
    filled(tmp_path)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with desk.writing(desk.tables(tmp_path, METADATA)) as connection:
                connection.execute(update(counts).values(n=7))
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    with desk.engine(tmp_path).connect() as connection:
        assert connection.execute(select(counts.c.n)).scalar() == 7


def test_a_lost_file_is_told_and_not_made_anew(tmp_path: Path, file: Path) -> None:
    filled(tmp_path)
    for path in file.parent.glob("desk.sqlite*"):
        path.unlink()
    for _ in range(2):  # in the running service, then in one that starts
        with pytest.raises(desk.DeskError, match="is gone"), desk.engine(tmp_path).connect() as connection:
            connection.execute(select(counts))
        assert not file.exists()
        desk.forget(tmp_path)


def test_a_file_put_back_is_read_again(tmp_path: Path, file: Path) -> None:
    filled(tmp_path)
    desk.forget(tmp_path)
    copy = file.read_bytes()
    with desk.writing(desk.tables(tmp_path, METADATA)) as connection:
        connection.execute(update(counts).values(n=9))
    for path in file.parent.glob("desk.sqlite*"):
        path.unlink()
    file.with_name("restored").write_bytes(copy)
    file.with_name("restored").rename(file)
    with desk.engine(tmp_path).connect() as connection:
        assert connection.execute(select(counts.c.n)).scalar() == 0


@pytest.mark.parametrize("content", [b"not a database at all" * 400, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(desk.DeskError, match="put it aside"):
        desk.tables(tmp_path, METADATA)
    assert file.read_bytes() == content


def test_a_page_damaged_while_the_service_runs_is_told(tmp_path: Path, file: Path) -> None:
    filled(tmp_path)
    desk.forget(tmp_path)
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xff" * 4096)
    with pytest.raises(desk.DeskError, match="cannot be used"):
        desk.engine(tmp_path)


def test_a_file_of_an_older_release_gains_what_lacks(tmp_path: Path, file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE counts (id INTEGER PRIMARY KEY, n INTEGER)")
        connection.execute("INSERT INTO counts VALUES (1, 3)")
    connection.close()
    with desk.tables(tmp_path, METADATA).connect() as found:
        assert found.execute(select(counts.c.n)).scalar() == 3
        assert found.execute(select(parts)).all() == []


def test_a_workspace_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(desk.DeskError, match="writable"):
        desk.engine(tmp_path / "file")
