"""One incident's files, on a disk that takes all, some or next to nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest
from daemon.kept_session import Scene, demo_scene

from edgecv.capture import pictures_between
from edgecv.capture.packets import PacketRing
from edgecv.daemon import bundle
from edgecv.daemon.bundle import write_bundle

ALL = {"clip.mp4", *bundle.PICTURES, "incident.json", "box.yaml", "calibration.yaml"}


@pytest.fixture
def scene(demo_run, tmp_path: Path) -> Scene:
    return demo_scene(demo_run, tmp_path / "state")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "evidence"
    made.mkdir()
    return made


def write(scene: Scene, folder: Path) -> tuple[str, ...]:
    found = scene.found[0]
    return write_bundle(found.incident, found.fall, scene.session, folder, scene.spec.set_up)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def evidence_in(folder: Path) -> dict[str, str | None]:
    told: dict[str, str | None] = json.loads((folder / "incident.json").read_text())["evidence"]
    return told


def test_all_is_written_and_the_record_names_the_clip(scene: Scene, folder: Path) -> None:
    assert write(scene, folder) == ()
    assert names(folder) == ALL
    told = evidence_in(folder)
    assert told["clip"] == "clip.mp4"
    assert told["sha256"] == hashlib.sha256((folder / "clip.mp4").read_bytes()).hexdigest()
    still = cv2.imread(str(folder / "still.jpg"))
    assert still is not None
    assert still.shape[1] >= 1280


def test_pictures_from_packets_in_memory_are_those_of_the_video(scene: Scene, demo_run) -> None:
    from_memory = list(scene.session.pictures(2.0, 2.4))
    from_file = list(pictures_between(demo_run.files.video, 2.0, 2.4))
    assert len(from_memory) == len(from_file) == 11
    for (a_s, a), (b_s, b) in zip(from_memory, from_file, strict=True):
        assert a_s == pytest.approx(b_s)
        assert (a == b).all()


def test_a_record_that_finds_no_room_beside_the_clip_is_kept_rather_than_the_clip(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "write_record", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    assert write(scene, folder) == ("no clip (the disk is full)",)
    assert names(folder) == {*bundle.PICTURES, "incident.json"}
    assert evidence_in(folder)["clip"] is None


def test_a_clip_that_no_record_can_name_is_not_left_beside_one_that_names_none(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "write_record", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    for _ in range(2):
        write(scene, folder)
    assert names(folder) == {*bundle.PICTURES, "incident.json"}


def test_clip_and_pictures_can_be_written_one_after_the_other(scene: Scene, folder: Path) -> None:
    found = scene.found[0]
    given = (found.incident, found.fall, scene.session, folder, scene.spec.set_up)
    assert write_bundle(*given, pictures=False) == ()
    assert names(folder) == ALL - {*bundle.PICTURES}
    clip = (folder / "clip.mp4").stat()
    assert write_bundle(*given, clip=False) == ()
    assert names(folder) == ALL
    assert (folder / "clip.mp4").stat() == clip


def test_a_longer_clip_that_finds_no_room_leaves_the_shorter_one_and_its_record(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(scene, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(type(scene.session), "cut", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    assert write(scene, folder) == ("no longer clip (the disk is full)",)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_packets_that_have_gone_cost_clip_and_pictures_but_not_the_record(scene: Scene, folder: Path) -> None:
    scene.session.ring = PacketRing(scene.session.stream.base)
    missing = write(scene, folder)
    assert [line.split(" (")[0] for line in missing] == ["no clip", "no pictures"]
    assert all("are no longer kept" in line for line in missing)
    assert names(folder) == {"incident.json"}


def test_where_not_even_the_record_finds_room_that_is_raised(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.session.ring = PacketRing(scene.session.stream.base)
    monkeypatch.setattr(bundle, "write_bare_record", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        write(scene, folder)


@contextmanager
def small_disk(where: Path, free_bytes: int) -> Iterator[Path]:
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={free_bytes // 4096 * 4096}", "tmpfs", str(where)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=False)


def test_a_full_disk_costs_the_clip_then_the_pictures_and_the_record_last(
    scene: Scene, folder: Path, tmp_path: Path
) -> None:
    write(scene, folder)
    size = {path.name: path.stat().st_size for path in folder.iterdir()}
    pictures = sum(size[name] for name in bundle.PICTURES)
    assert size["clip.mp4"] > pictures + 200_000, "the test's steps need a clip larger than its pictures"
    with small_disk(tmp_path / "middling", pictures + 100_000) as disk:
        assert write(scene, disk) == ("no clip (the disk is full)",)
        assert names(disk) == {*bundle.PICTURES, "incident.json"}
        assert evidence_in(disk)["clip"] is None
        for name in bundle.PICTURES:
            assert (disk / name).read_bytes() == (folder / name).read_bytes()
    with small_disk(tmp_path / "tiny", 64_000) as disk:
        assert write(scene, disk) == ("no clip (the disk is full)", "no pictures (the disk is full)")
        assert names(disk) == {"incident.json"}
