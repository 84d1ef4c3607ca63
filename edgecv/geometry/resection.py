"""A camera whose lens is known, from points on a building: space resection.

Planar perspective-n-point (Collins & Bartoli 2014, as OpenCV's IPPE) gives a start for each of many focal lengths; all
points, those off the plane too, and edges known to be vertical then decide together (Levenberg-Marquardt). A camera
square to the facade cannot tell its focal length and gets a nominal one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.refinement import pose, refined, rms_px
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
FOCAL_SD = 0.12  # of its logarithm, above which a focal length counts as unknown
MOST_FOLDED = 0.2
"""Wide lenses are often wrong in the corners, some 15 % of the picture, and name floors well all the same."""
_FOCALS = np.geomspace(0.15, 10.0, 40)
"""Of the picture's width: from 147 degrees across to 6, and every lens that is sold between."""
_LOOKED_AT = 33
"""Columns and rows of pixels whose rays are tried."""
_SAME_PX = 1.0
"""The inverse lens model settles to a thousandth of a pixel where it settles at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Resection:
    """A camera that may not fit.

    Attributes:
        camera: the camera.
        covariance: as :class:`SolvedCamera` has it.
        focal_determined: likewise.
        rms_px: of all points.
        wrong_point: the one point without which all others fit, or None.
        others_px: of those others.
    """

    camera: PinholeCamera
    covariance: Float64
    focal_determined: bool
    rms_px: float
    wrong_point: int | None = None
    others_px: float = np.inf


def resected(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    lens: Float64,
    focal_px: float | None,
    lines: Float64,
    most_px: float,
) -> Resection:
    """The camera with a lens that is known.

    Raises:
        ConfigError: no pose explains the points.
    """
    width, height = image_size
    center = ((width - 1) / 2.0, (height - 1) / 2.0)
    on_plane = np.abs(points[:, 2]) < 1e-9
    focals = width * _FOCALS if focal_px is None else np.array([focal_px])
    starts = [
        start
        for focal in focals
        if (start := pose(float(focal), center, lens, pixels[on_plane], points[on_plane, :2])) is not None
    ]
    if not starts:
        raise ConfigError(calibration.NO_CAMERA())
    starts.sort(key=lambda start: start[1])
    fits = [refined(camera, pixels, points, lines, focal_px is None) for camera, _ in starts[:3]]
    camera, covariance = min(fits, key=lambda fit: rms_px(fit[0], pixels, points))
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < FOCAL_SD
    if not determined:
        start = pose(float(width), center, lens, pixels[on_plane], points[on_plane, :2])
        nominal = refined(start[0] if start else camera, pixels, points, lines, False)
        # a lens as wide as the nominal one is not only unknown there but excluded
        if rms_px(nominal[0], pixels, points) <= most_px or not rms_px(camera, pixels, points) <= most_px:
            camera, covariance = nominal
    return Resection(camera, covariance, determined, rms_px(camera, pixels, points))


def share_folded(camera: PinholeCamera, image_size: tuple[int, int]) -> float:
    """Share of the picture, 0 to 1, whose pixels the lens model gives no ray that leads back to them.

    The model's radius stops growing somewhere, and shrinks beyond: what is seen there it would show twice.
    """
    across, down = (np.linspace(0.0, side - 1.0, _LOOKED_AT) for side in image_size)
    pixels = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        back = camera.project(camera.position_m + camera.ray(pixels))
        apart = np.linalg.norm(back - pixels, axis=1)
    return float(np.mean(~(apart < _SAME_PX)))


def check_points(pixels: Float64, facade_m: Float64) -> None:
    """Refuse points that leave the camera open.

    Args:
        pixels: ``(n, 2)``.
        facade_m: ``(n, 2)`` on the facade.

    Raises:
        ConfigError: fewer than four points, or points in a line.
    """
    if len(pixels) < 4 or len(pixels) != len(facade_m):
        raise ConfigError(calibration.FEW_POINTS(count=len(pixels)))
    for in_line, points in ((calibration.FACADE_LINE, facade_m), (calibration.PICTURE_LINE, pixels)):
        centred = points - points.mean(axis=0)
        values = np.linalg.svd(centred, compute_uv=False)
        if values[1] < 0.02 * values[0]:
            raise ConfigError(in_line())
    reduced = min(
        float(np.linalg.svd(np.delete(facade_m, n, axis=0) - np.delete(facade_m, n, axis=0).mean(axis=0))[1][1])
        for n in range(len(facade_m))
    )
    if len(facade_m) == 4 and reduced < 0.02 * float(np.ptp(facade_m)):
        raise ConfigError(calibration.THREE_IN_LINE())
