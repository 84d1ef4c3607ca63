from __future__ import annotations

import math

import pytest

from edgecv.evaluation.intervals import Rate, Share, poisson_upper, wilson


def test_wilson_of_half_of_a_hundred_is_the_textbook_interval() -> None:
    assert wilson(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_wilson_of_all_hits_is_n_over_n_plus_z_squared() -> None:
    low, high = wilson(10, 10)
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    assert high == 1.0


def test_wilson_of_no_hits_starts_at_zero() -> None:
    low, high = wilson(0, 10)
    assert low == 0.0
    assert high == pytest.approx(0.27753, abs=1e-5)


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (3, 2), (-1, 2)])
def test_wilson_refuses_impossible_counts(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson(hits, trials)


def test_share_of_nothing_is_unknown_and_not_zero() -> None:
    assert Share.of(0, 0).value is None


def test_poisson_bound_of_none_is_the_rule_of_three() -> None:
    assert poisson_upper(0) == pytest.approx(-math.log(0.05), abs=1e-9)


@pytest.mark.parametrize(("count", "bound"), [(1, 4.744), (2, 6.296), (10, 16.962)])
def test_poisson_bound_is_that_of_garwoods_table(count: int, bound: float) -> None:
    assert poisson_upper(count) == pytest.approx(bound, abs=1e-3)


def test_an_hour_without_a_false_incident_proves_under_72_a_camera_day() -> None:
    rate = Rate.of(0, 1.0)
    assert rate.per_hour == 0.0
    assert rate.bound_per_hour == pytest.approx(2.996, abs=1e-3)
    assert rate.bound_per_camera_day == pytest.approx(71.9, abs=0.01)


def test_no_footage_proves_nothing() -> None:
    assert Rate.of(0, 0.0).bound_per_hour is None
