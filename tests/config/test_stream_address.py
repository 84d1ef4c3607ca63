"""What an address says of where pictures come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config.stream_address import is_device, is_recorded, resolved_address


def test_only_what_lies_in_dev_is_a_device() -> None:
    assert is_device("/dev/video0")
    assert not is_device("/videos/dev/a.mp4")
    assert not is_device("/dev/shm/a.mp4")
    assert not is_device("rtsp://camera/dev/video0")


@pytest.mark.parametrize(
    ("address", "recorded", "full"),
    [
        ("night.mp4", True, "/etc/edgecv/night.mp4"),
        ("/videos/night.mp4", True, "/videos/night.mp4"),
        ("rtsp://192.0.2.10/stream1", False, "rtsp://192.0.2.10/stream1"),
        ("/dev/video0", False, "/dev/video0"),
    ],
)
def test_recorded_video_alone_is_named_relative_to_the_box_file(address: str, recorded: bool, full: str) -> None:
    assert is_recorded(address) is recorded
    assert resolved_address(address, Path("/etc/edgecv/box.yaml")) == full
