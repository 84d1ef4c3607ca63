from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from edgecv.native import AVAILABLE
from edgecv.trajectory.drag import (
    G_MPS2,
    drag_from_terminal,
    fall_positions,
    integrate,
    integrate_compiled,
    terminal_velocity,
)

DOWN = np.array([[0.0, -1.0, 0.0]])


def _reference(position, velocity, drag, wind, t):
    """The same equation by a stiff-safe adaptive integrator."""

    def slope(_t, state):
        relative = state[3:] - wind
        return np.concatenate([state[3:], [0, -G_MPS2, 0] - drag * np.linalg.norm(relative) * relative])

    return solve_ivp(slope, (0, t[-1]), [*position, *velocity], t_eval=t, method="LSODA", rtol=1e-10, atol=1e-10).y.T


@pytest.mark.parametrize("terminal", [2.0, 7.0, 20.0, 60.0])
def test_positions_agree_with_an_adaptive_integrator_to_a_millimetre(terminal) -> None:
    position, velocity, wind = np.array([1.0, 40.0, 0.3]), np.array([2.0, 1.5, 3.0]), np.array([1.5, 0.0, -2.0])
    drag = drag_from_terminal(np.array([terminal]))
    times = np.linspace(0, 4, 61)
    states = fall_positions(position[None], velocity[None], drag, times, DOWN, wind[None])
    expected = _reference(position, velocity, drag[0], wind, times)
    # paper in a gust changes its speed within a step of 0.04 s
    assert np.abs(states.positions_m[0] - expected[:, :3]).max() < (0.02 if terminal < 5 else 1e-3)
    assert np.abs(states.velocities_mps[0] - expected[:, 3:]).max() < (0.2 if terminal < 5 else 5e-3)


def test_a_drop_from_rest_follows_the_closed_form() -> None:
    vt, times = 15.0, np.linspace(0, 3, 40)
    states = fall_positions(np.zeros((1, 3)), np.zeros((1, 3)), drag_from_terminal(np.array([vt])), times, DOWN)
    fallen = vt**2 / G_MPS2 * np.log(np.cosh(G_MPS2 * times / vt))
    assert np.allclose(-states.positions_m[0, :, 1], fallen, atol=1e-3)
    assert np.allclose(-states.velocities_mps[0, :, 1], vt * np.tanh(G_MPS2 * times / vt), atol=5e-3)


@pytest.mark.parametrize("terminal", [7.0, 20.0, 60.0])
def test_positions_before_time_zero_agree_with_an_adaptive_integrator(terminal) -> None:
    position, velocity, wind = np.array([1.0, 40.0, 0.3]), np.array([1.0, -4.0, 1.5]), np.array([1.5, 0.0, -1.0])
    drag = drag_from_terminal(np.array([terminal]))
    times = np.linspace(-1, 0, 21)
    states = fall_positions(position[None], velocity[None], drag, times, DOWN, wind[None])
    expected = _reference(position, velocity, drag[0], wind, times[::-1])[::-1]
    assert np.abs(states.positions_m[0] - expected[:, :3]).max() < 1e-3
    assert np.abs(states.velocities_mps[0] - expected[:, 3:]).max() < 5e-3


def test_a_fall_under_way_carried_back_follows_the_closed_form_to_its_rest() -> None:
    vt, seen_s = 15.0, 1.4
    times = np.linspace(-seen_s, 1.0, 49)
    speed = vt * np.tanh(G_MPS2 * seen_s / vt)
    drag = drag_from_terminal(np.array([vt]))
    states = fall_positions(np.zeros((1, 3)), speed * DOWN, drag, times, DOWN)
    since = times + seen_s
    fallen = vt**2 / G_MPS2 * np.log(np.cosh(G_MPS2 * since / vt) / np.cosh(G_MPS2 * seen_s / vt))
    assert np.allclose(-states.positions_m[0, :, 1], fallen, atol=1e-3)
    assert np.allclose(-states.velocities_mps[0, :, 1], vt * np.tanh(G_MPS2 * since / vt), atol=5e-3)


