"""From a box file to what the pipeline needs of one camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.config import Box, Facade
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, solve_camera
from edgecv.replay import ReplayCamera


@dataclass(frozen=True, slots=True)
class SolvedSetup:
    """A camera with its calibration solved, and what to say of it."""

    camera: ReplayCamera
    notes: tuple[str, ...]


def camera_of(box: Box, camera_id: str | None) -> SolvedSetup:
    """Return one camera of a box, its calibration solved; the only camera when no id is given.

    Raises:
        ConfigError: no such camera, several and none named, or a calibration that cannot be solved.
    """
    if camera_id is None:
        if len(box.camera_ids) != 1:
            raise ConfigError(f"{box.path}: has cameras {', '.join(box.camera_ids)}; name one with --camera")
        camera_id = box.camera_ids[0]
    setup = box.camera(camera_id)
    plan = None if setup.facade is None else plan_of(setup.facade)
    masks = tuple(tuple((float(x), float(y)) for x, y in mask.polygon) for mask in setup.settings.masks)
    if setup.calibration is None:
        camera = ReplayCamera(box.site, camera_id, None, plan, masks, box.sha256)
        return SolvedSetup(camera, (f"camera {camera_id}: no calibration; floors and windows cannot be named",))
    calibration = setup.calibration
    try:
        solved = solve_camera(
            (int(calibration.image_size[0]), int(calibration.image_size[1])),
            np.array([p.pixel for p in calibration.points], np.float64),
            np.array([p.facade for p in calibration.points], np.float64),
            tuple(calibration.distortion),
            calibration.focal_px,
        )
    except ConfigError as error:
        raise ConfigError(
            f"{box.path}: cameras.{camera_id}.calibration = {setup.settings.calibration}: {error}"
        ) from error
    width, height = calibration.image_size
    pose = solved.camera
    notes = [
        f"camera {camera_id}: reprojection error {solved.rms_px:.2f} px, focal length {pose.focal_px:.0f} px, "
        f"{pose.position_m[2]:.1f} m from the facade, looking up {pose.elevation_deg:.0f}°"
    ]
    if not solved.focal_determined:
        notes.append(f"camera {camera_id}: the points cannot tell the focal length; set focal_px for better floors")
    camera = ReplayCamera(box.site, camera_id, pose, plan, masks, box.sha256, (int(width), int(height)))
    return SolvedSetup(camera, tuple(notes))


def plan_of(facade: Facade) -> FacadePlan:
    """Return the facade's floors and windows as the geometry wants them."""
    table = facade.floor_table()
    return FacadePlan.of(
        [floor.head_m - floor.foot_m for floor in table],
        [(w.name, w.left, w.right) for w in facade.windows],
        [floor.name for floor in table],
        facade.ground,
    )
