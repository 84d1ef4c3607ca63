from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation import Scene
from edgecv.simulation.nuisances import NUISANCES
from edgecv.simulation.nuisances.bird_flights import BirdFlights
from edgecv.simulation.nuisances.facade_machines import Lifts
from edgecv.simulation.nuisances.layer import Canvas
from edgecv.simulation.nuisances.near_insects import NearInsects
from edgecv.simulation.nuisances.solids import Face, box_faces, draw_faces, turned_to
from edgecv.simulation.nuisances.street import KINDS, LANE_M, Street, Vehicle, drive
from edgecv.simulation.nuisances.traffic import Traffic
from edgecv.simulation.render import render

SIZE = (320, 240)
MAST = looking_at((-3.0, 6.0, 22.0), (0.0, 2.0, 0.0), 260.0, SIZE)
PLAN = FacadePlan.of([3.0] * 8, [("a", -5.0, -3.0), ("b", -1.0, 1.0), ("c", 3.0, 5.0)])
SCENE = Scene(SIZE, 10, 6.0, 1, MAST, PLAN, noise_sd=0.0)
BELOW = replace(SCENE, camera=looking_at((0.0, 1.5, 16.0), (0.0, 10.0, 0.0), 260.0, SIZE))


def _parameters(name: str, **values: float) -> dict[str, float]:
    return NUISANCES[name].complete(values)


def test_cars_keep_their_distance_stop_at_the_red_light_and_set_off_again() -> None:
    scene = replace(SCENE, duration_s=90.0)
    street = Street.of(scene, 10.0, 1)
    vehicles = drive(scene, street, _parameters("traffic", every_s=2.0))
    times = np.arange(0.0, 90.0, 0.5)
    stopped = set_off = 0
    for direction in (1, -1):
        lane = [v for v in vehicles if v.direction == direction]
        for t in times:
            there = sorted((direction * way, v) for v in lane if (way := v.way_at(float(t))) is not None)
            for (behind, _), (before, leader) in pairwise(there):
                assert before - KINDS[leader.kind][0] - behind > 0.0
        for vehicle in lane:
            speed = np.diff(vehicle.way_m) / 0.1
            assert speed.min() >= -1e-9
            stopped += bool((speed < 0.05).any())
            set_off += bool((speed < 0.05).any() and speed[-1] > 3.0)
    assert stopped >= 3
    assert set_off >= 2


def test_a_vehicle_that_goes_within_an_exposure_is_drawn_to_its_last_instant() -> None:
    vehicle = Vehicle("car", 1, 1.6, 200.0, 0.0, np.array([0.0, 1.0, 2.0]))
    traffic = Traffic(SCENE, Street.of(SCENE, 10.0, 1), (vehicle,), ())
    canvas = Canvas(np.full(SIZE[::-1], 50.0, np.float32), 0.2, 0.04)
    traffic.draw(canvas)
    assert canvas.tracks
    traffic.draw(replace(canvas, t_s=0.25, tracks=[]))


def test_the_two_directions_keep_to_their_own_side() -> None:
    street = Street.of(SCENE, 10.0, 2)
    sides: dict[int, set[float]] = {1: set(), -1: set()}
    for vehicle in drive(SCENE, street, _parameters("traffic", every_s=1.5)):
        sides[vehicle.direction].add(float(np.sign(vehicle.aside_m)))
        assert abs(vehicle.aside_m) < 2 * LANE_M
    assert all(len(side) == 1 for side in sides.values())
    assert len(set.union(*sides.values())) == 2


@settings(deadline=None, max_examples=25)
@given(st.floats(-6.0, 6.0), st.floats(4.0, 15.0), st.floats(0.0, 6.28))
def test_the_faces_that_look_at_the_camera_cover_the_whole_outline_of_a_box(x: float, z: float, heading: float) -> None:
    ahead = np.array([np.cos(heading), 0.0, np.sin(heading)])
    foot = np.array([x, 0.0, z])
    faces = box_faces(foot, ahead, (4.0, 1.5, 1.8), 100.0)
    seen = turned_to(MAST, faces, foot + np.array([0.0, 0.75, 0.0]))
    assert 1 <= len(seen) <= 3
    every, visible = (np.concatenate([MAST.project(f.corners_m) for f in some]) for some in (faces, seen))
    assert visible.min(axis=0) == pytest.approx(every.min(axis=0), abs=1e-6)
    assert visible.max(axis=0) == pytest.approx(every.max(axis=0), abs=1e-6)


