"""A camera on the box's own cable: what it is asked for, and what becomes of uncompressed pictures.

The real thing needs a V4L2 driver; here a file of raw pictures stands for what one sends.
"""

from __future__ import annotations

import errno
from typing import Any

import numpy as np
import pytest
from av.error import FFmpegError

from edgecv.capture import device
from edgecv.capture.device import open_device
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings

FPS = 25


class Driver:
    """Opens like FFmpeg: refuses the forms that a device does not have."""

    def __init__(self, forms: set[str | None], refusal: int = errno.EINVAL) -> None:
        self.asked: list[dict[str, str]] = []
        self._forms, self._refusal = forms, refusal

    def open(self, address: str, *, mode: str, format: str, options: dict[str, str], timeout: object) -> str:
        assert (address, mode, format, timeout) == ("/dev/video0", "r", "v4l2", (1.0, 2.0))
        self.asked.append(options)
        if options.get("input_format") not in self._forms:
            raise FFmpegError(self._refusal, "refused")
        return "opened"


@pytest.mark.parametrize(
    ("forms", "tried"),
    [
        ({"h264", "mjpeg", None}, ["h264"]),
        ({"mjpeg", None}, ["h264", "mjpeg"]),
        ({None}, ["h264", "mjpeg", None]),
    ],
)
def test_the_smallest_form_that_a_device_has_is_taken(
    monkeypatch: pytest.MonkeyPatch, forms: set[str | None], tried: list[str | None]
) -> None:
    driver = Driver(forms)
    monkeypatch.setattr(device.av, "open", driver.open)
    opened: Any = open_device("/dev/video0", (1920, 1080), 25.0, (1.0, 2.0))
    assert opened == "opened"
    assert [options.pop("input_format", None) for options in driver.asked] == tried
    assert all(options == {"video_size": "1920x1080", "framerate": "25"} for options in driver.asked)


def test_a_device_that_is_busy_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(set(), errno.EBUSY)
    monkeypatch.setattr(device.av, "open", driver.open)
    with pytest.raises(FFmpegError) as told:
        open_device("/dev/video0", None, None, (1.0, 2.0))
    assert told.value.errno == errno.EBUSY
    assert driver.asked == [{"input_format": "h264"}]


def test_uncompressed_pictures_become_small_packets_with_the_same_times_and_lose_no_small_thing(write_video) -> None:
    def frame(n: int) -> np.ndarray:
        grey = np.linspace(90, 130, 320, dtype=np.float32)[None, :].repeat(180, 0)
        noise = np.random.default_rng(n).normal(0.0, 1.5, grey.shape)
        grey[20 + 2 * n : 22 + 2 * n, 100:102] += 40.0  # a thing of two pixels, falling
        return np.clip(grey + noise, 0, 255).astype(np.uint8)

    frames = [frame(n) for n in range(60)]
    path = write_video("raw.avi", frames, codec="rawvideo", pix_fmt="yuyv422")
    with LiveStream(StreamSettings(str(path))) as stream:
        packets = list(stream.packets())
        pictures = [picture for packet in packets for picture in stream.decode(packet)] + stream.decode(None)
        compressing_s = stream.compressing_s
        codec, base = stream.codec, stream.base
    assert codec == "h264"
    assert compressing_s > 0.0
    assert [round(packet.pts * base * FPS) for packet in packets if packet.pts is not None] == list(range(60))
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, 25, 50]
    assert sum(packet.size for packet in packets) < path.stat().st_size / 4
    for n, picture in enumerate(pictures):
        luma = picture.to_ndarray(format="gray").astype(float)
        there = luma[20 + 2 * n : 22 + 2 * n, 100:102].mean() - luma[20 + 2 * n : 22 + 2 * n, 104:110].mean()
        assert there > 25.0
        assert np.abs(luma - frames[n]).mean() < 3.0


def test_raw_pictures_that_cannot_be_compressed_are_told_with_what_to_do(write_video) -> None:
    odd = np.full((101, 161), 90, np.uint8)
    path = write_video("odd.avi", [odd] * 3, codec="rawvideo", pix_fmt="bgr24")
    with pytest.raises(StreamError, match=r"of 161x101 cannot be compressed .*; ask for an even width"):
        LiveStream(StreamSettings(str(path)))
