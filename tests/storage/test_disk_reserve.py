from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from edgecv.storage.database import DatabaseError
from edgecv.storage.disk_reserve import RESERVE, allocate_reserve, is_full, release_reserve


def test_the_reserve_takes_real_room_and_is_given_up_once(tmp_path: Path) -> None:
    assert allocate_reserve(tmp_path)
    found = (tmp_path / RESERVE).stat()
    assert found.st_blocks * 512 >= found.st_size > 1_000_000
    assert allocate_reserve(tmp_path)
    assert release_reserve(tmp_path)
    assert not release_reserve(tmp_path)
    assert not list(tmp_path.iterdir())


def test_where_there_is_little_room_none_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    little = os.statvfs_result((real.f_bsize, 4096, 25_600, 300, 300, 1, 1, 1, 0, 255))  # 100 MB, 1.2 MB of them free
    monkeypatch.setattr(os, "statvfs", lambda _: little)
    assert not allocate_reserve(tmp_path)
    assert not (tmp_path / RESERVE).exists()


def test_only_a_full_disk_gives_the_reserve_up(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    connection.execute("PRAGMA max_page_count = 4")
    with pytest.raises(sqlite3.Error) as full:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(1000000))")
    assert is_full(full.value)
    with pytest.raises(sqlite3.Error) as wrong:
        connection.execute("SELECT * FROM nothing")
    assert not is_full(wrong.value)
    connection.close()

    assert is_full(OSError(errno.ENOSPC, "full"))
    assert not is_full(OSError(errno.EACCES, "not yours"))
    wrapped = DatabaseError("cannot be opened")
    wrapped.__cause__ = full.value
    assert is_full(wrapped)
    assert not is_full(DatabaseError("from a newer edgecv"))
