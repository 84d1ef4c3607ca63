"""The stretch of a track that may be a fall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import fall_track

from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings
from edgecv.trajectory.falling_stretch import falling_stretch, without_strays

S = TrajectorySettings()


def _with_stray(track: Track, frames_before: int) -> Track:
    """The track with a detection by chance, so many frames before its first, 20 px below where it begins."""
    first = track.points[0]
    stray = replace(
        first,
        frame=first.frame - frames_before,
        t_s=first.t_s - frames_before * track.frame_interval_s,
        detection=replace(first.detection, y_px=first.detection.y_px + 20.0),
    )
    return Track(
        (stray, *track.points), track.scan_count + frames_before, track.picture_size_px, track.frame_interval_s
    )


def test_a_detection_by_chance_before_the_release_is_no_part_of_the_fall() -> None:
    track = fall_track(20.0)
    stretch = falling_stretch(_with_stray(track, 9), S)
    assert stretch is not None
    assert stretch.points[0].t_s >= track.points[0].t_s
    assert len(stretch.points) > 0.8 * len(track.points)


@pytest.mark.parametrize("missed", [1, 3])
def test_what_a_few_misses_leave_belongs_to_the_fall(missed: int) -> None:
    points = fall_track(20.0).points
    kept = (*points[:1], *points[1 + missed :])
    assert without_strays(kept, 0.04) == kept


def test_what_a_codec_leaves_of_a_change_is_left_out_though_it_is_detected_three_times() -> None:
    points = fall_track(20.0).points[20:60]
    standing = tuple(replace(p, detection=replace(points[0].detection, y_px=40.0)) for p in points[:3])
    assert without_strays((*standing, *points[12:]), 0.04) == points[12:]


def test_one_or_two_beyond_a_gap_at_either_end_are_left_out_and_three_are_not() -> None:
    points = fall_track(20.0).points
    interval_s = float(np.median(np.diff([p.t_s for p in points])))
    for count in (1, 2):
        middle = points[count + 6 : -count - 6]
        assert without_strays((*points[:count], *middle, *points[-count:]), interval_s) == middle
    three = (*points[:3], *points[9:])
    assert without_strays(three, interval_s) == three


def test_a_track_that_takes_what_a_codec_left_when_its_object_was_lost_is_a_fall_up_to_there() -> None:
    """At half the frame rate there are ten sightings of the fall, and eight of what stands beside it."""
    track = fall_track(20.0, y=21.0, noise=0.2)
    falling, after = track.points[:20:2], track.points[20:36:2]
    last = falling[-1].detection
    standing = tuple(
        replace(p, detection=replace(last, x_px=last.x_px + 10.0, y_px=last.y_px + 3.0 + 0.2 * k))
        for k, p in enumerate(after)
    )
    points = (*falling, *standing)
    stretch = falling_stretch(Track(points, len(points), track.picture_size_px, 2.0 * track.frame_interval_s), S)
    assert stretch is not None
    assert len(stretch.points) >= len(falling) - 1
    assert stretch.points[-1].t_s <= standing[0].t_s


def test_a_slow_beginning_belongs_to_the_stretch_though_its_end_was_seen_once() -> None:
    track = fall_track(20.0)
    n = len(track.points)
    seen = (*track.points[: n // 2], track.points[-n // 8])
    stretch = falling_stretch(replace(track, points=seen), S)
    assert stretch is not None
    assert stretch.points[0].t_s < track.points[0].t_s + 0.25 * (seen[-1].t_s - seen[0].t_s)
