"""One incident's files, on a disk that takes all, some or next to nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from daemon.recent_footage import Scene, demo_scene
from small_disk import small_disk

from edgecv.capture import lazy_frames_between, pictures_between
from edgecv.capture.packets import PacketRing
from edgecv.daemon import evidence_writer
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.evidence.bundle_files import PICTURES, record_in
from edgecv.evidence.overlay_spec import OVERLAY_SPEC, overlay_spec_of

FILES = {"clip.mp4", "incident.json", "box.yaml", "calibration.yaml", OVERLAY_SPEC}
BARE = {"incident.json", OVERLAY_SPEC}


@pytest.fixture
def scene(demo_run, tmp_path: Path) -> Scene:
    return demo_scene(demo_run, tmp_path / "state")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "evidence"
    made.mkdir()
    return made


def write(scene: Scene, folder: Path, *, last: bool = True) -> tuple[str, ...]:
    found, camera = scene.found[0], scene.footage.camera
    sketch = overlay_spec_of(found.fall, found.incident.origin, camera.pinhole, camera.plan)
    return write_bundle(found.incident, sketch, scene.footage, folder, scene.spec.replay_setup, last=last)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def evidence_in(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "incident.json").read_text())["evidence"]
    return told


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("last", [False, True])
def test_all_is_written_and_the_record_names_the_clip(scene: Scene, folder: Path, last: bool) -> None:
    assert write(scene, folder, last=last) == ()
    assert names(folder) == FILES
    told = evidence_in(folder)
    assert (told["clip"], told["reason"]) == ("clip.mp4", None)
    first = next(iter(lazy_frames_between(folder / "clip.mp4", 0.0, 1.0)))[1]
    same = dict(scene.footage.frames(0.0, 1e9))[told["clip_start_s"]]
    assert np.array_equal(first.whole(), same.whole())


def test_nothing_waits_for_the_disk_before_the_record_is_stored(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    real = os.fsync
    monkeypatch.setattr("os.fsync", lambda handle: (flushed.append(handle), real(handle))[1])
    write(scene, folder, last=False)
    assert flushed == []
    write(scene, folder, last=True)
    assert flushed


def test_pictures_from_packets_in_memory_are_those_of_the_video(scene: Scene, demo_run) -> None:
    from_memory = list(scene.footage.frames(2.0, 2.4))
    from_file = list(pictures_between(demo_run.files.video, 2.0, 2.4))
    assert len(from_memory) == len(from_file) == 11
    for (a_s, a), (b_s, b) in zip(from_memory, from_file, strict=True):
        assert a_s == pytest.approx(b_s)
        assert (a.whole() == b).all()


def test_who_dies_before_the_clip_is_there_leaves_a_record_that_says_so(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt  # nothing that could be caught and tidied up after

    monkeypatch.setattr(type(scene.footage), "cut", dies)
    with pytest.raises(KeyboardInterrupt):
        write(scene, folder, last=False)
    assert names(folder) == BARE
    assert "the process was killed" in (evidence_in(folder)["reason"] or "")
    assert record_in(folder).track == scene.found[0].incident.track


def test_a_record_that_finds_no_room_beside_the_clip_is_kept_rather_than_the_clip(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_writer, "write_record", full)
    for _ in range(2):  # nor is one left beside a record that names none
        assert write(scene, folder) == ("no clip (the disk is full)",)
        assert names(folder) == BARE | set(PICTURES)
    told = evidence_in(folder)
    assert (told["clip"], told["reason"]) == (None, "the disk is full")


def test_a_longer_clip_that_finds_no_room_leaves_the_shorter_one_and_its_record(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(scene, folder)
    clip = (folder / "clip.mp4").read_bytes()
    monkeypatch.setattr(type(scene.footage), "cut", full)
    assert write(scene, folder) == ("no longer clip (the disk is full)",)
    assert names(folder) == FILES
    assert (folder / "clip.mp4").read_bytes() == clip
    assert evidence_in(folder)["sha256"] == hashlib.sha256(clip).hexdigest()


def test_a_clip_with_the_fall_is_not_replaced_by_one_that_begins_after_it(scene: Scene, folder: Path) -> None:
    write(scene, folder)
    clip = (folder / "clip.mp4").read_bytes()
    incident = scene.found[0].incident
    whole = scene.footage.ring
    late = round((incident.media.end_s + 2.0) / scene.footage.stream.base)
    scene.footage.ring = PacketRing(scene.footage.stream.base)
    for packet in whole.between(scene.footage.first_pts + late, scene.footage.first_pts + 10 * late):
        scene.footage.ring.add(packet)
    assert not scene.footage.reaches_back_to(incident.media.start_s)
    (told,) = write(scene, folder)
    assert told.startswith("no longer clip (the camera sends so much")
    assert (folder / "clip.mp4").read_bytes() == clip
    assert evidence_in(folder)["sha256"] == hashlib.sha256(clip).hexdigest()
    assert names(folder) == FILES


def test_packets_that_have_gone_cost_clip_and_pictures_but_not_the_record(scene: Scene, folder: Path) -> None:
    scene.footage.ring = PacketRing(scene.footage.stream.base)
    missing = write(scene, folder)
    assert [line.split(" (")[0] for line in missing] == ["no clip", "no pictures"]
    assert all("are no longer kept" in line for line in missing)
    assert names(folder) == BARE
    assert "are no longer kept" in (evidence_in(folder)["reason"] or "")


def test_where_not_even_the_record_finds_room_that_is_raised(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.footage.ring = PacketRing(scene.footage.stream.base)
    monkeypatch.setattr(evidence_writer, "write_bare_record", full)
    with pytest.raises(OSError, match="full"):
        write(scene, folder)


def test_a_full_disk_costs_the_clip_then_the_pictures_and_the_record_last(
    scene: Scene, folder: Path, tmp_path: Path
) -> None:
    write(scene, folder)
    clip = (folder / "clip.mp4").stat().st_size
    with small_disk(tmp_path / "middling", clip - 100_000) as disk:
        assert write(scene, disk) == ("no clip (the disk is full)",)
        assert names(disk) == BARE | set(PICTURES)
        assert evidence_in(disk)["clip"] is None
        for name in PICTURES:
            assert cv2.imread(str(disk / name)) is not None
    with small_disk(tmp_path / "tiny", 64_000) as disk:
        assert write(scene, disk) == ("no clip (the disk is full)", "no pictures (the disk is full)")
        assert names(disk) == BARE
