"""A few seconds of real streams: what they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_video import write_video

from edgecv.capture.stream import StreamError, StreamSettings
from edgecv.doctor.stream_probe import look


def test_rate_size_key_frames_and_order_are_as_they_were_encoded(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", pictures=76, fps=20, gop=10)
    seen = look(StreamSettings(str(video)), seconds=3.0)
    assert (seen.codec, seen.size_px, seen.b_frames, seen.damaged) == ("h264", (640, 360), False, 0)
    assert seen.fps == pytest.approx(20.0, rel=0.02)
    assert seen.keyframe_s == pytest.approx(0.5)
    assert seen.seconds == pytest.approx(3.0, abs=0.1)
    assert seen.decode_s > 0.0
    assert seen.lumas[0].shape == seen.lumas[1].shape == (360, 640)
    assert (seen.lumas[0] != seen.lumas[1]).any()


def test_b_frames_and_a_lonely_key_frame_are_noticed(tmp_path: Path) -> None:
    video = write_video(tmp_path / "b.mp4", pictures=50, gop=250, b_frames=2)
    seen = look(StreamSettings(str(video)), seconds=1.5)
    assert seen.b_frames
    assert seen.keyframe_s is None


def test_a_video_shorter_than_the_look_is_looked_at_whole(tmp_path: Path) -> None:
    seen = look(StreamSettings(str(write_video(tmp_path / "c.mp4", pictures=25))), seconds=60.0)
    assert seen.fps == pytest.approx(25.0, rel=0.02)


def test_what_shows_no_picture_says_so(tmp_path: Path) -> None:
    video = write_video(tmp_path / "d.mp4", pictures=1)
    with pytest.raises(StreamError, match="no picture"):
        look(StreamSettings(str(video)), seconds=1.0)
    with pytest.raises(StreamError, match="cannot be opened"):
        look(StreamSettings(str(tmp_path / "nothing.mp4")), seconds=1.0)
