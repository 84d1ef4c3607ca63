"""What was first seen above the roof, beside the building or too fast did not leave it: a bird, a leaf, a flake.

With a calibration, the fit says where a thing was and how fast when it first came into sight. What a hand gives it and
how long it can have fallen by then bound how far that is from where it was let go.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.settings import ClassificationSettings
from edgecv.geometry.facade import FacadePlan
from edgecv.messages import Message
from edgecv.messages import verdict as messages
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import fly

Float64 = NDArray[np.float64]
_DRAWS = 64
_SURE = 0.05
"""Quantile of the posterior of the distance that must be beyond what a throw reaches."""


def outside_building(fall: Fall, plan: FacadePlan, settings: ClassificationSettings) -> list[Message]:
    """Return why it cannot have left the building; empty where it can, and without a calibrated camera.

    Args:
        fall: the fall.
        plan: of the facade, in the camera's coordinates.
        settings: how hard a throw may be, and how far a building goes beyond what is listed.
    """
    camera, s = fall.fit.view.camera, settings
    if camera is None:
        return []
    draws = np.concatenate([fall.fit.parameters[None], fall.fit.samples(_DRAWS)])
    states = fly(fall.fit.view, draws, np.zeros(1))
    position = states.positions_m[:, 0] @ camera.rotation + camera.position_m
    velocity = states.velocities_mps[:, 0] @ camera.rotation
    # thrown upwards as hard as may be
    rise_m = s.thrown_aside_mps**2 / (2.0 * G_MPS2)
    below_roof_m = float(plan.floor_edges_m[-1]) + plan.parapet_m - position[:, 1]
    above_m = float(np.quantile(-below_roof_m, _SURE))
    if above_m > rise_m:
        return [messages.ABOVE_ROOF(distance=above_m)]
    down_mps = -velocity[:, 1]
    fastest_mps = np.sqrt(s.thrown_aside_mps**2 + 2.0 * G_MPS2 * np.maximum(below_roof_m, 0.0))
    if float(np.quantile(down_mps - fastest_mps, _SURE)) > 0.0:
        return [messages.FASTER_THAN_FROM_ROOF(speed=float(np.median(down_mps)))]
    if not plan.windows or plan.beside:
        return []
    fallen_s = s.release_s + np.maximum(down_mps, 0.0) / G_MPS2
    aside = np.maximum(plan.windows[0].left_m - position[:, 0], position[:, 0] - plan.windows[-1].right_m)
    beyond = float(np.quantile(aside - s.thrown_aside_mps * fallen_s, _SURE))
    if beyond > s.wall_beyond_windows_m:
        return [messages.BESIDE_BUILDING(distance=float(np.median(aside)))]
    return []
