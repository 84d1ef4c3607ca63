"""Mass, impact, release and origin: what is said of known falls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import facade_camera, fall_track, track_of

from edgecv.geometry import FacadePlan
from edgecv.trajectory import Fall, TrajectorySettings, View, estimate_mass, explain, launches_of, locate
from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.trajectory.impact import HEAD_M, hazard_in_words
from edgecv.trajectory.object_prior import OBJECT_KINDS, object_samples
from edgecv.trajectory.path_extension import extended_to_first_sighting
from edgecv.trajectory.quantiles import Quantiles
from edgecv.trajectory.release_type import release_of

PLAN = FacadePlan.of([3.0] * 16, [("left", -3.0, -1.0), ("middle", 0.0, 2.0), ("right", 3.0, 5.0)])
SETTINGS = TrajectorySettings()


def _fall(track: object) -> Fall:
    fall = explain(track, View.calibrated(facade_camera()), SETTINGS)  # type: ignore[arg-type]
    assert fall is not None
    return fall


def _fluttering(seed: int) -> object:
    """A bag of 3 m/s that swings sideways on its way from the thirteenth floor."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, 5.0, 0.04)
    steady = fall_positions(
        np.array([[1.0, 37.5, 0.2]]), np.array([[0.2, 0.2, 0.8]]), drag_from_terminal(np.array([3.0])), t,
        np.array([[0.0, -1.0, 0.0]]), np.zeros((1, 3)),
    ).positions_m[0]  # fmt: skip
    omega = 2.0 * np.pi * rng.uniform(0.7, 1.4)
    steady[:, 0] += 0.09 * (np.sin(omega * t + rng.uniform(0, 6)) - 0.0) * np.minimum(t / 0.8, 1.0)
    uv = facade_camera().project(steady) + rng.normal(0.0, 0.4, (len(t), 2))
    seen = (uv[:, 1] < 1080) & (uv[:, 1] > 0)
    return track_of(t[seen], uv[seen], 12.0)


@pytest.mark.parametrize(
    ("name", "slowest", "fastest"),
    [("egg", 20.0, 40.0), ("brick", 30.0, 70.0), ("plastic bag", 0.7, 3.5), ("stone or piece of masonry", 18.0, 95.0)],
)
def test_terminal_velocities_of_everyday_things_are_those_that_are_measured(
    name: str, slowest: float, fastest: float
) -> None:
    kind = next(n for n, thing in enumerate(OBJECT_KINDS) if thing.name == name)
    sample = np.exp(object_samples().log_terminal[object_samples().kind == kind])
    low, high = np.quantile(sample, [0.05, 0.95])
    assert slowest < low < high < fastest


def test_impact_is_meant_at_a_persons_head_and_no_faster_than_the_thing_can_fall() -> None:
    fall = _fall(fall_track(12.0))
    mass = estimate_mass(fall, launches_of(fall, PLAN))
    assert mass.impact.height_m == pytest.approx(HEAD_M)
    # 36 m at a terminal velocity of 12 m/s: there within a per cent
    assert mass.impact.speed.median == pytest.approx(12.0, rel=0.08)
    assert mass.mass_class == "medium"


def test_hazard_grows_with_energy_and_names_its_yardstick() -> None:
    words = [hazard_in_words(Quantiles(median=e, low=e / 2, high=e * 1.2)) for e in (5.0, 20.0, 50.0, 200.0)]
    assert ["107.120" in words[0], "107.120" in words[1], "107.130" in words[2], "DESR" in words[3]] == [True] * 4
    assert words[3].startswith("can kill")
    assert "not excluded" in hazard_in_words(Quantiles(median=12.0, low=5.0, high=120.0))


@pytest.mark.parametrize(("speed", "kind"), [(0.2, "dropped"), (4.5, "thrown")])
def test_thrown_and_dropped_are_told_apart_by_the_launch(speed: float, kind: str) -> None:
    fall = _fall(fall_track(25.0, velocity=(speed * 0.6, 0.0, speed * 0.8), noise=0.3))
    launches = launches_of(fall, PLAN)
    assert launches is not None
    assert release_of(launches).kind == kind


def test_a_path_that_no_fall_explains_names_no_floor() -> None:
    fall = _fall(fall_track(20.0))
    uv = fall.path.uv_px.copy()
    uv[:, 0] += 14.0 * (-1.0) ** np.arange(len(uv))  # leaps from frame to frame, which neither gusts nor flutter do
    origin = locate(replace(fall, path=replace(fall.path, uv_px=uv)), (0.0, 0.0), PLAN).origin
    assert origin.floor is None
    assert "reduced chi-squared" in (origin.reason or "")


def test_a_thing_from_the_roof_is_said_to_be() -> None:
    low = FacadePlan.of([3.0] * 12, [("middle", 0.0, 2.0)])  # 36 m: let go 1.5 m above it
    origin = locate(_fall(fall_track(30.0, noise=0.2)), (0.0, 0.0), low).origin
    assert origin.p_roof > 0.5
    assert origin.floor is None or origin.floor == 12


@pytest.mark.parametrize("seed", range(6))
def test_a_fluttering_bag_is_named_by_where_it_was_let_go(seed: int) -> None:
    fall = _fall(_fluttering(seed))
    origin = locate(fall, (0.0, 0.0), PLAN).origin
    assert origin.floor in (None, 13)
    assert 13 not in origin.excluded_floors


def test_what_was_seen_before_the_explained_stretch_belongs_to_a_light_things_path_only() -> None:
    track = _fluttering(1)
    fall = _fall(track)
    points = fall.track.points
    late = replace(fall, before=points[:20], path=fall.path)
    later = replace(late, path=replace(fall.path, points=points[20:]))
    whole = extended_to_first_sighting(later, SETTINGS)
    assert whole is not None and whole.path.points[0] is points[0]
    heavy = _fall(fall_track(30.0))
    assert extended_to_first_sighting(replace(heavy, before=heavy.path.points[:8]), SETTINGS) is None


def test_the_speed_of_what_was_let_go_may_be_next_to_nothing() -> None:
    launches = launches_of(_fall(fall_track(25.0, velocity=(0.06, 0.0, 0.08), noise=0.3)), PLAN)
    assert launches is not None
    speed = release_of(launches).speed
    assert speed.low < 0.15
    assert speed.low < speed.median < speed.high
