"""Size and weight against the truth: what is compared, and how it is added up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from known_falls import known_fall

from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.truth import TruthEvent
from edgecv.evaluation.weighing import Weighed, compare, true_diameter_m, true_energy_j
from edgecv.evaluation.weight_bands import weight_bands
from edgecv.trajectory.impact import HEAD_M

PATH = BoxPath.of([(n, n / 25.0, 600.0, 300.0 + 4.0 * n, 6.0, 6.0) for n in range(40)])
EVENT = TruthEvent(
    "brick",
    PATH,
    1.6,
    6.0,
    terminal_velocity_mps=1000.0,
    mass_kg=2.0,
    release_m=(0.0, 21.7, 0.3),
    launch_mps=(0.0, 0.0, 0.0),
    luma=0.4,
)
WEIGHED = Weighed(3.0, 40, 0.1, math.log(1.1), math.log(1.5), True, math.log(1.3), math.log(3.0), True, True)


def test_what_hardly_has_drag_arrives_with_the_energy_of_its_height() -> None:
    energy_j = true_energy_j(EVENT, 0.0)
    assert energy_j == pytest.approx(2.0 * 9.80665 * (21.7 - HEAD_M), rel=0.02)


def test_without_a_known_launch_there_is_no_true_energy() -> None:
    assert true_energy_j(replace(EVENT, launch_mps=None), 0.0) is None


def test_the_true_diameter_is_that_at_the_distance_of_the_fit() -> None:
    fall = known_fall(diameter_m=0.25)
    path = BoxPath.of([(p.frame, p.t_s, p.detection.x_px, p.detection.y_px, 5.0, 5.0) for p in fall.path.points])
    sides = float(np.median([p.detection.w_px for p in fall.path.points]))
    assert true_diameter_m(fall, replace(EVENT, path=path, size_px=sides)) == pytest.approx(0.25, rel=0.05)


def test_the_diameter_that_a_truth_states_is_the_true_one() -> None:
    assert true_diameter_m(known_fall(diameter_m=0.25), replace(EVENT, diameter_m=0.18)) == 0.18


def test_a_finding_without_pictures_is_compared_by_its_boxes() -> None:
    fall = known_fall(diameter_m=0.25, terminal_mps=30.0)
    found = compare(fall, None, None, replace(EVENT, terminal_velocity_mps=30.0), 0.0)
    assert found.background_sd is None and found.luma_error is None
    assert found.log_kg == found.log_box_kg
    assert found.is_named is not None


def test_factors_shares_and_intervals_are_added_up_by_band() -> None:
    worse = replace(WEIGHED, size_px=6.0, log_diameter=math.log(1.4), log_kg=None, diameter_covered=False, sightings=9)
    bands = {band.name: band for band in weight_bands([WEIGHED, WEIGHED, worse])}
    assert bands["all"].events == 3
    assert bands["2-4 px"].diameter_factor == pytest.approx((1.1, 1.1))
    assert bands["4-10 px"].kg_factor is None
    assert (bands["all"].diameter_near.hits, bands["all"].diameter_near.trials) == (2, 3)
    assert (bands["all"].kg_near.hits, bands["all"].kg_near.trials) == (2, 2)
    assert bands["all"].covered["diameter"].value == pytest.approx(2 / 3)
    assert bands["2-10 px, 30 sightings"].events == 2
    assert "below 2 px" not in bands