def test_paper_thrown_hard_is_stopped_by_the_air_and_drifts_down() -> None:
    # RK4 left to itself overshoots here: drag stops paper well within one step
    velocity, times = np.array([8.0, 0.0, 3.0]), np.linspace(0, 3, 31)
    drag = drag_from_terminal(np.array([1.0]))
    states = fall_positions(np.zeros((1, 3)), velocity[None], drag, times, DOWN)
    expected = _reference(np.zeros(3), velocity, drag[0], np.zeros(3), times)
    assert np.abs(states.positions_m[0] - expected[:, :3]).max() < 0.15
    assert states.velocities_mps[0, -1] == pytest.approx([0.0, -1.0, 0.0], abs=0.05)


def test_without_air_the_path_is_a_parabola_forwards_and_backwards() -> None:
    times = np.linspace(-2, 2, 41)
    velocity = np.array([[3.0, 2.0, 1.0]])
    states = fall_positions(np.zeros((1, 3)), velocity, np.array([0.0]), times, DOWN)
    expected = velocity * times[:, None] + 0.5 * G_MPS2 * DOWN * times[:, None] ** 2
    assert np.allclose(states.positions_m[0], expected, atol=1e-6)


def test_integrating_forwards_and_back_returns_to_the_start() -> None:
    drag = drag_from_terminal(np.array([12.0]))
    start, velocity = np.array([[0.0, 30.0, 0.0]]), np.array([[1.0, 0.0, 2.0]])
    there = fall_positions(start, velocity, drag, np.array([1.2]), DOWN)
    back = fall_positions(there.positions_m[:, 0], there.velocities_mps[:, 0], drag, np.array([-1.2]), DOWN)
    assert np.allclose(back.positions_m[0, 0], start[0], atol=0.02)


def test_a_batch_gives_what_each_fall_gives_alone() -> None:
    rng = np.random.default_rng(0)
    p, v = rng.normal(0, 5, (6, 3)), rng.normal(0, 5, (6, 3))
    k = drag_from_terminal(rng.uniform(4, 40, 6))
    times = np.linspace(-0.5, 2, 20)
    together = fall_positions(p, v, k, times, np.repeat(DOWN, 6, 0)).positions_m
    alone = [fall_positions(p[n : n + 1], v[n : n + 1], k[n : n + 1], times, DOWN).positions_m[0] for n in range(6)]
    assert np.allclose(together, alone)


def test_far_backwards_in_time_nothing_overflows() -> None:
    states = fall_positions(
        np.zeros((1, 3)),
        np.array([[0.0, -3.9, 0.0]]),
        drag_from_terminal(np.array([2.0])),
        np.array([-5.0, -1.0]),
        DOWN,
    )
    assert np.isfinite(states.positions_m).all()
    assert np.abs(states.velocities_mps).max() <= 200.0 * 1.001
    # at 200 m/s for 5 s, with what one step may overshoot by
    assert np.abs(states.positions_m).max() < 2.0 * 200.0 * 5.0


def test_terminal_velocity_and_drag_are_each_others_inverse() -> None:
    speeds = np.array([2.0, 8.0, 43.0])
    assert np.allclose(terminal_velocity(drag_from_terminal(speeds)), speeds)


@pytest.mark.skipif(not AVAILABLE, reason="the compiled library was not built here: there was no C compiler")
def test_the_compiled_integration_is_the_same_as_the_reference() -> None:
    rng = np.random.default_rng(8)
    for n in (1, 2, 40):
        times = np.sort(rng.uniform(-1.5, 3.0, n))
        given = (
            rng.normal(0, 10, (9, 3)),
            rng.normal(0, 8, (9, 3)),
            drag_from_terminal(rng.uniform(1.5, 60, 9)),
            times,
            np.tile([[0.0, -1.0, 0.0]], (9, 1)),
            rng.normal(0, 3, (9, 3)),
        )
        ours, theirs = integrate_compiled(*given), integrate(*given)
        np.testing.assert_allclose(ours.positions_m, theirs.positions_m, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(ours.velocities_mps, theirs.velocities_mps, rtol=1e-9, atol=1e-9)
