from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from edgecv.capture import VideoFile, pictures_between
from edgecv.incidents.clip import cut_clip
from edgecv.incidents.files import sha256_file, write_atomic
from edgecv.incidents.manifest import verify_manifest, write_manifest


@pytest.mark.parametrize("b_frames", ["0", "2"])
def test_a_clip_starts_at_the_key_frame_before_and_holds_the_original_pictures(write_video, tmp_path, b_frames) -> None:
    rng = np.random.default_rng(0)
    frames = [np.full((120, 160), 40 + n, np.uint8) + rng.integers(0, 9, (120, 160), np.uint8) for n in range(150)]
    options = {"g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": b_frames}
    source = write_video("whole.mp4", frames, options=options)
    clip = cut_clip(source, tmp_path / "clip.mp4", 2.4, 4.0)
    assert clip.start_s == pytest.approx(2.0)
    assert 4.0 <= clip.end_s <= 4.2
    original = dict(pictures_between(source, clip.start_s - 0.001, 4.0))
    with VideoFile(clip.path) as video:
        copied = {round(f.t_s + clip.start_s, 3): f.luma.copy() for f in video}
    assert video.decode_errors == 0
    for t_s, picture in original.items():
        expected = next(iter(pictures_between(clip.path, t_s - clip.start_s - 1e-3, t_s - clip.start_s + 1e-3)))[1]
        assert np.array_equal(picture, expected)
    assert len(copied) >= 50


def test_the_same_source_gives_the_same_bytes(write_video, noise_frames, tmp_path) -> None:
    source = write_video("whole.mp4", noise_frames(80), metadata={"creation_time": "2026-05-01T10:00:00Z"})
    first = sha256_file(cut_clip(source, tmp_path / "a.mp4", 1.0, 2.0).path)
    assert sha256_file(cut_clip(source, tmp_path / "b.mp4", 1.0, 2.0).path) == first


def test_a_clip_asked_for_beyond_both_ends_is_as_much_as_there_is(write_video, noise_frames, tmp_path) -> None:
    source = write_video("whole.mp4", noise_frames(50))
    clip = cut_clip(source, tmp_path / "clip.mp4", -10.0, 99.0)
    with VideoFile(clip.path) as video:
        assert sum(1 for _ in video) == 50


def test_a_codec_that_mp4_cannot_hold_goes_into_a_container_that_can(clips: Path, tmp_path) -> None:
    clip = cut_clip(clips / "tree_in_wind.avi", tmp_path / "clip.mp4", 0.0, 5.0)
    assert clip.path.suffix in {".mkv", ".avi"}
    assert list(tmp_path.iterdir()) == [clip.path]
    with VideoFile(clip.path) as video:
        assert sum(1 for _ in video) > 5


def test_the_manifest_finds_every_change(tmp_path) -> None:
    write_atomic(tmp_path / "clip.mp4", b"pictures")
    write_atomic(tmp_path / "incident.json", json.dumps({"id": 1}))
    manifest = write_manifest(tmp_path)
    assert json.loads(manifest.read_text())["files"]["clip.mp4"] == {
        "bytes": 8,
        "sha256": hashlib.sha256(b"pictures").hexdigest(),
    }
    assert verify_manifest(tmp_path) == []
    (tmp_path / "clip.mp4").write_bytes(b"picturez")
    (tmp_path / "incident.json").unlink()
    (tmp_path / "more.txt").write_text("x")
    problems = "\n".join(verify_manifest(tmp_path))
    assert "clip.mp4: has been changed" in problems
    assert "incident.json: is missing" in problems
    assert "more.txt: was not there" in problems


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    target = tmp_path / "a.txt"
    write_atomic(target, "old")

    def power_cut(_file: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("os.fsync", power_cut)
    with pytest.raises(OSError, match="power cut"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
