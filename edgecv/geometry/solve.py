"""A camera from points on a building: pose, and focal length where it is not given, with how well they are known.

Planar perspective-n-point (Collins & Bartoli 2014, as OpenCV's IPPE) gives a start for each of many focal lengths; all
points, those off the plane too, and edges known to be vertical then decide together (Levenberg-Marquardt). A camera
square to the facade cannot tell its focal length and gets a nominal one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from edgecv.errors import ConfigError
from edgecv.geometry.camera import PinholeCamera
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
Pixel = tuple[float, float]
MAX_ERROR_PX = 3.0
_LEAST_CLICK_PX = 0.5  # nobody marks a corner better than this, however well four points fit
_LEAST_ANGLE = 0.1  # sine of the angle between line of sight and facade: 6 degrees
_FOCAL_SD = 0.12  # of its logarithm, above which a focal length counts as unknown
_LOOKED_AT = 33
"""Columns and rows of pixels whose rays are tried."""
_MOST_FOLDED = 0.2
"""Wide lenses are often wrong in the corners, some 15 % of the picture, and name floors well all the same."""
_SAME_PX = 1.0
"""The inverse lens model settles to a thousandth of a pixel where it settles at all."""
_FLIP = np.diag(
    [1.0, -1.0, -1.0]
)  # plane as OpenCV wants it (y down, z away) to the world (Y up, Z towards the camera)
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
        pixels = self.camera.project(_in_space(facade_m))
        base = self.camera.on_facade(pixels)
        moved = []
        for n, step in enumerate(_STEPS):
            shifted = _moved(self.camera, np.eye(7)[n] * step)
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
        distortion: OpenCV's five numbers.
        focal_px: None to solve for it.
        verticals: pairs of pixels on edges of the building that are vertical.
        most_px: root mean square reprojection error from which the points are refused.

    Raises:
        ConfigError: fewer than four points on the facade, points in a line, a facade seen edge-on, or a reprojection
            error above ``most_px``, or a lens that folds the picture; says which.
    """
    points = _in_space(points_m)
    on_plane = np.abs(points[:, 2]) < 1e-9
    _check(pixels[on_plane], points[on_plane, :2])
    width, height = image_size
    center = ((width - 1) / 2.0, (height - 1) / 2.0)
    lens = np.asarray(distortion, np.float64)
    lines = np.array(verticals, np.float64).reshape(-1, 2, 2)
    focals = width * np.geomspace(0.4, 6.0, 28) if focal_px is None else np.array([focal_px])
    starts = [
        start
        for focal in focals
        if (start := _pose(float(focal), center, lens, pixels[on_plane], points[on_plane, :2])) is not None
    ]
    if not starts:
        raise ConfigError(calibration.NO_CAMERA())
    starts.sort(key=lambda start: start[1])
    refined = [_refined(camera, pixels, points, lines, focal_px is None) for camera, _ in starts[:3]]
    camera, covariance = min(refined, key=lambda pair: _rms(pair[0], pixels, points))
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < _FOCAL_SD
    if not determined:
        nominal = _pose(float(width), center, lens, pixels[on_plane], points[on_plane, :2])
        camera, covariance = _refined(nominal[0] if nominal else camera, pixels, points, lines, False)
    errors = np.linalg.norm(camera.project(points) - pixels, axis=1)
    rms = float(np.sqrt(np.mean(np.square(errors))))
    if not rms <= most_px:
        worst = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
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
    folded = share_folded(camera, image_size)
    if folded > _MOST_FOLDED:
        raise ConfigError(calibration.FOLDED(numbers=", ".join(f"{k:g}" for k in lens), share=f"{folded:.0%}"))
    away = camera.position_m - points[on_plane].mean(axis=0)
    sine = float(away[2] / np.linalg.norm(away))
    if sine < _LEAST_ANGLE:
        raise ConfigError(calibration.EDGE_ON(angle=float(np.degrees(np.arcsin(max(sine, 0.0))))))
    return SolvedCamera(camera, rms, errors, determined, covariance)


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


def _in_space(points_m: Float64) -> Float64:
    points = np.asarray(points_m, np.float64)
    return points if points.shape[1] == 3 else np.column_stack([points, np.zeros(len(points))])


def _check(pixels: Float64, facade_m: Float64) -> None:
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


