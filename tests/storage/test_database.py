from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from edgecv.storage.database import Database, DatabaseError, is_disk_failure, savepoint


def test_what_was_committed_is_on_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.db")) as one, closing(Database(tmp_path / "a.db", read_only=True)) as reader:
        assert one.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert one.connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        before = reader.data_version()
        with one.transaction() as connection:
            connection.execute("INSERT INTO states VALUES ('a', '{}', 0)")
            assert reader.connection.execute("SELECT count(*) FROM states").fetchone()[0] == 0
        assert reader.connection.execute("SELECT count(*) FROM states").fetchone()[0] == 1
        assert reader.data_version() != before
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.connection.execute("DELETE FROM states")


def test_an_error_takes_the_whole_transaction_back(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.db")) as one:
        with pytest.raises(KeyError), one.transaction() as connection:
            connection.execute("INSERT INTO states VALUES ('a', '{}', 0)")
            raise KeyError
        assert one.connection.execute("SELECT count(*) FROM states").fetchone()[0] == 0
        with one.transaction() as connection:  # and the next one works
            connection.execute("INSERT INTO states VALUES ('a', '{}', 0)")


def test_a_name_with_signs_of_addresses_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?mode=memory.db"
    Database(path).close()
    assert path.exists()
    with closing(Database(path)) as again:
        assert again.problems() == []


def test_what_is_no_database_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(DatabaseError, match=r"a\.db: is damaged .* leave it there"):
        Database(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_database_of_a_newer_edgecv_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseError, match="written by a newer edgecv"):
        Database(path)


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(Database(path)) as one:
        with one.transaction() as connection:
            for n in range(2000):
                connection.execute("INSERT INTO states VALUES (?, ?, 0)", (f"device {n}", "{}" * 50))
        one.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = bytes(4096)
    path.write_bytes(raw)
    with closing(Database(path)) as one:
        assert one.problems()


def test_opening_waits_where_others_open_and_close_it_too(tmp_path: Path) -> None:
    """Whoever turns WAL on, or leaves last, has the file alone; SQLite says so at once instead of waiting."""

    def open_and_close(number: int, together: threading.Barrier) -> None:
        for round_number in range(20):
            together.wait(60)
            with closing(Database(tmp_path / f"{round_number}.db")) as one, one.transaction() as connection:
                connection.execute("INSERT INTO states VALUES (?, '{}', 0)", (str(number),))

    people = 6
    together = threading.Barrier(people)
    with ThreadPoolExecutor(people) as pool:
        for done in [pool.submit(open_and_close, number, together) for number in range(people)]:
            done.result()
    with closing(Database(tmp_path / "19.db", read_only=True)) as reader:
        assert reader.connection.execute("SELECT count(*) FROM states").fetchone()[0] == people


def test_what_others_never_let_go_of_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecv.storage.database._BUSY_S", 0.2)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    with closing(other):
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match="database is locked"):
            Database(tmp_path / "a.db")


def test_a_savepoint_takes_back_its_own_part_alone(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.db")) as one:
        with one.transaction() as connection:
            connection.execute("INSERT INTO states VALUES ('a', '{}', 0)")
            with pytest.raises(KeyError), savepoint(connection):
                connection.execute("INSERT INTO states VALUES ('b', '{}', 0)")
                raise KeyError
            with savepoint(connection):
                connection.execute("INSERT INTO states VALUES ('c', '{}', 0)")
        assert [row[0] for row in one.connection.execute("SELECT device FROM states")] == ["a", "c"]


@pytest.mark.parametrize(
    ("error", "is_the_disk"),
    [
        (sqlite3.OperationalError("disk is full"), True),
        (DatabaseError("it cannot be opened"), True),
        (OSError(28, "No space left on device"), True),
        (sqlite3.IntegrityError("NOT NULL"), False),
        (sqlite3.ProgrammingError("type 'list' is not supported"), False),
        (ValueError("not finite"), False),
    ],
)
def test_the_disk_is_not_blamed_for_values_that_no_column_takes(error: Exception, is_the_disk: bool) -> None:
    assert is_disk_failure(error) == is_the_disk
