"""Leaves and flakes are told from things by size, speed, and what else sinks there."""

from __future__ import annotations

import pytest

from edgecv.classification.leaves import Stray, thing_log_ratio, uncertain_thing_log_ratio
from edgecv.trajectory.size import Size


def test_a_bag_is_no_leaf_and_a_leaf_is_none() -> None:
    assert thing_log_ratio(0.3, 1.5) > 3.0
    assert thing_log_ratio(0.06, 1.3) < -1.0


def test_a_leaf_half_way_to_the_camera_is_as_large_as_paper_but_too_fast() -> None:
    assert thing_log_ratio(0.15, 1.3) > thing_log_ratio(0.15, 3.4) + 1.0


def test_strays_make_more_of_their_kind_likely_nearer_or_farther() -> None:
    flakes = [Stray(float(n), 0.06, 4.8) for n in range(50)]
    alone, nearer = thing_log_ratio(0.12, 2.0), thing_log_ratio(0.09, 3.4)
    assert nearer - thing_log_ratio(0.09, 3.4, flakes) > 1.0
    assert alone - thing_log_ratio(0.12, 2.0, flakes) < nearer - thing_log_ratio(0.09, 3.4, flakes)


def test_flakes_say_nothing_of_a_bag() -> None:
    flakes = [Stray(float(n), 0.06, 4.8) for n in range(50)]
    assert thing_log_ratio(0.3, 1.5, flakes) > 2.0


def test_each_stray_of_the_same_size_and_speed_counts() -> None:
    ratios = [thing_log_ratio(0.1, 1.5, [Stray(0.0, 0.1, 1.5)] * n) for n in (0, 1, 4, 16)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < -1.0


def test_a_size_that_is_known_counts_as_it_is() -> None:
    sharp = uncertain_thing_log_ratio(Size(0.14, 0.001), 1.5)
    assert sharp == pytest.approx(thing_log_ratio(0.14, 1.5), abs=0.01)


def test_what_may_be_larger_is_less_surely_a_leaf() -> None:
    assert thing_log_ratio(0.05, 1.5) < uncertain_thing_log_ratio(Size(0.05, 0.6), 1.5) < thing_log_ratio(0.15, 1.5)
