from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from edgecv.evidence.strobe_picture import label_times, strobe_picture
from edgecv.incidents.record import TrackPointRecord

Picture = npt.NDArray[np.uint8]
FPS = 25.0
SIDE = 8


@dataclass(frozen=True)
class Whole:
    """A picture that is there in colours already."""

    picture: Picture

    @property
    def shape(self) -> tuple[int, ...]:
        return self.picture.shape

    def whole(self) -> Picture:
        return self.picture

    def part(self, left: int, top: int, right: int, bottom: int) -> Picture:
        return self.picture[top:bottom, left:right]


def strobe_of(frames: Iterable[tuple[float, Picture]], track: Sequence[TrackPointRecord]) -> Picture:
    return strobe_picture(((t_s, Whole(picture)) for t_s, picture in frames), track)


def wall(seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(90, 110, (240, 320, 3)).astype(np.uint8)


def with_square(background: Picture, y: int) -> Picture:
    picture = background.copy()
    picture[y : y + SIDE, 200 : 200 + SIDE] = (20, 40, 250)
    return picture


def sighting(frame: int, y: int) -> TrackPointRecord:
    half = (SIDE - 1) / 2
    return TrackPointRecord(t=frame / FPS, x=200 + half, y=y + half, w=SIDE, h=SIDE)


def falling(count: int = 10) -> tuple[list[tuple[float, Picture]], list[TrackPointRecord], list[int]]:
    heights = [20 + 20 * i for i in range(count)]
    frames = [(i / FPS, with_square(wall(), y)) for i, y in enumerate(heights)]
    return frames, [sighting(i, y) for i, y in enumerate(heights)], heights


def test_object_shows_at_every_sighting() -> None:
    frames, track, heights = falling()
    picture = strobe_of(frames, track)
    for y in heights:
        assert np.array_equal(picture[y + 3 : y + 5, 203:205], np.full((2, 2, 3), (20, 40, 250)))


def test_background_beside_the_path_is_left_as_it_was() -> None:
    frames, track, _ = falling()
    picture = strobe_of(frames, track)
    assert np.array_equal(picture[:, :120], wall()[:, :120])
    assert np.array_equal(picture[:, 230:], wall()[:, 230:])


def test_box_without_the_object_leaves_no_seam() -> None:
    frames = [(i / FPS, wall()) for i in range(9)]
    assert np.array_equal(strobe_of(frames, [sighting(4, 100)]), wall())


def test_times_stand_beside_the_path_every_half_second_and_nowhere_else() -> None:
    track = [sighting(frame, 20 + 4 * frame) for frame in range(40)]
    labelled = label_times(wall(), track)
    assert np.array_equal(labelled[:, 195:], wall()[:, 195:]), "on the side with more room"
    rows = np.flatnonzero((labelled != wall()).any(axis=(1, 2)))
    begins = rows[np.flatnonzero(np.diff(rows, prepend=-9) > 1)]
    assert len(begins) == 4, "0.0, 0.5, 1.0 and 1.5 s"
    assert np.diff(begins) == pytest.approx(4 * 0.5 * FPS, abs=4)


def test_times_of_what_hardly_moves_are_not_written_over_each_other() -> None:
    labelled = label_times(wall(), [sighting(frame, 100) for frame in range(100)])
    once = label_times(wall(), [sighting(0, 100)])
    assert np.array_equal(labelled, once)
    assert not np.array_equal(once, wall())


def test_sighting_without_a_frame_of_its_time_is_not_pasted() -> None:
    frames, track, heights = falling()
    picture = strobe_of([f for i, f in enumerate(frames) if i != 5], track)
    y = heights[5] + 3
    assert np.array_equal(picture[y, 203:205], wall()[y, 203:205])
    assert np.array_equal(picture[heights[6] + 3, 203], (20, 40, 250))


def test_sighting_takes_the_frame_nearest_in_time() -> None:
    frames, track, heights = falling()
    late = [p.model_copy(update={"t": p.t + 0.4 / FPS}) for p in track]
    picture = strobe_of(frames, late)
    assert np.array_equal(picture[heights[4] + 3, 203], (20, 40, 250))


def test_given_frames_are_not_drawn_on() -> None:
    frames, track, _ = falling()
    before = [f.copy() for _, f in frames]
    strobe_of(frames, track)
    assert all(np.array_equal(a, b) for a, (_, b) in zip(before, frames, strict=True))


def test_memory_stays_that_of_a_few_frames_however_many_are_given() -> None:
    tracemalloc.start()
    strobe_of(((i / FPS, wall()) for i in range(120)), [sighting(60, 100)])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 40 * wall().nbytes  # wall() itself takes 8 frames of 64-bit numbers while it is drawn


def test_sightings_at_the_edge_and_outside_are_no_error() -> None:
    frames, _, _ = falling()
    edge = TrackPointRecord(t=0.0, x=-1.0, y=0.0, w=9.0, h=9.0)
    gone = TrackPointRecord(t=0.04, x=900.0, y=-500.0, w=9.0, h=9.0)
    assert strobe_of(frames, [edge, gone]).shape == (240, 320, 3)


def test_no_frames_is_an_error_that_says_what_to_pass() -> None:
    with pytest.raises(ValueError, match="pass the frames around the incident"):
        strobe_of([], [])


def test_frames_of_two_sizes_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"at 0\.040 s"):
        strobe_of([(0.0, wall()), (0.04, wall()[:100])], [])


def test_real_box_shows_all_the_way_down(clips: Path) -> None:
    rows = json.loads((clips / "office1.truth.json").read_text())["events"][0]["frames"]
    track = [TrackPointRecord(t=r[1], x=r[2], y=r[3], w=r[4], h=r[5]) for r in rows]
    with av.open(str(clips / "office1.mp4")) as container:
        frames = [
            (float(f.time or 0.0), f.to_ndarray(format="bgr24").astype(np.uint8))
            for f in container.decode(video=0)
            if track[0].t - 0.5 <= float(f.time or 0.0) <= track[-1].t + 0.5
        ]
    picture = strobe_of(frames, track).astype(np.int16)
    background = np.median([f for _, f in frames[::8]], axis=0)
    shown = 0
    for p in track:
        y, x = round(p.y), round(p.x)
        box = (slice(max(y - 8, 0), y + 8), slice(x - 8, x + 8))
        shown += bool((np.abs(picture[box] - background[box]).max(axis=2) > 20).mean() > 0.1)
    assert shown >= 0.9 * len(track)
