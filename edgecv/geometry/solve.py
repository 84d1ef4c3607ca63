"""A camera from points on a building: pose, and focal length where it is not given, with how well they are known.

A straight lens is tried first (:mod:`~edgecv.geometry.resection`); where it explains the points badly, one of them is a
wrong click or the lens bends the picture (:mod:`~edgecv.geometry.lens_or_click`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry.bent_lens import LEAST_POINTS
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.lens_or_click import lens_or_click
from edgecv.geometry.refinement import in_space
from edgecv.geometry.resection import MOST_FOLDED, check_points, resected, share_folded
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
Pixel = tuple[float, float]
MAX_ERROR_PX = 3.0
_LEAST_ANGLE = 0.1  # sine of the angle between line of sight and facade: 6 degrees
_BEND_UNKNOWNS = 5
"""Points with hardly more coordinates than a pose, a focal length and a lens have numbers: any lens would fit."""
_WIDE = 0.4
"""Of the picture's width, 103 degrees across: beyond it nearly every lens bends the picture."""
_WELL_PX = 1.0
"""What careful clicks are off."""
_STEPS = np.array([1e-6, 1e-6, 1e-6, 1e-4, 1e-4, 1e-4, 1e-6])


@dataclass(frozen=True, slots=True, eq=False)
class SolvedCamera:
    """A solved calibration.

    Attributes:
        camera: the camera.
        rms_px: root mean square reprojection error.
        errors_px: ``(n,)`` of each point.
        focal_determined: False where the focal length had to be assumed.
        covariance: ``(7, 7) float64`` of rotation vector (rad, camera frame), position (m) and log focal length;
            zero rows for a focal length that was given.
    """

    camera: PinholeCamera
    rms_px: float
    errors_px: Float64
    focal_determined: bool
    covariance: Float64

    @property
    def position_sd_m(self) -> Float64:
        """``(3,)`` standard deviations of the camera's place."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[3:6]), np.float64)

    def place_sd_m(self, facade_m: Float64) -> Float64:
        """How well a pixel's place on the facade is known: standard deviations ``(n, 2)`` at ``(n, 2)`` points."""
        pixels = self.camera.project(in_space(facade_m))
        base = self.camera.on_facade(pixels)
        moved = []
        for n, step in enumerate(_STEPS):
            change = np.eye(7)[n] * step
            shifted = self.camera.moved(change[:3], change[3:6], float(change[6]))
            moved.append((shifted.on_facade(pixels) - base) / step)
        derivative = np.stack(moved)
        variance = np.einsum("pnc,pq,qnc->nc", derivative, self.covariance, derivative)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)


def solve_camera(
    image_size: tuple[int, int],
    pixels: Float64,
    points_m: Float64,
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0),
    focal_px: float | None = None,
    verticals: Sequence[tuple[Pixel, Pixel]] = (),
    most_px: float = MAX_ERROR_PX,
) -> SolvedCamera:
    """Solve a camera.

    Args:
        image_size: ``(width, height)``.
        pixels: ``(n, 2)``.
        points_m: ``(n, 2)`` on the facade, or ``(n, 3)`` of which at least four lie on it (Z = 0).
        distortion: OpenCV's five numbers; where all are 0 and no straight lens fits, k1, k2 and k3, or the
            four of a fisheye, are solved too.
        focal_px: None to solve for it.
        verticals: pairs of pixels on edges of the building that are vertical.
        most_px: root mean square reprojection error from which the points are refused.

    Raises:
        ConfigError: fewer than four points on the facade, points in a line, a facade seen edge-on, or a reprojection
            error above ``most_px``, a lens that folds the picture or bends it too much; says which.
    """
    points = in_space(points_m)
    on_plane = np.abs(points[:, 2]) < 1e-9
    check_points(pixels[on_plane], points[on_plane, :2])
    lens = np.asarray(distortion, np.float64)
    lines = np.array(verticals, np.float64).reshape(-1, 2, 2)
    solution = resected(image_size, pixels, points, lens, focal_px, lines, most_px)
    bent = None
    if not solution.rms_px <= most_px and not lens.any() and len(pixels) > _BEND_UNKNOWNS:
        solution, bent = lens_or_click(image_size, pixels, points, focal_px, lines, most_px, solution)
    camera, covariance, determined = solution.camera, solution.covariance, solution.focal_determined
    errors = np.linalg.norm(camera.project(points) - pixels, axis=1)
    rms = float(np.sqrt(np.mean(np.square(errors))))
    if not rms <= most_px:
        worst = solution.wrong_point
        if worst is None:
            worst = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
        if bent is not None:
            raise ConfigError(bent)
        raise ConfigError(
            calibration.POINTS_OFF(
                error=rms,
                most=float(most_px),
                point=worst + 1,
                x=float(pixels[worst, 0]),
                y=float(pixels[worst, 1]),
                worst=float(errors[worst]),
            )
        )
    if (
        not camera.is_fisheye
        and _is_doubtful(image_size, camera, len(pixels), rms)
        and focal_px is None
        and not lens.any()
    ):
        angle = 2.0 * np.degrees(np.arctan(image_size[0] / 2.0 / camera.focal_px))
        raise ConfigError(calibration.WIDE_LENS(angle=float(angle), count=len(pixels), needed=LEAST_POINTS))
    folded = share_folded(camera, image_size)
    if folded > MOST_FOLDED:
        raise ConfigError(
            calibration.FOLDED(numbers=", ".join(f"{k:g}" for k in camera.distortion), share=f"{folded:.0%}")
        )
    away = camera.position_m - points[on_plane].mean(axis=0)
    sine = float(away[2] / np.linalg.norm(away))
    if sine < _LEAST_ANGLE:
        raise ConfigError(calibration.EDGE_ON(angle=float(np.degrees(np.arcsin(max(sine, 0.0))))))
    return SolvedCamera(camera, rms, errors, determined, covariance)


def _is_doubtful(image_size: tuple[int, int], camera: PinholeCamera, count: int, rms: float) -> bool:
    """Whether a straight lens is wider than most are made, by few points that do not fit it well: it may be bent."""
    return count < LEAST_POINTS and camera.focal_px < _WIDE * image_size[0] and rms > _WELL_PX
