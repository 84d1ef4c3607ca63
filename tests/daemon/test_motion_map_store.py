"""The map of usual motion outlives a restart; no file, no disk and no moved camera stops the worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_streets import car, pass_by

from edgecv.daemon.motion_map_store import MotionMapStore, motion_map_file, stored_motion_map
from edgecv.errors import InputError
from edgecv.motion_map import LARGEST_FILE


def _teach(store: MotionMapStore, cars: int = 5) -> None:
    now_s, rng = 0.0, np.random.default_rng(2)
    for _ in range(cars):
        now_s = pass_by(store.motion_map, car(rng), now_s, 20.0)


def test_what_was_learnt_is_there_after_a_restart(tmp_path: Path) -> None:
    store = MotionMapStore(tmp_path, "north")
    _teach(store)
    store.save()
    again = MotionMapStore(tmp_path, "north").motion_map
    assert again.age_s == store.motion_map.age_s > 0.0
    assert np.array_equal(again.counts, store.motion_map.counts)
    assert MotionMapStore(tmp_path, "south").motion_map.age_s == 0.0


def test_it_is_saved_seldom_and_only_when_it_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    store, file = MotionMapStore(tmp_path, "north"), motion_map_file(tmp_path, "north")
    store.save()
    assert not file.exists()
    _teach(store)
    store.save_when_due()
    assert not file.exists()
    now[0] += 601.0
    store.save_when_due()
    assert file.stat().st_size < LARGEST_FILE


@pytest.mark.parametrize("content", [b"", b"torn", bytes(LARGEST_FILE + 10)])
def test_a_damaged_file_is_set_aside_and_the_map_begins_anew(tmp_path: Path, content: bytes, caplog) -> None:
    file = motion_map_file(tmp_path, "north")
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(InputError):
        stored_motion_map(file)
    store = MotionMapStore(tmp_path, "north")
    assert store.motion_map.age_s == 0.0 and "set aside" in caplog.text
    assert not file.exists() and file.with_suffix(".damaged").exists()
    _teach(store)
    store.save()
    assert stored_motion_map(file) is not None


def test_a_folder_that_cannot_be_written_or_read_stops_nothing(tmp_path: Path, caplog) -> None:
    (tmp_path / "motion-maps").write_text("a file in its place")
    store = MotionMapStore(tmp_path, "north")
    _teach(store)
    store.save()
    assert "cannot be saved" in caplog.text and store.motion_map.age_s > 0.0
    motion_map_file(tmp_path / "other", "north").mkdir(parents=True)
    assert MotionMapStore(tmp_path / "other", "north").motion_map.age_s == 0.0


def test_a_camera_that_moved_begins_anew_here_and_on_the_disk(tmp_path: Path, caplog) -> None:
    store = MotionMapStore(tmp_path, "north")
    _teach(store)
    store.save()
    store.begin_anew("the camera has turned")
    assert not store.motion_map.counts.any() and "the camera has turned" in caplog.text
    assert MotionMapStore(tmp_path, "north").motion_map.age_s == 0.0


def test_a_recorded_file_leaves_nothing_that_would_change_its_next_run(tmp_path: Path) -> None:
    store = MotionMapStore(tmp_path, "north", lasting=False)
    _teach(store)
    store.save()
    assert not motion_map_file(tmp_path, "north").parent.exists()
