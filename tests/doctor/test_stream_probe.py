"""A few seconds of real streams: what they are made of."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from doctor.small_video import write_video
from web_camera import WebCamera

from edgecv.capture.stream import StreamError, StreamSettings
from edgecv.doctor.stream_probe import probe_stream


def test_rate_size_key_frames_and_order_are_as_they_were_encoded(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", pictures=76, fps=20, gop=10)
    probe = probe_stream(StreamSettings(str(video)), seconds=3.0)
    assert (probe.codec, probe.size_px, probe.b_frames, probe.damaged) == (
        "h264",
        (640, 360),
        False,
        0,
    )
    assert probe.fps == pytest.approx(20.0, rel=0.02)
    assert probe.keyframe_s == pytest.approx(0.5)
    assert probe.seconds == pytest.approx(3.0, abs=0.1)
    assert probe.decode_s > 0.0
    assert probe.lumas[0].shape == probe.lumas[1].shape == (360, 640)
    assert (probe.lumas[0] != probe.lumas[1]).any()


def test_b_frames_and_a_lonely_key_frame_are_noticed(tmp_path: Path) -> None:
    video = write_video(tmp_path / "b.mp4", pictures=50, gop=250, b_frames=2)
    probe = probe_stream(StreamSettings(str(video)), seconds=1.5)
    assert probe.b_frames
    assert probe.keyframe_s is None


def test_a_video_shorter_than_the_look_is_looked_at_whole(tmp_path: Path) -> None:
    probe = probe_stream(StreamSettings(str(write_video(tmp_path / "c.mp4", pictures=25))), seconds=60.0)
    assert probe.fps == pytest.approx(25.0, rel=0.02)


def test_what_shows_no_picture_says_so(tmp_path: Path) -> None:
    video = write_video(tmp_path / "d.mp4", pictures=1)
    with pytest.raises(StreamError, match="no picture"):
        probe_stream(StreamSettings(str(video)), seconds=1.0)
    with pytest.raises(StreamError, match="cannot be opened"):
        probe_stream(StreamSettings(str(tmp_path / "nothing.mp4")), seconds=1.0)


def test_motion_jpeg_over_http_is_measured_by_arrival() -> None:
    picture = cv2.imencode(".jpg", np.full((120, 160), 90, np.uint8))[1].tobytes()
    camera = WebCamera([picture], 12.5)
    try:
        probe = probe_stream(StreamSettings(camera.url), 3.0)
    finally:
        camera.close()
    assert probe.by_arrival
    assert (probe.nominal_fps, probe.stamp_rate) == (None, None)
    assert probe.fps == pytest.approx(12.5, rel=0.15)
