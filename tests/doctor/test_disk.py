"""Room, right and speed to write, on real folders."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from edgecv.config.state import state_directory
from edgecv.doctor.disk import disk_findings, room_findings, safe_write_s, speed_finding

Usage = namedtuple("Usage", "total used free")


def of_size(monkeypatch: pytest.MonkeyPatch, total: float, free: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(int(total), int(total - free), int(free)))


def test_a_folder_with_room_is_well_and_nothing_is_left_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 100e9, 60e9)
    found = disk_findings(tmp_path, 0.8)
    assert found[0].level == "ok"
    assert "60.0 GB" in found[0].text
    assert "safe write" in found[-1].text
    assert list(tmp_path.iterdir()) == []


def test_a_disk_fuller_than_its_share_costs_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 100e9, 10e9)
    (finding,) = room_findings(tmp_path, 0.8)
    assert (finding.level, "90% full" in finding.text) == ("warning", True)


def test_a_full_disk_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 100e9, 1e8)
    assert room_findings(tmp_path, 0.8)[0].level == "problem"


def test_recordings_that_do_not_fit_are_told_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_size(monkeypatch, 100e9, 60e9)
    assert [f.level for f in room_findings(tmp_path, 0.8, 39e9)] == ["ok"]
    (finding,) = room_findings(tmp_path, 0.8, 41e9)
    assert finding.level == "warning"
    assert "storage.record_hours" in finding.text


def test_a_folder_that_does_not_exist_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    found = disk_findings(tmp_path / "var" / "edgecv", 0.99999)
    assert "does not exist yet" in found[-1].text
    assert not (tmp_path / "var").exists()


def test_a_state_directory_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.write_text("a file, not a folder: root may write anywhere else")
    found = disk_findings(place, 0.99999)
    assert found[-1].level == "problem"
    assert "cannot be written to" in found[-1].text


def test_a_safe_write_takes_as_long_as_its_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = os.fsync

    def counted(handle: int) -> None:
        calls.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", counted)
    assert 0.0 < safe_write_s(tmp_path, writes=3) < 10.0
    assert len(calls) == 3


@pytest.mark.parametrize(("seconds", "level"), [(0.005, "ok"), (0.15, "warning"), (1.5, "problem")])
def test_slow_disks_are_told_by_their_milliseconds(seconds: float, level: str) -> None:
    finding = speed_finding(seconds)
    assert finding.level == level
    assert f"{1000 * seconds:.0f} ms" in finding.text


def test_without_a_box_file_systemd_says_where_the_state_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/srv/edgecv:/srv/other")
    assert state_directory(None) == Path("/srv/edgecv")
    monkeypatch.delenv("STATE_DIRECTORY")
    assert state_directory(None) == Path("/var/lib/edgecv")
