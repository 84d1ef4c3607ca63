"""Cameras that see the same facade: their calibrations in that facade's coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan


@dataclass(frozen=True, slots=True, eq=False)
class SharedFacade:
    """A facade that two cameras are calibrated for.

    Attributes:
        name: what the box file calls it.
        plan: its floors and windows.
        first: one camera in its coordinates.
        second: the other.
    """

    name: str
    plan: FacadePlan
    first: PinholeCamera
    second: PinholeCamera


def shared_facades(first: CalibratedCamera, second: CalibratedCamera) -> list[SharedFacade]:
    """Return the facades of one site that both cameras know, each camera's own or one beside it."""
    if first.site != second.site:
        return []
    others = {name: pinhole for name, _, pinhole in _faces(second)}
    return [SharedFacade(name, plan, pinhole, others[name]) for name, plan, pinhole in _faces(first) if name in others]


def _faces(camera: CalibratedCamera) -> Iterator[tuple[str, FacadePlan, PinholeCamera]]:
    """Names, plans and the camera in their coordinates."""
    if camera.pinhole is None or camera.plan is None:
        return
    for plan, pinhole in camera.plan.faces(camera.pinhole):
        name = plan.name or camera.facade
        if name:
            yield name, plan, pinhole
