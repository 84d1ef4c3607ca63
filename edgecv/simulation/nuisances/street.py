"""A street before the building: a line on the ground, its lanes, a traffic light, and how cars follow one another.

Cars follow the intelligent driver model (Treiber, Hennecke & Helbing, "Congested traffic states in empirical
observations and microscopic simulations", Phys. Rev. E 62, 2000): they close up, brake at a red light and set off one
after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.nuisances.layer import Float64
from edgecv.simulation.scene import Parameters, Scene

LANE_M = 3.2
_STEP_S = 0.1
_WARM_UP_S = 45.0
"""The street has filled by then."""
_HALF_LENGTH_M = 70.0
_ACCELERATION_MPS2, _BRAKING_MPS2, _HEADWAY_S, _GAP_M = 1.6, 2.2, 1.2, 2.0
_STANDSTILL_MPS2 = 9.0
"""The hardest a car can brake."""
KINDS: dict[str, tuple[float, float, float]] = {
    "car": (4.4, 1.45, 1.8),
    "van": (5.2, 2.1, 1.95),
    "bus": (11.5, 3.0, 2.5),
    "bike": (1.8, 1.55, 0.5),
}
"""Length, height and width in metres."""
_SHARES = (0.68, 0.14, 0.06, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class Street:
    """Where the street runs: a point of its middle, its level unit vector, and its half width in lanes.

    Attributes:
        middle_m: ``(3,)`` on the ground.
        along: ``(3,)`` unit vector.
        lanes: of each direction.
    """

    middle_m: Float64
    along: Float64
    lanes: int

    @classmethod
    def of(cls, scene: Scene, angle_deg: float, lanes: int) -> Street:
        """The street of a scene: between building and camera, turned by an angle against the facade."""
        rng = scene.rng("street")
        ground = float(scene.plan.floor_edges_m[0])
        away = max(4.0 + lanes * LANE_M, float(rng.uniform(0.3, 0.55)) * float(scene.camera.position_m[2]))
        middle = np.array([float(scene.camera.position_m[0]) + float(rng.uniform(-3.0, 3.0)), ground, away])
        angle = np.radians(angle_deg)
        return cls(middle, np.array([np.cos(angle), 0.0, np.sin(angle)]), lanes)

    @property
    def across(self) -> Float64:
        """``(3,)`` level unit vector across the street, away from the building where it runs along it."""
        return np.array([-self.along[2], 0.0, self.along[0]])

    def at(self, way_m: float, aside_m: float) -> Float64:
        """The world point ``(3,)`` so far along and so far across."""
        return np.asarray(self.middle_m + way_m * self.along + aside_m * self.across, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Vehicle:
    """One vehicle and its way ``(n,)`` along its own direction, metres, every 0.1 s from ``start_s``."""

    kind: str
    direction: int
    aside_m: float
    grey: float
    start_s: float
    way_m: Float64

    def way_at(self, t_s: float) -> float | None:
        """How far along the street's own direction it is; None before it comes and after it has gone."""
        if not self.start_s <= t_s <= self.start_s + (len(self.way_m) - 1) * _STEP_S:
            return None
        return self.nearest_way(t_s)

    def nearest_way(self, t_s: float) -> float:
        """The same, and where it comes or goes beyond its time."""
        position = (t_s - self.start_s) / _STEP_S
        return self.direction * float(np.interp(position, np.arange(len(self.way_m)), self.way_m))


@dataclass(slots=True)
class _Driver:
    kind: str
    grey: float
    desired_mps: float
    start_s: float
    way_m: float
    speed_mps: float
    ways: list[float]


