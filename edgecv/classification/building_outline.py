"""What was first seen above the roof, beside the building or too fast did not leave it: a bird, a leaf, a flake.

With a calibration, the fit says where a thing was and how fast when it first came into sight. What a hand gives it and
how long it can have fallen by then bound how far that is from where it was let go. The fit knows no building:
near the foot of a tower, and of what was thrown hard, it may be off by dozens of metres. A launch from the building
that explains the path answers what it doubts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.settings import ClassificationSettings
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.messages import Message
from edgecv.messages import verdict as messages
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.launch import launches_of
from edgecv.trajectory.model import fly

Float64 = NDArray[np.float64]
_SURE = 0.05
"""Quantile of the posterior of the distance that must be beyond what a throw reaches."""


def outside_building(fall: Fall, plan: FacadePlan, settings: ClassificationSettings) -> list[Message]:
    """Return why it cannot have left the building; empty where it can, and without a calibrated camera.

    Args:
        fall: the fall.
        plan: of the facade, in the camera's coordinates.
        settings: how hard a throw may be, and how far a building goes beyond what is listed.
    """
    camera = fall.fit.view.camera
    if camera is None:
        return []
    states = fly(fall.fit.view, fall.fit.draws(), np.zeros(1))
    in_front, velocity = states.positions_m[:, 0], states.velocities_mps[:, 0]
    first: list[Message] = []
    for face, seen_from in plan.faces(camera):
        place_m = in_front @ seen_from.rotation + seen_from.position_m
        reasons = _above_or_too_fast(place_m, velocity @ seen_from.rotation, face, settings)
        if not reasons or _may_be_launched(fall, face, seen_from, settings):
            # what several facades have between them is not known
            return [] if plan.beside else _beside(place_m, velocity @ seen_from.rotation, face, settings)
        first = first or reasons
    return first


def _above_or_too_fast(
    place_m: Float64, velocity_mps: Float64, plan: FacadePlan, settings: ClassificationSettings
) -> list[Message]:
    """Of draws ``(n, 3)`` of the first sighting's place and velocity, in the facade's coordinates."""
    s = settings
    # thrown upwards as hard as may be
    rise_m = s.thrown_aside_mps**2 / (2.0 * G_MPS2)
    below_roof_m = float(plan.floor_edges_m[-1]) + plan.parapet_m - place_m[:, 1]
    above_m = float(np.quantile(-below_roof_m, _SURE))
    if above_m > rise_m:
        return [messages.ABOVE_ROOF(distance=above_m)]
    down_mps = -velocity_mps[:, 1]
    fastest_mps = np.sqrt(s.thrown_aside_mps**2 + 2.0 * G_MPS2 * np.maximum(below_roof_m, 0.0))
    if float(np.quantile(down_mps - fastest_mps, _SURE)) > 0.0:
        return [messages.FASTER_THAN_FROM_ROOF(speed=float(np.median(down_mps)))]
    return []


def _beside(
    place_m: Float64, velocity_mps: Float64, plan: FacadePlan, settings: ClassificationSettings
) -> list[Message]:
    s = settings
    if not plan.windows:
        return []
    fallen_s = s.release_s + np.maximum(-velocity_mps[:, 1], 0.0) / G_MPS2
    aside = np.maximum(plan.windows[0].left_m - place_m[:, 0], place_m[:, 0] - plan.windows[-1].right_m)
    beyond = float(np.quantile(aside - s.thrown_aside_mps * fallen_s, _SURE))
    return [messages.BESIDE_BUILDING(distance=float(np.median(aside)))] if beyond > s.wall_beyond_windows_m else []


def _may_be_launched(fall: Fall, plan: FacadePlan, camera: PinholeCamera, settings: ClassificationSettings) -> bool:
    """True where a launch from the building, as hard as hands throw, explains the path; it is asked of few falls.

    Not in heavy weather: among flakes before the lens there is always one that such a launch explains as well.
    """
    if float(np.median(fall.path.log_clutter)) > settings.weather_log_clutter:
        return False
    launches = launches_of(fall, plan, camera=camera)
    if launches is None or launches.chi2_reduced > settings.max_chi2:
        return False
    if float(np.median(np.linalg.norm(launches.velocity_mps, axis=1))) > settings.thrown_hard_mps:
        return False
    if not plan.windows:
        return True
    x_m, wall_m = float(np.median(launches.position_m[:, 0])), settings.wall_beyond_windows_m
    return plan.windows[0].left_m - wall_m <= x_m <= plan.windows[-1].right_m + wall_m
