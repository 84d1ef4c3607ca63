"""Where a track changed to another object."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.native import AVAILABLE
from edgecv.tracking import TrackingSettings
from edgecv.tracking.track_breaks import miss_standard_deviations, track_breaks

INTERVAL_S = 0.04


def _rows(uv: np.ndarray, area: float = 20.0) -> np.ndarray:
    rows = np.zeros((len(uv), 8))
    rows[:, :2], rows[:, 4] = uv, area
    return rows


def _falling(t_s: np.ndarray) -> np.ndarray:
    return np.stack([200.0 + 30.0 * t_s, 50.0 + 40.0 * t_s + 300.0 * t_s**2], axis=1)


@pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")
@given(
    seed=st.integers(0, 99),
    count=st.integers(14, 60),
    before=st.integers(4, 6),
    after=st.integers(6, 8),
    noise=st.floats(0.01, 20.0),
)
def test_misses_in_c_are_those_of_the_reference(seed: int, count: int, before: int, after: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    t_s = np.cumsum(rng.uniform(0.02, 0.1, count))
    rows = _rows(_falling(t_s) + noise * rng.standard_normal((count, 2)))
    places = range(before, count - after + 1)
    ours, reference = (
        miss_standard_deviations(t_s, rows, places, before, after, compiled=compiled) for compiled in (True, False)
    )
    np.testing.assert_allclose(ours, reference, rtol=1e-6, atol=1e-6)


def test_a_track_that_clutched_something_else_first_breaks_where_the_fall_begins() -> None:
    t_s = np.arange(40, dtype=np.float64) * INTERVAL_S
    uv = _falling(t_s)
    uv[:12] = uv[12] + (t_s[:12, None] - t_s[12]) * (400.0, -150.0)  # a bird that crosses
    breaks = track_breaks(t_s, _rows(uv), INTERVAL_S, TrackingSettings())
    assert len(breaks) == 1
    assert abs(breaks[0] - 12) <= 1


def test_a_fall_has_no_break() -> None:
    t_s = np.arange(40, dtype=np.float64) * INTERVAL_S
    assert track_breaks(t_s, _rows(_falling(t_s)), INTERVAL_S, TrackingSettings()) == []


def _lit(uv: np.ndarray, light: np.ndarray) -> np.ndarray:
    rows = _rows(uv, area=4.0)
    rows[:, 5] = light / 4.0
    return rows


def test_a_bag_let_go_where_a_cigarette_end_passes_is_told_by_its_light() -> None:
    t_s = np.arange(60, dtype=np.float64) * INTERVAL_S
    uv = _falling(t_s)  # one motion: only the light changes
    light = np.where(t_s < t_s[25], 40.0, 900.0) * np.exp(0.2 * np.random.default_rng(1).standard_normal(60))
    assert track_breaks(t_s, _lit(uv, light), INTERVAL_S, TrackingSettings()) == [25]
    assert track_breaks(t_s, _lit(uv, -light), INTERVAL_S, TrackingSettings()) == [25]


def test_a_shirt_let_go_where_a_dark_bird_glides_past_is_told_by_its_sign() -> None:
    t_s = np.arange(60, dtype=np.float64) * INTERVAL_S
    light = np.where(t_s < t_s[30], -300.0, 330.0) * np.exp(0.2 * np.random.default_rng(1).standard_normal(60))
    assert track_breaks(t_s, _lit(_falling(t_s), light), INTERVAL_S, TrackingSettings()) == [30]


@given(seed=st.integers(0, 99), flash=st.integers(8, 50))
def test_one_flash_or_light_that_wavers_is_no_break(seed: int, flash: int) -> None:
    t_s = np.arange(60, dtype=np.float64) * INTERVAL_S
    light = 100.0 * np.exp(0.4 * np.random.default_rng(seed).standard_normal(60))
    light[flash] *= 50.0
    assert track_breaks(t_s, _lit(_falling(t_s), light), INTERVAL_S, TrackingSettings()) == []