def _moved(camera: PinholeCamera, change: Float64) -> PinholeCamera:
    return camera.moved(change[:3], change[3:6], float(change[6]))


def _refined(
    start: PinholeCamera, pixels: Float64, points: Float64, lines: Float64, focal_free: bool
) -> tuple[PinholeCamera, Float64]:
    """The camera of least squares near a start, and the covariance of its seven numbers."""
    used = 7 if focal_free else 6
    scale = np.array([1e-2, 1e-2, 1e-2, 1.0, 1.0, 1.0, 0.1])[:used]

    def change_of(x: Float64) -> Float64:
        return np.concatenate([x * scale, np.zeros(7 - used)])

    def residuals(x: Float64) -> Float64:
        camera = _moved(start, change_of(x))
        apart = (camera.project(points) - pixels).reshape(-1)
        bounded: Float64 = np.nan_to_num(np.concatenate([apart, _off_vertical(camera, lines)]), nan=1e4)
        return bounded

    best = least_squares(residuals, np.zeros(used), method="lm" if 2 * len(pixels) + len(lines) >= used else "trf")
    freedom = max(1, 2 * len(pixels) + len(lines) - used)
    variance = max(float(np.square(best.fun).sum()) / freedom, _LEAST_CLICK_PX**2)
    covariance = np.zeros((7, 7))
    jacobian = np.asarray(best.jac, np.float64)
    covariance[:used, :used] = variance * _inverse(jacobian.T @ jacobian) * np.outer(scale, scale)
    return _moved(start, change_of(best.x)), covariance


def _inverse(information: Float64) -> Float64:
    """Covariance of an information matrix; what the points do not tell gets a great variance, not none."""
    values, vectors = np.linalg.eigh(information)
    return np.asarray((vectors / np.maximum(values, 1e-10 * values[-1])) @ vectors.T, np.float64)


def _off_vertical(camera: PinholeCamera, lines: Float64) -> Float64:
    """Pixels ``(k,)`` by which the second end of each edge ``(k, 2, 2)`` is beside the vertical through the first."""
    if not len(lines):
        return np.zeros(0)
    rays = camera.ray(lines) @ camera.rotation.T
    flat = rays[..., :2] / rays[..., 2:]
    up = camera.rotation[:, 1]
    along = up[:2] - flat[:, 0] * up[2]
    apart = flat[:, 1] - flat[:, 0]
    across = apart[:, 0] * along[:, 1] - apart[:, 1] * along[:, 0]
    return np.asarray(camera.focal_px * across / np.maximum(np.linalg.norm(along, axis=1), 1e-9), np.float64)


def _rms(camera: PinholeCamera, pixels: Float64, points: Float64) -> float:
    error = float(np.sqrt(np.mean(np.square(camera.project(points) - pixels).sum(axis=1))))
    return error if np.isfinite(error) and camera.position_m[2] > 0 else np.inf


def _pose(
    focal_px: float, center_px: tuple[float, float], lens: Float64, pixels: Float64, facade_m: Float64
) -> tuple[PinholeCamera, float] | None:
    """The best camera in front of the facade for one focal length, and its reprojection error."""
    matrix = np.array([[focal_px, 0.0, center_px[0]], [0.0, focal_px, center_px[1]], [0.0, 0.0, 1.0]])
    plane = _in_space(facade_m) @ _FLIP
    _, rotations, translations, _ = cv2.solvePnPGeneric(
        plane, np.ascontiguousarray(pixels), matrix, lens, flags=cv2.SOLVEPNP_IPPE
    )
    best: tuple[PinholeCamera, float] | None = None
    for first_turn, first_shift in zip(rotations, translations, strict=True):
        turn, shift = cv2.solvePnPRefineLM(plane, np.ascontiguousarray(pixels), matrix, lens, first_turn, first_shift)
        rotation = np.asarray(cv2.Rodrigues(turn)[0]) @ _FLIP
        position = -rotation.T @ np.asarray(shift, np.float64).ravel()
        camera = PinholeCamera(focal_px, center_px, np.asarray(rotation, np.float64), position, lens)
        rms = _rms(camera, pixels, _in_space(facade_m))
        if np.isfinite(rms) and (best is None or rms < best[1]):
            best = camera, rms
    return best
