"""Sightings in metres on the facade's plane."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from known_paths import facade_camera
from known_sheets import moving

from edgecv.trajectory import TrajectorySettings
from edgecv.trajectory.facade_path import facade_path, on_plane
from edgecv.trajectory.path import path_of


@given(x=st.floats(-12, 12), y=st.floats(18, 38), z=st.floats(0, 3))
def test_a_place_on_the_plane_comes_back_from_its_pixel(x: float, y: float, z: float) -> None:
    pixel = facade_camera().project(np.array([[x, y, z]]))
    assert np.allclose(on_plane(facade_camera(), pixel, z), [[x, y]], atol=1e-6)


def test_what_goes_to_the_camera_seems_to_go_up_by_the_slope_of_the_view() -> None:
    camera, settings = facade_camera(), TrajectorySettings()
    track = moving((0.0, -1.0))
    path = facade_path(path_of(track.points, len(track.points), settings), camera, 0.7, 1000)
    assert path is not None
    height = float(np.median(path.xy_m[:, 1]))
    before, after = (on_plane(camera, camera.project(np.array([[1.0, height, z]])), 0.7)[0, 1] for z in (0.7, 0.8))
    assert np.isclose((after - before) / 0.1, path.slope[1], rtol=0.05)


def test_many_sightings_are_thinned_evenly_and_the_ends_stay() -> None:
    track = moving((0.0, -1.0))
    full = path_of(track.points, len(track.points), TrajectorySettings())
    path = facade_path(full, facade_camera(), 0.7, 20)
    assert path is not None
    assert len(path.t_s) == 20
    assert path.t_s[0] == full.t_s[0] and path.t_s[-1] == full.t_s[-1]
