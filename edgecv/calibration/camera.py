"""From a box file to what the pipeline needs of one camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.config import Box, Calibration, Facade
from edgecv.config.calibration import Point
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, Neighbour, SolvedCamera, solve_camera


@dataclass(frozen=True, slots=True)
class SolvedSetup:
    """A camera with its calibration solved, and what to say of it."""

    camera: CalibratedCamera
    notes: tuple[str, ...]


def camera_of(box: Box, camera_id: str | None) -> SolvedSetup:
    """Return one camera of a box, its calibration solved; the only camera when no id is given.

    Raises:
        ConfigError: no such camera, several and none named, or a calibration that cannot be solved.
    """
    camera_id = box.named_or_only(camera_id)
    setup = box.camera(camera_id)
    several = setup.settings.facade if setup.beside else None
    plan = None if setup.facade is None else plan_of(setup.facade, several or "", setup.beside)
    facade = setup.settings.facade
    masks = tuple(tuple((float(x), float(y)) for x, y in mask.polygon) for mask in setup.settings.masks)
    if setup.calibration is None:
        camera = CalibratedCamera(box.site, camera_id, None, plan, masks, box.sha256, facade=facade)
        return SolvedSetup(camera, (f"camera {camera_id}: no calibration; floors and windows cannot be named",))
    calibration = setup.calibration
    try:
        solved = solved_of(calibration, plan)
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
    if np.any(pose.distortion) and not any(calibration.distortion):
        numbers = ", ".join(f"{k:.3f}" for k in pose.distortion)
        lens = "it is a fisheye" if pose.is_fisheye else "its lens bends the picture"
        notes.append(f"camera {camera_id}: {lens}; solved from the points: distortion [{numbers}]")
    if plan is not None:
        notes.append(f"camera {camera_id}: {how_well_known(solved, plan)}")
    if not solved.focal_determined:
        notes.append(f"camera {camera_id}: the points cannot tell the focal length; set focal_px for better floors")
    camera = CalibratedCamera(box.site, camera_id, pose, plan, masks, box.sha256, (int(width), int(height)), facade)
    return SolvedSetup(camera, tuple(notes))


def solved_of(calibration: Calibration, plan: FacadePlan | None) -> SolvedCamera:
    """Solve a calibration; its points may lie on the facade, in front of it, or on facades beside it.

    Raises:
        ConfigError: a point of a facade that the camera does not see, or points that fix no camera.
    """
    points = [_in_space(point, plan, n) for n, point in enumerate(calibration.points)]
    return solve_camera(
        (int(calibration.image_size[0]), int(calibration.image_size[1])),
        np.array([p.pixel for p in calibration.points], np.float64),
        np.array(points, np.float64),
        tuple(calibration.distortion),
        calibration.focal_px,
        calibration.verticals,
    )


def _in_space(point: Point, plan: FacadePlan | None, number: int) -> tuple[float, float, float]:
    """A calibration point in the coordinates of the camera's own facade."""
    x, y = point.facade
    if point.of is None or (plan is not None and point.of == plan.name):
        return x, y, point.depth
    neighbours = () if plan is None else plan.beside
    for neighbour in neighbours:
        if neighbour.plan.name == point.of:
            return neighbour.in_parent((x, y, point.depth))
    names = ", ".join(n.plan.name for n in neighbours) or "none: list them under the camera's also_sees"
    raise ConfigError(f"points[{number}].of = {point.of}: the camera sees no such facade; known are {names}")


@dataclass(frozen=True, slots=True)
class HeightDoubt:
    """Where heights are known worst.

    Attributes:
        floor: 1-based.
        off_m: how far a place there may be off (90 %).
        half_a_floor: whether that is half of the floor's height or more.
    """

    floor: int
    off_m: float
    half_a_floor: bool


def height_doubt(solved: SolvedCamera, plan: FacadePlan) -> HeightDoubt:
    """How far a place on the facade may be off, at its most doubtful corner, against the height of its floor."""
    left, right = (plan.windows[0].left_m, plan.windows[-1].right_m) if plan.windows else (-10.0, 10.0)
    middles = (plan.floor_edges_m[1:] + plan.floor_edges_m[:-1]) / 2.0
    corners = np.array([[x, y] for y in middles for x in (left, right)])
    off_m = np.nan_to_num(1.645 * solved.place_sd_m(corners)[:, 1].reshape(-1, 2).max(axis=1))
    worst = int(np.argmax(off_m / np.diff(plan.floor_edges_m)))
    low, high = plan.floor_span_m(worst + 1)
    return HeightDoubt(worst + 1, float(off_m[worst]), bool(off_m[worst] > 0.5 * (high - low)))


def how_well_known(solved: SolvedCamera, plan: FacadePlan) -> str:
    """The same in words."""
    doubt = height_doubt(solved, plan)
    name = plan.floor_names[doubt.floor - 1]
    text = f"heights are known to {doubt.off_m:.2f} m or better (90 %; worst on floor {name})"
    if doubt.half_a_floor:
        text += "; that is half a floor or more: add points near the top and the bottom of the facade"
    return text


def plan_of(facade: Facade, name: str = "", beside: Iterable[tuple[str, Facade]] = ()) -> FacadePlan:
    """Return floors and windows as the geometry wants them, with those of the facades beside this one."""
    table = facade.floor_table()
    neighbours = [
        Neighbour(plan_of(other, other_name), (other.beside.at[0], 0.0, other.beside.at[1]), other.beside.turn_deg)
        for other_name, other in beside
        if other.beside is not None
    ]
    return FacadePlan.of(
        [floor.head_m - floor.foot_m for floor in table],
        [(w.name, w.left, w.right, w.balcony) for w in facade.windows],
        [floor.name for floor in table],
        facade.ground,
        facade.roof.parapet,
        facade.roof.depth,
        name,
        neighbours,
    )
