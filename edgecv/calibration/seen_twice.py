"""Which part of a facade two cameras see, and from how different sides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.partners import SharedFacade, shared_facades
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.joint import JointSettings

Float64 = NDArray[np.float64]
_WITHOUT_WINDOWS = 9
"""Places along a facade whose windows are not listed."""


@dataclass(frozen=True, slots=True)
class SeenTwice:
    """What two cameras see of a facade.

    Attributes:
        facade: its name.
        share: of its windows on all floors, 0 to 1.
        floors: names of the lowest and the highest floor of which both see something.
        windows: names of the outermost windows; None where they are not listed.
        angles_deg: least and greatest angle between the lines of sight.
        narrow_share: of what both see, under a smaller angle than joining needs.
    """

    facade: str
    share: float
    floors: tuple[str, str]
    windows: tuple[str, str] | None
    angles_deg: tuple[float, float]
    narrow_share: float


def seen_twice(first: CalibratedCamera, second: CalibratedCamera, limits: JointSettings) -> list[SeenTwice]:
    """Return what two cameras see of each facade that both are calibrated for; nothing of one that they do not share.

    Args:
        first: a camera.
        second: another one of the same site.
        limits: the least angle.
    """
    views = (_of_facade(shared, first, second, limits) for shared in shared_facades(first, second))
    return [view for view in views if view is not None]


def seen_twice_notes(cameras: list[CalibratedCamera]) -> list[str]:
    """What each two of a box's cameras see both, in words."""
    limits = JointSettings()
    return [_in_words(a, b, view, limits) for a, b in combinations(cameras, 2) for view in seen_twice(a, b, limits)]


def _of_facade(
    shared: SharedFacade, first: CalibratedCamera, second: CalibratedCamera, limits: JointSettings
) -> SeenTwice | None:
    floors, windows, places = _places(shared.plan)
    seen = _visible(first, shared.first, places) & _visible(second, shared.second, places)
    if not seen.any():
        return None
    sights = [places[seen] - pinhole.position_m for pinhole in (shared.first, shared.second)]
    lengths = [np.linalg.norm(sight, axis=1) for sight in sights]
    cosines = (sights[0] * sights[1]).sum(axis=1) / (lengths[0] * lengths[1])
    angles = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    plan, columns = shared.plan, windows[seen]
    outermost = None if not plan.windows else (plan.windows[columns.min()].name, plan.windows[columns.max()].name)
    return SeenTwice(
        shared.name,
        float(seen.mean()),
        (plan.floor_names[floors[seen].min()], plan.floor_names[floors[seen].max()]),
        outermost,
        (float(angles.min()), float(angles.max())),
        float(np.mean(angles < limits.min_angle_deg)),
    )


def _places(plan: FacadePlan) -> tuple[NDArray[np.intp], NDArray[np.intp], Float64]:
    """Numbers of floor and window, from 0, and the middles ``(n, 3)`` of all windows on all floors."""
    middles = (plan.floor_edges_m[1:] + plan.floor_edges_m[:-1]) / 2.0
    xs = np.array([(window.left_m + window.right_m) / 2.0 for window in plan.windows])
    if not plan.windows:
        xs = np.linspace(*plan.drawn_width_m, _WITHOUT_WINDOWS)
    floors, windows = (grid.reshape(-1) for grid in np.meshgrid(np.arange(len(middles)), np.arange(len(xs))))
    return floors, windows, np.stack([xs[windows], middles[floors], np.zeros(len(floors))], axis=1)


def _visible(camera: CalibratedCamera, pinhole: PinholeCamera, places_m: Float64) -> NDArray[np.bool_]:
    """Which places ``(n, 3)`` are in the picture, before the facade, and not masked."""
    pixels = pinhole.project(places_m)
    width, height = camera.image_size or (2.0 * pinhole.center_px[0] + 1.0, 2.0 * pinhole.center_px[1] + 1.0)
    inside = np.asarray((pixels >= 0.0).all(axis=1) & (pixels < (width, height)).all(axis=1), np.bool_)
    if pinhole.position_m[2] <= 0.0:
        return np.zeros(len(places_m), np.bool_)
    for polygon in camera.masks:
        outline = np.array(polygon, np.float32)
        for n in np.flatnonzero(inside):
            u, v = pixels[n].tolist()
            inside[n] = cv2.pointPolygonTest(outline, (u, v), measureDist=False) < 0
    return inside


def _in_words(first: CalibratedCamera, second: CalibratedCamera, view: SeenTwice, limits: JointSettings) -> str:
    low, high = view.floors
    floors = f"floor {low}" if low == high else f"floors {low} to {high}"
    windows = ""
    if view.windows is not None:
        left, right = view.windows
        windows = f", window {left}" if left == right else f", windows {left} to {right}"
    text = (
        f"facade {view.facade}: cameras {first.device} and {second.device} both see {floors}{windows} "
        f"({100 * view.share:.0f} % of it), their lines of sight {view.angles_deg[0]:.0f} to "
        f"{view.angles_deg[1]:.0f}° apart; a replay of both joins what they see"
    )
    if view.narrow_share > 0.0:
        text += (
            f", but for {100 * view.narrow_share:.0f} % of it that they see under less than {limits.min_angle_deg:g}°"
        )
    return text
