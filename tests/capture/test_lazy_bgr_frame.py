"""Pixels of a part are those of the whole."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.capture import LazyBgrFrame
from edgecv.capture.luma import FULL, LIMITED


def frame_of(width: int, height: int, form: str = "yuv420p") -> VideoFrame:
    """Coarse colours with noise: chroma that changes from one pair of pixels to the next."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return VideoFrame.from_ndarray(colours, format="rgb24").reformat(format=form)


FRAME = frame_of(320, 180)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_part_is_cut_from_the_whole(data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, 319)), data.draw(st.integers(0, 179))
    right, bottom = data.draw(st.integers(left + 1, 320)), data.draw(st.integers(top + 1, 180))
    shot = LazyBgrFrame(FRAME)
    assert np.array_equal(shot.part(left, top, right, bottom), shot.whole()[top:bottom, left:right])


@pytest.mark.parametrize(("size", "form"), [((321, 179), "yuv420p"), ((320, 180), "nv12"), ((320, 180), "yuv444p")])
def test_so_it_is_where_chroma_lies_otherwise(size: tuple[int, int], form: str) -> None:
    shot = LazyBgrFrame(frame_of(*size, form))
    assert shot.shape == (size[1], size[0], 3)
    assert np.array_equal(shot.part(31, 17, 90, 44), shot.whole()[17:44, 31:90])


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_picture_is_upright(rotation: int) -> None:
    shot, lying = LazyBgrFrame(FRAME, rotation), LazyBgrFrame(FRAME)
    assert np.array_equal(shot.whole(), np.rot90(lying.whole(), rotation // 90))
    assert shot.shape == shot.whole().shape
    assert np.array_equal(shot.part(31, 17, 90, 44), shot.whole()[17:44, 31:90])


def test_a_cameras_own_pictures_too(clips: Path) -> None:
    with av.open(str(clips / "office1.mp4")) as container:
        shot = LazyBgrFrame(next(iter(container.decode(video=0))))
    whole = shot.whole()
    for left, top in ((0, 0), (33, 21), (101, 64)):
        assert np.array_equal(shot.part(left, top, left + 27, top + 25), whole[top : top + 25, left : left + 27])


@pytest.mark.parametrize(
    ("form", "stated", "levels"),
    [
        ("yuv420p", ColorRange.UNSPECIFIED, LIMITED),
        ("yuv420p", ColorRange.MPEG, LIMITED),
        ("yuv420p", ColorRange.JPEG, FULL),
        ("yuvj420p", ColorRange.UNSPECIFIED, FULL),
        ("gray", ColorRange.UNSPECIFIED, FULL),
        ("gray", ColorRange.MPEG, LIMITED),
        ("yuv420p10le", ColorRange.MPEG, FULL),  # converted
    ],
)
def test_black_and_white_are_those_of_the_luma(form: str, stated: ColorRange, levels: tuple[int, int]) -> None:
    frame = VideoFrame.from_ndarray(np.full((16, 16, 3), 255, np.uint8), format="rgb24").reformat(format=form)
    frame.color_range = stated
    assert LazyBgrFrame(frame).levels == levels


def test_white_of_a_deeper_picture_is_converted_to_the_full_range() -> None:
    frame = VideoFrame.from_ndarray(np.full((16, 16, 3), 255, np.uint8), format="rgb24").reformat(format="yuv420p10le")
    assert LazyBgrFrame(frame).luma().min() >= 254


def test_a_camera_that_uses_the_full_range_and_does_not_say_so_is_seen_by_its_blacks() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    frame = VideoFrame(256, 16, "yuv420p")
    frame.planes[0].update(ramp.tobytes())
    assert frame.planes[0].line_size == 256
    assert LazyBgrFrame(frame).levels == FULL
