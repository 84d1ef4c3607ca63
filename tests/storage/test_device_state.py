from __future__ import annotations

from contextlib import closing
from pathlib import Path

from edgecv.storage.database import Database
from edgecv.storage.device_state import (
    count_unreadable,
    read_device_state,
    unreadable_reasons,
    write_device_state,
)


def test_values_of_one_device_are_put_replaced_and_removed(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.db")) as database, database.transaction() as connection:
        write_device_state(connection, "cover", {"level": "1", "open": "true"})
        write_device_state(connection, "other", {"level": "7"})
        write_device_state(connection, "cover", {"level": "2", "open": None, "never": None})
        assert read_device_state(connection, "cover") == {"level": "2"}
        assert read_device_state(connection, "other") == {"level": "7"}


def test_unreadable_inputs_are_counted_by_reason_and_the_first_example_stays(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "a.db")) as database, database.transaction() as connection:
        count_unreadable(connection, "cover", "not JSON", 1, "first", 10.0)
        count_unreadable(connection, "cover", "not JSON", 2, "second", 20.0)
        assert unreadable_reasons(connection, "cover") == {"not JSON"}
        assert unreadable_reasons(connection, "other") == set()
        row = connection.execute("SELECT count, example, seen_s FROM unreadable").fetchone()
        assert tuple(row) == (3, "first", 20.0)
