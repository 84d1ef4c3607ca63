"""A camera from points on the facade: pose, and focal length where it is not given.

Planar perspective-n-point (Collins & Bartoli 2014, as OpenCV's IPPE), refined by Levenberg-Marquardt. The focal length
is the one that leaves the smallest reprojection error; a camera square to the facade cannot tell and gets a nominal.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from edgecv.errors import ConfigError
from edgecv.geometry.camera import PinholeCamera

Float64 = NDArray[np.float64]
_MAX_ERROR_PX = 3.0
_FLIP = np.diag(
    [1.0, -1.0, -1.0]
)  # plane as OpenCV wants it (y down, z away) to the world (Y up, Z towards the camera)


@dataclass(frozen=True, slots=True, eq=False)
class SolvedCamera:
    """A solved calibration.

    Attributes:
        camera: the camera.
        rms_px: root mean square reprojection error.
        focal_determined: False where the focal length had to be assumed.
        homography: ``(3, 3) float64`` from facade (X, Y, 1) to undistorted pixels, up to scale.
    """

    camera: PinholeCamera
    rms_px: float
    focal_determined: bool
    homography: Float64


def solve_camera(
    image_size: tuple[int, int],
    pixels: Float64,
    facade_m: Float64,
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0),
    focal_px: float | None = None,
) -> SolvedCamera:
    """Solve a camera from ``(n, 2)`` pixels and the ``(n, 2)`` facade points they show.

    Raises:
        ConfigError: fewer than four points, points in a line, or a reprojection error above 3 px; says which.
    """
    _check(pixels, facade_m)
    width, height = image_size
    center = ((width - 1) / 2.0, (height - 1) / 2.0)
    lens = np.asarray(distortion, np.float64)

    def error(log_focal: float) -> float:
        found = _pose(float(np.exp(log_focal)), center, lens, pixels, facade_m)
        return 1e6 if found is None else found[1]

    determined = True
    focal = focal_px
    if focal is None:
        grid = np.log(width * np.geomspace(0.4, 6.0, 28))
        errors = np.array([error(float(g)) for g in grid])
        best = int(np.argmin(errors))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        focal = float(np.exp(minimize_scalar(error, bounds=(low, high), method="bounded", options={"xatol": 1e-7}).x))
        # a flat curve means that any focal length would do
        spread = float(np.ptp(errors[(errors < 1e5)])) if (errors < 1e5).any() else 0.0
        if spread < 0.3:
            determined, focal = False, float(width)
    found = _pose(focal, center, lens, pixels, facade_m)
    if found is None:
        raise ConfigError("calibration: no camera position explains the points; check that they are on the facade")
    camera, rms = found
    residual = np.linalg.norm(camera.project(_on_plane(facade_m)) - pixels, axis=1)
    if rms > _MAX_ERROR_PX:
        worst = int(np.argmax(residual))
        raise ConfigError(
            f"calibration: the points are off by {rms:.1f} px (at most {_MAX_ERROR_PX:g}); point {worst + 1} at pixel "
            f"({pixels[worst, 0]:g}, {pixels[worst, 1]:g}) is off by {residual[worst]:.1f} px: click it again"
        )
    facade_to_camera = np.column_stack(
        [camera.rotation[:, 0], camera.rotation[:, 1], -camera.rotation @ camera.position_m]
    )
    return SolvedCamera(camera, rms, determined, camera.matrix @ facade_to_camera)


def _check(pixels: Float64, facade_m: Float64) -> None:
    if len(pixels) < 4 or len(pixels) != len(facade_m):
        raise ConfigError(f"calibration: {len(pixels)} points; at least 4 on the facade are needed")
    for name, points in (("on the facade", facade_m), ("in the picture", pixels)):
        centred = points - points.mean(axis=0)
        values = np.linalg.svd(centred, compute_uv=False)
        if values[1] < 0.02 * values[0]:
            raise ConfigError(f"calibration: the points lie in a line {name}; add points to the side of it")
    reduced = min(
        float(np.linalg.svd(np.delete(facade_m, n, axis=0) - np.delete(facade_m, n, axis=0).mean(axis=0))[1][1])
        for n in range(len(facade_m))
    )
    if len(facade_m) == 4 and reduced < 0.02 * float(np.ptp(facade_m)):
        raise ConfigError("calibration: three of the four points lie in a line; move one of them")


def _on_plane(facade_m: Float64) -> Float64:
    return np.concatenate([facade_m, np.zeros((len(facade_m), 1))], axis=1)


def _pose(
    focal_px: float, center_px: tuple[float, float], lens: Float64, pixels: Float64, facade_m: Float64
) -> tuple[PinholeCamera, float] | None:
    """The best camera in front of the facade for one focal length, and its reprojection error."""
    matrix = np.array([[focal_px, 0.0, center_px[0]], [0.0, focal_px, center_px[1]], [0.0, 0.0, 1.0]])
    plane = _on_plane(facade_m) @ _FLIP
    _, rotations, translations, _ = cv2.solvePnPGeneric(
        plane, np.ascontiguousarray(pixels), matrix, lens, flags=cv2.SOLVEPNP_IPPE
    )
    best: tuple[PinholeCamera, float] | None = None
    for first_turn, first_shift in zip(rotations, translations, strict=True):
        turn, shift = cv2.solvePnPRefineLM(plane, np.ascontiguousarray(pixels), matrix, lens, first_turn, first_shift)
        rotation = np.asarray(cv2.Rodrigues(turn)[0]) @ _FLIP
        position = -rotation.T @ np.asarray(shift, np.float64).ravel()
        camera = PinholeCamera(focal_px, center_px, np.asarray(rotation, np.float64), position, lens)
        error = camera.project(_on_plane(facade_m)) - pixels
        rms = float(np.sqrt(np.mean(np.square(error).sum(axis=1))))
        if position[2] > 0 and np.isfinite(rms) and (best is None or rms < best[1]):
            best = (camera, rms)
    return best