def drive(scene: Scene, street: Street, parameters: Parameters) -> list[Vehicle]:
    """All vehicles of a scene, lane by lane; one every ``every_s`` in all lanes together, at strength 1."""
    vehicles = []
    count = 2 * street.lanes
    every = max(1.5, parameters["every_s"] / max(0.05, parameters["strength"])) * count
    phase = float(scene.rng("traffic light").uniform(0.0, parameters["green_s"] + parameters["red_s"]))
    for lane in range(count):
        direction = 1 if lane < street.lanes else -1
        # traffic keeps to the right
        aside = direction * (lane % street.lanes + 0.5) * LANE_M * (1 if street.across[2] >= 0.0 else -1)
        vehicles += _lane(scene, lane, direction, aside, every, parameters, phase)
    return vehicles


def _lane(
    scene: Scene, lane: int, direction: int, aside_m: float, every_s: float, parameters: Parameters, phase_s: float
) -> list[Vehicle]:
    rng = scene.rng("lane", lane)
    cycle, red = parameters["green_s"] + parameters["red_s"], parameters["red_s"]
    stop_m = 4.0
    waiting_s = float(rng.exponential(every_s))
    road: list[_Driver] = []
    gone: list[_Driver] = []
    for n in range(int((scene.duration_s + _WARM_UP_S) / _STEP_S) + 2):
        t_s = n * _STEP_S - _WARM_UP_S
        is_red = (t_s + phase_s) % cycle < red
        waiting_s -= _STEP_S
        if waiting_s <= 0.0 and (not road or road[-1].way_m > -_HALF_LENGTH_M + 14.0):
            waiting_s = float(rng.exponential(every_s))
            road.append(_driver(rng, t_s, road[-1].speed_mps if road else 99.0))
        for k, driver in enumerate(road):
            leader = road[k - 1] if k else None
            gap, closing = 1e3, 0.0
            if leader is not None:
                gap = leader.way_m - KINDS[leader.kind][0] - driver.way_m
                closing = driver.speed_mps - leader.speed_mps
            ahead = stop_m - driver.way_m
            # nobody brakes harder than can be borne for a light that turns as he arrives
            can_stop = driver.speed_mps**2 / (2.0 * 4.0) < ahead
            if is_red and 0.0 < ahead < gap and can_stop:
                gap, closing = ahead, driver.speed_mps
            driver.speed_mps = max(0.0, driver.speed_mps + _STEP_S * _acceleration(driver, gap, closing))
            driver.way_m += _STEP_S * driver.speed_mps
            driver.ways.append(driver.way_m)
        if road and road[0].way_m > _HALF_LENGTH_M + 15.0:
            gone.append(road.pop(0))
    seen = [d for d in (*gone, *road) if d.start_s + len(d.ways) * _STEP_S > 0.0 and len(d.ways) > 1]
    return [Vehicle(d.kind, direction, aside_m, d.grey, d.start_s, np.array(d.ways)) for d in seen]


def _driver(rng: np.random.Generator, t_s: float, leader_mps: float) -> _Driver:
    kind = str(rng.choice(list(KINDS), p=_SHARES))
    desired = float(rng.uniform(4.0, 7.5) if kind == "bike" else rng.uniform(8.0, 14.5))
    grey = float(rng.choice((rng.uniform(20.0, 60.0), rng.uniform(80.0, 150.0), rng.uniform(180.0, 245.0))))
    speed = min(desired, leader_mps)
    return _Driver(kind, grey, desired, t_s, -_HALF_LENGTH_M, speed, [-_HALF_LENGTH_M])


def _acceleration(driver: _Driver, gap_m: float, closing_mps: float) -> float:
    """The intelligent driver model: free road, less what the gap asks for."""
    v = driver.speed_mps
    safe_gap_m = _GAP_M + max(
        0.0, v * _HEADWAY_S + v * closing_mps / (2.0 * np.sqrt(_ACCELERATION_MPS2 * _BRAKING_MPS2))
    )
    free = 1.0 - (v / driver.desired_mps) ** 4
    return float(max(-_STANDSTILL_MPS2, _ACCELERATION_MPS2 * (free - (safe_gap_m / max(gap_m, 0.3)) ** 2)))
