from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, fall_track, track_of

from edgecv.classification.course import COURSE_FEATURES, course_of
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, explain

VIEW = View.uncalibrated(SIZE, TrajectorySettings())


def course(track: Track) -> dict[str, float]:
    fall = explain(track, VIEW, TrajectorySettings())
    assert fall is not None
    return dict(zip(COURSE_FEATURES, course_of(fall), strict=True))


def approaching(noise: float = 0.5) -> Track:
    """A car that drives towards the camera at constant speed: its place in the picture goes as 1 / (1 + c t)."""
    t = np.arange(50) / 25.0
    nearness = 1.0 / (1.0 - 0.4 * t)
    uv = np.column_stack([960.0 + 20.0 * nearness, 100.0 + 150.0 * nearness])
    track = track_of(t, uv + np.random.default_rng(2).normal(0.0, noise, uv.shape))
    sized = (replace(p.detection, w_px=6.0 * k, h_px=6.0 * k) for p, k in zip(track.points, nearness, strict=True))
    return replace(track, points=tuple(replace(p, detection=d) for p, d in zip(track.points, sized, strict=True)))


def test_what_drives_nearer_speeds_up_more_and_more_and_grows_while_a_bottle_does_not() -> None:
    t = np.arange(30) / 25.0
    level = course(track_of(t, np.column_stack([900.0 + 40.0 * t, 50.0 + 300.0 * t**2])))
    car, bottle = course(approaching()), course(fall_track(30.0))
    assert car["down_jerk_share"] > 0.15 > level["down_jerk_share"] == pytest.approx(0.0, abs=0.02)
    assert car["growth_certainty"] > 3.0
    assert car["growth_by_nearness"] > 0.5
    assert abs(bottle["growth_by_nearness"]) < 0.1


def test_noise_is_measured_from_the_sightings_and_a_wobble_stands_out_of_it() -> None:
    quiet, noisy = course(fall_track(30.0, noise=0.2)), course(fall_track(30.0, noise=0.8))
    assert noisy["log_measured_noise"] - quiet["log_measured_noise"] == pytest.approx(np.log(4.0), abs=0.5)
    steady = fall_track(30.0, noise=0.2)
    swing = 2.5 * np.sin(2.0 * np.pi * np.arange(len(steady.points)) / 20.0)
    swung = replace(
        steady,
        points=tuple(
            replace(p, detection=replace(p.detection, x_px=p.detection.x_px + float(d)))
            for p, d in zip(steady.points, swing, strict=True)
        ),
    )
    assert course(swung)["wobble"] > course(steady)["wobble"] + 1.0


def test_what_comes_in_from_the_pictures_side_is_near_it_at_first() -> None:
    t = np.arange(30) / 25.0
    inside = np.column_stack([700.0 + 300.0 * t, 200.0 + 250.0 * t**2])
    outside = inside - np.array([698.0, 0.0])
    middle, side = course(track_of(t, inside)), course(track_of(t, outside))
    assert side["entry_to_side_in_sizes"] < 0.5 < middle["entry_to_side_in_sizes"]
    assert side["side_speed_at_entry"] > 0.0
    assert side["entry_to_top_in_sizes"] == pytest.approx(middle["entry_to_top_in_sizes"])


def test_changes_of_sign_and_gaps_are_counted() -> None:
    whole = fall_track(30.0)
    pieces = tuple(
        replace(p, detection=replace(p.detection, contrast=-30.0 if n % 8 < 4 else 30.0))
        for n, p in enumerate(whole.points)
        if n % 8 != 5
    )
    seen = course(replace(whole, points=pieces))
    assert seen["sign_flips"] > 0.15 > course(whole)["sign_flips"]
    assert seen["longest_gap_frames"] == pytest.approx(np.log(2.0))
