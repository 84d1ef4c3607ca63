from __future__ import annotations

import hashlib
import json
from pathlib import Path

import av
import numpy as np
import pytest

from edgecv.capture import VideoFile, pictures_between
from edgecv.durable_files import sha256_file, write_atomic
from edgecv.evidence.clip import cut_clip
from edgecv.evidence.manifest import verify_manifest, write_manifest


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


def _numbered(count: int) -> list[np.ndarray]:
    """Small pictures whose mean grey level tells which they are."""
    return [np.full((48, 64), 20 + n % 200, np.uint8) for n in range(count)]


@pytest.mark.parametrize("ending", ["ts", "mp4", "mkv"])
@pytest.mark.parametrize("group", [250, 600])
@pytest.mark.parametrize("wished_s", [(3.0, 8.0), (14.0, 22.0), (23.9, 24.1), (29.0, 31.0)])
def test_a_clip_of_long_groups_of_pictures_begins_at_the_key_frame_before_it(
    write_video, tmp_path, ending: str, group: int, wished_s: tuple[float, float]
) -> None:
    options = {"g": str(group), "keyint_min": str(group), "sc_threshold": "0", "bf": "0", "preset": "ultrafast"}
    source = write_video(f"whole.{ending}", _numbered(900), options=options)
    clip = cut_clip(source, tmp_path / "clip.mp4", *wished_s)
    assert clip.start_s == pytest.approx(group / 25 * (wished_s[0] // (group / 25)), abs=0.002)
    assert clip.end_s == pytest.approx(wished_s[1], abs=0.05)
    shown = [t_s for t_s, _ in pictures_between(source, *wished_s)]
    assert shown[0] == pytest.approx(wished_s[0], abs=0.041)
    assert len(shown) == pytest.approx((wished_s[1] - wished_s[0]) * 25, abs=1.1)


@pytest.mark.parametrize("ending", ["ts", "mp4", "mkv"])
def test_a_clip_of_open_groups_begins_with_a_picture_that_can_be_decoded(write_video, tmp_path, ending: str) -> None:
    options = {"g": "250", "keyint_min": "250", "sc_threshold": "0", "x264-params": "open-gop=1:bframes=3"}
    source = write_video(f"whole.{ending}", _numbered(900), options=options)
    clip = cut_clip(source, tmp_path / "clip.mp4", 14.0, 22.0)
    assert clip.start_s == pytest.approx(10.0, abs=0.002)
    with VideoFile(source) as video:
        original = [frame.luma.mean() for frame in video]
    with VideoFile(clip.path) as video:
        copied = [frame.luma.mean() for frame in video]
    assert copied[:250] == original[250:500]
    assert next(iter(pictures_between(clip.path, 5.0, 5.0)))[1].mean() == pytest.approx(
        next(iter(pictures_between(source, 15.0, 15.0)))[1].mean(), abs=2.0
    )


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_a_recording_that_begins_within_a_group_is_cut_from_its_first_key_frame(
    write_video, tmp_path, ending: str
) -> None:
    options = {"g": "250", "keyint_min": "250", "sc_threshold": "0", "bf": "0"}
    source, late = write_video(f"whole.{ending}", _numbered(600), options=options), tmp_path / f"late.{ending}"
    with av.open(str(source)) as reader, av.open(str(late), "w") as writer:
        out = writer.add_stream_from_template(reader.streams.video[0])
        for packet in reader.demux(video=0):
            if packet.size and (packet.pts or 0) * (packet.time_base or 0) > 4.0 + (1.4 if ending == "ts" else 0.0):
                packet.stream = out
                writer.mux(packet)
    clip = cut_clip(late, tmp_path / "clip.mp4", 2.0, 6.0)
    with VideoFile(clip.path) as video:
        assert sum(1 for _ in video) > 100
        assert video.decode_errors == 0
