"""A disk that is full when the box starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from running import Daemon
from small_disk import fill, small_disk
from waiting import wait_for

from edgecv.cli import main
from edgecv.daemon.camera_connection import RECORDINGS
from edgecv.daemon.housekeeping import prepare_state
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.disk_reserve import RESERVE
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 24 * 2**20) as where:
        yield where


def is_writable(state: Path) -> bool:
    with closing(Database(state / DATABASE)) as database, database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO states VALUES ('box', '{}', 1.0)")
    return True


def test_the_reserve_is_given_up_so_that_records_find_room(disk: Path) -> None:
    key = prepare_state(disk)
    fill(disk)
    again = prepare_state(disk)
    assert key is not None and again is not None and again.key_id == key.key_id
    assert not (disk / RESERVE).exists()
    assert is_writable(disk)


def test_without_a_reserve_the_oldest_recording_goes_and_evidence_stays(disk: Path) -> None:
    prepare_state(disk)
    (disk / RESERVE).unlink()
    recordings = [disk / RECORDINGS / "north-1" / f"{number}.mp4" for number in (1, 2)]
    recordings[0].parent.mkdir(parents=True)
    evidence = disk / INCIDENTS / "a" / "clip.mp4"
    evidence.parent.mkdir()
    for path in (*recordings, evidence):
        path.write_bytes(bytes(2**20))
    fill(disk)
    assert prepare_state(disk) is not None
    assert [path.exists() for path in recordings] == [False, True]
    assert evidence.exists()
    assert is_writable(disk)


@pytest.mark.parametrize("left_bytes", [0, 4096, 16384, 65536, 131072])
def test_a_fresh_disk_without_room_is_told_and_made_ready_when_there_is_some(
    disk: Path, left_bytes: int, caplog: pytest.LogCaptureFixture
) -> None:
    filler = fill(disk, left_bytes)
    key = prepare_state(disk)
    assert (key is None) == ("the disk is full" in caplog.text)
    filler.unlink()
    assert isinstance(prepare_state(disk), BoxKey)
    assert is_writable(disk)


@pytest.mark.parametrize("killed", [False, True])
def test_incidents_are_listed_on_a_full_disk(
    disk: Path, killed: bool, make_incident: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_state(disk)
    database = Database(disk / DATABASE)
    incident = make_incident()
    IncidentStore(database, disk / INCIDENTS).add(incident, evidence=False)
    copies = {path.name: path.read_bytes() for path in disk.glob(f"{DATABASE}*")}
    database.close()
    if killed:  # the log is not in the database yet, and the index beside it is gone
        for name in (DATABASE, f"{DATABASE}-wal"):
            (disk / name).write_bytes(copies[name])
    fill(disk)
    assert main(["incidents", "list", "--state", str(disk)]) == 0
    assert incident.id in capsys.readouterr().out


def test_nobody_is_told_to_move_the_database_of_a_full_disk_away(disk: Path) -> None:
    prepare_state(disk)
    (disk / RESERVE).unlink()
    fill(disk)
    with pytest.raises(DatabaseError, match="the disk is full; remove what is not edgecv's") as raised:
        Database(disk / DATABASE)
    assert "away" not in str(raised.value)


def test_a_box_starts_on_a_full_disk_and_keeps_its_records(
    daemon: Callable[[dict[str, Any]], Daemon], demo_box, demo_run, disk: Path
) -> None:
    one = daemon(demo_box | {"storage": {"directory": str(disk / "state"), "disk_share": 0.99}})
    one.state = disk / "state"
    filler = fill(disk)
    one.start()

    def health() -> str:
        answer = one.get("/healthz")
        return "" if answer is None else answer.text

    try:
        wait_for(lambda: "3 records are in memory only" in health(), "the records in memory")
        assert "the disk is full" in health()
        filler.unlink()
        wait_for(lambda: len(one.incidents()) == 3, "the records on the disk")
        assert [i.id for i in one.incidents()] == [raw["id"] for raw in demo_run.incidents]
        wait_for(lambda: one.rows("SELECT 1 FROM states WHERE device = 'demo-1'"), "its state")
        assert one.log.read_text().count("states cannot be stored") == 1
        one.stop()
    finally:
        one.kill()