def test_a_face_that_moves_is_smeared_over_its_way() -> None:
    def face(t_s: float) -> list[Face]:
        a, b = 20.0 * t_s - 0.5, 20.0 * t_s + 0.5
        return [Face(np.array([(a, 1.0, 0.0), (b, 1.0, 0.0), (b, 2.0, 0.0), (a, 2.0, 0.0)]), 200.0)]

    still, moving = (Canvas(np.full(SIZE[::-1], 50.0, np.float32), 0.0, exposure) for exposure in (0.0, 0.04))
    a, b = draw_faces(still, MAST, face), draw_faces(moving, MAST, face)
    assert a is not None
    assert b is not None
    assert b.w - a.w == pytest.approx(0.8 * a.w, rel=0.1)
    light = [float((canvas.picture - 50.0).sum()) for canvas in (still, moving)]
    assert light[1] == pytest.approx(light[0], rel=0.05)


@pytest.mark.parametrize(("name", "label"), [("traffic", "car"), ("pedestrians", "pedestrian")])
def test_the_street_is_where_its_tracks_say(name: str, label: str) -> None:
    frames = list(render(replace(SCENE, duration_s=3.0, nuisances={name: {"every_s": 2.0}})))
    tracks: dict[int, list[tuple[float, float]]] = {}
    for frame in frames:
        for found, number, place in frame.tracks:
            assert found == label
            tracks.setdefault(number, []).append((place.x, place.y))
    assert len(tracks) >= 2
    moved = [float(np.hypot(*(np.array(way[-1]) - way[0]))) for way in tracks.values() if len(way) > 5]
    assert max(moved) > 20.0


def test_lifts_set_off_gently_and_their_counterweights_go_the_other_way() -> None:
    scene = replace(BELOW, duration_s=60.0)
    (shaft,) = Lifts.sample(scene, _parameters("lifts")).shafts
    speed = np.diff(shaft.foot_m) / 0.05
    assert np.abs(speed).max() == pytest.approx(1.6, abs=0.2)
    assert np.abs(np.diff(speed) / 0.05).max() < 2.0  # no jerk that a passenger would feel as a fall
    assert np.allclose(np.diff(shaft.weight_m), -np.diff(shaft.foot_m))


def test_birds_stay_before_the_building_and_at_a_birds_speed() -> None:
    flights = BirdFlights.sample(replace(BELOW, duration_s=60.0), _parameters("bird_flights", every_s=2.0)).flights
    assert len(flights) >= 12
    for flight in flights:
        speed = np.linalg.norm(np.diff(flight.world_m, axis=0), axis=1) / 0.01
        assert speed.max() < 22.0
        assert np.abs(np.diff(speed)).max() / 0.01 < 120.0
    assert any(np.linalg.norm(np.diff(f.world_m, axis=0), axis=1).min() < 1e-3 for f in flights)  # one sits


def test_birds_mostly_come_in_from_a_side_of_the_picture() -> None:
    scene = replace(BELOW, duration_s=60.0)
    flights = BirdFlights.sample(scene, _parameters("bird_flights", every_s=2.0, perching=0.0)).flights
    first = []
    for flight in flights:
        pixels = BELOW.camera.project(flight.world_m)
        inside = np.flatnonzero(((pixels >= 0) & (pixels < SIZE)).all(axis=1))
        first.append(pixels[inside[0]])
    from_edge = [min(x, y, SIZE[0] - x, SIZE[1] - y) < 4.0 for x, y in first]
    assert np.mean(from_edge) > 0.8


def test_insects_are_within_metres_and_grow_as_they_come() -> None:
    insects = NearInsects.sample(replace(BELOW, duration_s=60.0), _parameters("near_insects", every_s=2.0)).insects
    depths = [(insect.world_m - BELOW.camera.position_m) @ BELOW.camera.rotation[2] for insect in insects]
    middles = [float(depth[len(depth) // 2]) for depth in depths]
    assert min(middles) >= 0.2
    assert max(middles) <= 3.05
    assert any(depth.max() > 2.0 * max(depth.min(), 0.1) for depth in depths)
