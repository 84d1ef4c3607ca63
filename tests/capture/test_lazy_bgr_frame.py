"""Pixels of a part are those of the whole."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.capture import LazyBgrFrame


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
