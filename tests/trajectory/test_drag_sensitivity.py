"""Derivatives of a fall by what it began with."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.trajectory.drag_sensitivity import fall_derivatives

_PLACE = np.array([1.0, 30.0, 0.4])
_STEP = 1e-4
speeds = st.floats(-6.0, 6.0)


@settings(max_examples=20, deadline=None)
@given(st.floats(7.0, 80.0), st.tuples(speeds, speeds, speeds), st.tuples(st.floats(-4.0, 4.0), st.floats(-2.0, 2.0)))
def test_derivatives_are_what_small_changes_do(
    terminal: float, velocity: tuple[float, float, float], wind: tuple[float, float]
) -> None:
    times = np.concatenate([[-0.1], np.linspace(0.0, 3.0, 16)])
    v, w = np.array(velocity), np.array([wind[0], 0.0, wind[1]])
    k = float(drag_from_terminal(np.array(terminal)))
    fall = fall_derivatives(_PLACE, v, k, w, times)

    def positions(v: np.ndarray, k: float, w: np.ndarray) -> np.ndarray:
        down = np.array([[0.0, -1.0, 0.0]])
        return fall_positions(_PLACE[None], v[None], np.array([k]), times, down, w[None]).positions_m[0]

    for axis, step in enumerate(_STEP * np.eye(3)):
        by_velocity = (positions(v + step, k, w) - positions(v - step, k, w)) / (2.0 * _STEP)
        by_wind = (positions(v, k, w + step) - positions(v, k, w - step)) / (2.0 * _STEP)
        np.testing.assert_allclose(fall.by_velocity[:, :, axis], by_velocity, rtol=1e-2, atol=2e-3)
        np.testing.assert_allclose(fall.by_wind[:, :, axis], by_wind, rtol=1e-2, atol=2e-3)
    by_drag = (positions(v, k * (1.0 + _STEP), w) - positions(v, k * (1.0 - _STEP), w)) / (2.0 * _STEP)
    np.testing.assert_allclose(fall.by_drag * k, by_drag, rtol=1e-2, atol=5e-3)
    np.testing.assert_allclose(fall.positions_m, positions(v, k, w), atol=1e-12)


def test_times_in_any_order_give_the_same_fall() -> None:
    times = np.array([1.0, 0.2, -0.1, 2.0])
    arguments = (_PLACE, np.array([1.0, 0.0, 2.0]), 0.02, np.array([1.0, 0.0, 0.0]))
    mixed, ordered = fall_derivatives(*arguments, times), fall_derivatives(*arguments, np.sort(times))
    np.testing.assert_array_equal(mixed.positions_m[np.argsort(times)], ordered.positions_m)
    np.testing.assert_array_equal(mixed.by_velocity[np.argsort(times)], ordered.by_velocity)
