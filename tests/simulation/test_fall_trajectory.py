from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgecv.simulation.catalogue import CATALOGUE, sample_object
from edgecv.simulation.fall_trajectory import Air, Flutter, fall_through

DROP = (np.array([0.0, 40.0, 0.2]), np.zeros(3))
T = np.arange(0.0, 2.0, 0.01)


def test_a_heavy_thing_falls_with_the_acceleration_of_gravity() -> None:
    for air in (Air(), Air(gust_mps=1e-9)):  # the textbook integration, and the one with gusts
        world = fall_through(*DROP, 1e-6, T, air, Flutter(), 0.0).positions_m[0]
        assert 2.0 * np.polyfit(T, -world[:, 1], 2)[0] == pytest.approx(9.81, abs=0.01)


def test_gusts_of_no_strength_change_nothing() -> None:
    plain = fall_through(*DROP, 0.05, T, Air((2.0, 0.0, 0.5)), Flutter(), 0.0)
    other = fall_through(*DROP, 0.05, T, Air((2.0, 0.0, 0.5), gust_mps=1e-9), Flutter(), 0.0)
    assert np.allclose(plain.positions_m, other.positions_m, atol=2e-3)


def test_a_light_thing_ends_up_falling_at_its_terminal_velocity_and_drifting_with_the_wind() -> None:
    long = np.arange(0.0, 12.0, 0.02)
    vt, wind = 2.0, 1.5
    states = fall_through(*DROP, 9.80665 / vt**2, long, Air((wind, 0.0, 0.0), gust_mps=1e-9), Flutter(), 0.0)
    assert states.velocities_mps[0, -1] == pytest.approx([wind, -vt, 0.0], abs=0.02)


def test_flutter_makes_a_sheet_swing_to_both_sides() -> None:
    long = np.arange(0.0, 6.0, 0.02)
    states = fall_through(*DROP, 9.80665 / 2.0**2, long, Air(), Flutter(4.0, 1.5), 0.0)
    sideways = states.velocities_mps[0, :, 0]
    assert sideways.max() > 0.1
    assert sideways.min() < -0.1


def test_the_drift_of_the_air_is_the_integral_of_its_velocity() -> None:
    air = Air((1.0, 0.0, -2.0), 0.8, 0.7)
    t = np.linspace(0.0, 9.0, 9001)
    summed = np.cumsum(air.velocity(t), axis=0)[-1] * (t[1] - t[0])
    assert air.drift(np.array(9.0)) == pytest.approx(summed, abs=0.01)


@pytest.mark.parametrize(
    ("name", "slowest", "fastest"),
    [
        ("paper", 0.8, 4.0),
        ("plastic bag", 0.8, 4.0),
        ("cigarette", 3.0, 8.0),
        ("empty bottle", 4.0, 9.0),
        ("clothes", 4.0, 13.0),
        ("egg", 28.0, 45.0),
        ("full bottle", 20.0, 60.0),
        ("stone", 25.0, 90.0),  # 12 cm of granite with Cd 0.5: 85 m/s
        ("brick", 30.0, 55.0),
    ],
)
def test_terminal_velocities_are_those_of_the_things(name: str, slowest: float, fastest: float) -> None:
    rng = np.random.default_rng(4)
    place: dict[str, Any] = {"position_m": (0.0, 20.0, 0.2), "floor": 7, "window": "a", "release_s": 0.0, "air": Air()}
    found = [sample_object(rng, name, **place).terminal_mps for _ in range(200)]
    assert slowest < min(found)
    assert max(found) < fastest


def test_nothing_is_thrown_into_the_wall() -> None:
    rng = np.random.default_rng(5)
    place: dict[str, Any] = {"position_m": (0.0, 20.0, 0.2), "floor": 7, "window": "a", "release_s": 0.0, "air": Air()}
    for name in CATALOGUE:
        thrown = [sample_object(rng, name, **place) for _ in range(50)]
        assert min(thing.velocity_mps[2] for thing in thrown) > 0.0
        assert max(np.linalg.norm(thing.velocity_mps) for thing in thrown) < 8.5
