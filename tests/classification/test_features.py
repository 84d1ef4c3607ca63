from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_paths import SIZE, fall_track, track_of

from edgecv.classification.features import FEATURES, features_of
from edgecv.tracking import Track, TrackPoint
from edgecv.trajectory import Fall, TrajectorySettings, View, explain
from edgecv.trajectory.model import U, V

VIEW = View.uncalibrated(SIZE, TrajectorySettings())


def fall_of(track: Track) -> Fall:
    fall = explain(track, VIEW, TrajectorySettings())
    assert fall is not None
    return fall


def named(fall: Fall, repeats: int = 0) -> dict[str, float]:
    return dict(zip(FEATURES, features_of(fall, repeats).tolist(), strict=True))


def moved(fall: Fall, dx: float, dy: float) -> Fall:
    """The same fall elsewhere in the picture: every pixel coordinate moved, the optical axis with it."""

    def point(p: TrackPoint) -> TrackPoint:
        return replace(p, detection=replace(p.detection, x_px=p.detection.x_px + dx, y_px=p.detection.y_px + dy))

    def points(several: tuple[TrackPoint, ...]) -> tuple[TrackPoint, ...]:
        return tuple(point(p) for p in several)

    cx, cy = fall.fit.view.center_px
    parameters = fall.fit.parameters.copy()
    parameters[[U, V]] += dx, dy
    return replace(
        fall,
        track=replace(fall.track, points=points(fall.track.points)),
        path=replace(fall.path, points=points(fall.path.points), uv_px=fall.path.uv_px + np.array([dx, dy])),
        fit=replace(fall.fit, view=replace(fall.fit.view, center_px=(cx + dx, cy + dy)), parameters=parameters),
        before=points(fall.before),
        after=points(fall.after),
    )


@pytest.fixture(scope="module")
def bottle() -> Fall:
    return fall_of(fall_track(30.0))


@settings(max_examples=15, deadline=None)
@given(
    acceleration=st.floats(60.0, 3000.0),
    size_px=st.floats(1.0, 200.0),
    contrast=st.floats(-255.0, 255.0),
    frames=st.integers(8, 60),
    seed=st.integers(0, 2**16),
)
def test_features_are_finite_for_any_fall(
    acceleration: float, size_px: float, contrast: float, frames: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / 25.0
    uv = np.column_stack([900.0 + 40.0 * t, 50.0 + 0.5 * acceleration * t**2]) + rng.normal(0.0, 1.0, (frames, 2))
    fall = explain(track_of(t, uv, size_px, contrast=contrast), VIEW, TrajectorySettings())
    if fall is None:
        return
    features = features_of(fall)
    assert features.shape == (len(FEATURES),)
    assert np.isfinite(features).all()
    assert np.abs(features).max() <= 50.0


@pytest.mark.parametrize(("dx", "dy"), [(300.0, 0.0), (0.0, 150.0), (-250.0, -40.0)])
def test_features_depend_on_the_place_in_the_picture_by_its_edges_only(bottle: Fall, dx: float, dy: float) -> None:
    elsewhere, here = named(moved(bottle, dx, dy)), named(bottle)
    edges = [name for name in FEATURES if name.startswith(("entry_", "exit_"))] + ["side_speed_at_entry"]
    for name in edges:
        del elsewhere[name], here[name]
    assert elsewhere == pytest.approx(here, abs=1e-5)


def test_no_two_features_have_one_name() -> None:
    assert len(set(FEATURES)) == len(FEATURES)


def test_physical_features_are_those_of_the_thing_that_fell(bottle: Fall) -> None:
    features = named(bottle)
    assert features["coverage"] == pytest.approx(1.0)
    assert features["log_size_px"] == pytest.approx(np.log(6.0))
    assert features["log_contrast"] == pytest.approx(np.log(30.0))
    assert features["brightness"] == 1.0
    assert features["end_to_top_speed"] > features["start_to_top_speed"]
    assert features["horizontal_share"] < 0.3
    assert features["log_sightings"] == pytest.approx(np.log(len(bottle.path.points)))


def test_a_beating_wing_shows_as_rhythm_and_a_steady_thing_has_none(bottle: Fall) -> None:
    beat = [1.0 + 0.5 * np.sin(2.0 * np.pi * n / 6.0) for n in range(len(bottle.path.points))]
    flapping = tuple(
        replace(p, detection=replace(p.detection, w_px=6.0 * b, h_px=6.0 * b))
        for p, b in zip(bottle.path.points, beat, strict=True)
    )
    bird = named(replace(bottle, path=replace(bottle.path, points=flapping)))
    assert named(bottle)["size_rhythm"] == 0.0
    assert bird["size_rhythm"] > 0.5
    assert bird["size_scatter"] > 0.2


def test_earlier_falls_on_the_same_path_are_counted(bottle: Fall) -> None:
    assert named(bottle, 3)["log_earlier_on_same_path"] == pytest.approx(np.log(4.0))
