"""Origin and weight against a known truth, and against the two simpler answers."""

from __future__ import annotations

import numpy as np
import pytest
from known_paths import facade_camera, fall_track

from edgecv.evaluation.accuracy import Accuracy, AccuracyTotal, mass_class, measure_accuracy
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.truth import TruthEvent
from edgecv.geometry import FacadePlan
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, explain

PLAN = FacadePlan.of([3.0] * 16, [("left", -3.0, -1.0), ("middle", 0.0, 2.0), ("right", 3.0, 5.0)])


def _measure(track: Track, floor: int = 13, window: str = "middle", terminal: float = 25.0) -> Accuracy:
    fall = explain(track, View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    path = BoxPath.of([(p.frame, p.t_s, p.detection.x_px, p.detection.y_px, 5.0, 5.0) for p in track.points])
    event = TruthEvent("thing", path, 4.0, 5.0, 30.0, floor, window, terminal, mass_kg=1e4)
    return measure_accuracy(fall, (0.0, 0.0), event, PLAN)


def test_a_fall_whose_release_was_seen_is_right_in_everything() -> None:
    found = _measure(fall_track(25.0))
    assert (found.floor_error, found.window_right, found.window_in_top3) == (0, True, True)
    assert found.floor_p_right
    assert found.class_right
    assert not found.class_opposite
    assert found.log_velocity_error is not None
    assert found.log_velocity_error < 0.25
    assert found.naive_right == (True, True)
    # ten tonnes it is not
    assert (found.kg_within_factor_2, found.kg_covered) == (False, False)


def test_of_a_late_sighting_the_first_pixel_names_a_lower_floor() -> None:
    whole = fall_track(25.0)
    points = whole.points[len(whole.points) // 3 :]
    found = _measure(Track(points, len(points), whole.picture_size_px, whole.frame_interval_s))
    assert found.naive_right == (False, False)
    assert found.floor_withheld or found.floor_error == 0


def test_a_wrong_truth_is_found_wrong() -> None:
    found = _measure(fall_track(25.0), floor=10, window="left", terminal=5.0)
    assert (found.floor_error, found.window_right, found.floor_p_right) == (3, False, False)
    assert (found.class_right, found.class_opposite, found.velocity_covered) == (False, True, False)


@pytest.mark.parametrize(("terminal", "name"), [(7.9, "light"), (8.0, "medium"), (20.0, "medium"), (20.1, "heavy")])
def test_classes_have_the_contract_s_limits(terminal: float, name: str) -> None:
    assert mass_class(terminal) == name


def test_certainty_is_counted_where_it_was_said() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0.72, 0.88, 400)
    results = [Accuracy(floor_error=0, floor_p=float(p), floor_p_right=bool(rng.random() < 0.6)) for p in said]
    total = AccuracyTotal.of(results)
    told = [(mean, share) for mean, share in total.certainty if share.trials]
    assert len(told) == 1
    mean, share = told[0]
    assert (mean, share.trials) == (pytest.approx(0.8, abs=0.01), 400)
    # said 80 %, right 60 %: the curve shows it
    assert share.value == pytest.approx(0.6, abs=0.08)
