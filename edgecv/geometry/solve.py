"""A camera from points on a building: pose, and focal length where it is not given, with how well they are known.

Planar perspective-n-point (Collins & Bartoli 2014, as OpenCV's IPPE) gives a start for each of many focal lengths; all
points, those off the plane too, and edges known to be vertical then decide together (Levenberg-Marquardt). A camera
square to the facade cannot tell its focal length and gets a nominal one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry.bent_lens import LEAST_POINTS, MANY_POINTS, BentFit, bent_camera
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.refinement import in_space, pose, refined, rms_px
from edgecv.messages import calibration
from edgecv.messages.message import Message

Float64 = NDArray[np.float64]
Pixel = tuple[float, float]
MAX_ERROR_PX = 3.0
_LEAST_ANGLE = 0.1  # sine of the angle between line of sight and facade: 6 degrees
_FOCALS = np.geomspace(0.15, 10.0, 40)
"""Of the picture's width: from 147 degrees across to 6, and every lens that is sold between."""
_BEND_UNKNOWNS = 5
"""Points with hardly more coordinates than a pose, a focal length and a lens have numbers: any lens would fit."""
_SUSPECTS = 3
_BENT_SUSPECTS = 6
"""A bent lens gives way to a wrong click, and spreads its error over the points around."""
_CLEARLY_OFF = 5.0
"""Of the other points' error: five standard deviations are no careful click."""
_WIDE = 0.4
"""Of the picture's width, 103 degrees across: beyond it nearly every lens bends the picture."""
_WELL_PX = 1.0
"""What careful clicks are off."""
_MUCH_BETTER = 0.4
"""Of the error of a straight lens: what a fisheye beyond the lens model still explains."""
_FOCAL_SD = 0.12  # of its logarithm, above which a focal length counts as unknown
_LOOKED_AT = 33
"""Columns and rows of pixels whose rays are tried."""
_MOST_FOLDED = 0.2
"""Wide lenses are often wrong in the corners, some 15 % of the picture, and name floors well all the same."""
_SAME_PX = 1.0
"""The inverse lens model settles to a thousandth of a pixel where it settles at all."""
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
        distortion: OpenCV's five numbers; where all are 0 and no straight lens fits, k1, k2 and k3 are solved too.
        focal_px: None to solve for it.
        verticals: pairs of pixels on edges of the building that are vertical.
        most_px: root mean square reprojection error from which the points are refused.

    Raises:
        ConfigError: fewer than four points on the facade, points in a line, a facade seen edge-on, or a reprojection
            error above ``most_px``, a lens that folds the picture or bends it too much; says which.
    """
    points = in_space(points_m)
    on_plane = np.abs(points[:, 2]) < 1e-9
    _check(pixels[on_plane], points[on_plane, :2])
    lens = np.asarray(distortion, np.float64)
    lines = np.array(verticals, np.float64).reshape(-1, 2, 2)
    solution = _solved(image_size, pixels, points, lens, focal_px, lines, most_px)
    bent = None
    if not solution.rms_px <= most_px and not lens.any() and len(pixels) > _BEND_UNKNOWNS:
        solution, bent = _with_bent_lens(image_size, pixels, points, focal_px, lines, most_px, solution)
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
    if _is_doubtful(image_size, camera, len(pixels), rms) and focal_px is None and not lens.any():
        angle = 2.0 * np.degrees(np.arctan(image_size[0] / 2.0 / camera.focal_px))
        raise ConfigError(calibration.WIDE_LENS(angle=float(angle), count=len(pixels), needed=LEAST_POINTS))
    folded = share_folded(camera, image_size)
    if folded > _MOST_FOLDED:
        raise ConfigError(
            calibration.FOLDED(numbers=", ".join(f"{k:g}" for k in camera.distortion), share=f"{folded:.0%}")
        )
    away = camera.position_m - points[on_plane].mean(axis=0)
    sine = float(away[2] / np.linalg.norm(away))
    if sine < _LEAST_ANGLE:
        raise ConfigError(calibration.EDGE_ON(angle=float(np.degrees(np.arcsin(max(sine, 0.0))))))
    return SolvedCamera(camera, rms, errors, determined, covariance)


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
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


def _solved(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    lens: Float64,
    focal_px: float | None,
    lines: Float64,
    most_px: float,
) -> _Solution:
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
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < _FOCAL_SD
    if not determined:
        start = pose(float(width), center, lens, pixels[on_plane], points[on_plane, :2])
        nominal = refined(start[0] if start else camera, pixels, points, lines, False)
        # a lens as wide as the nominal one is not only unknown there but excluded
        if rms_px(nominal[0], pixels, points) <= most_px or not rms_px(camera, pixels, points) <= most_px:
            camera, covariance = nominal
    return _Solution(camera, covariance, determined, rms_px(camera, pixels, points))


def _is_doubtful(image_size: tuple[int, int], camera: PinholeCamera, count: int, rms: float) -> bool:
    """Whether a straight lens is wider than most are made, by few points that do not fit it well: it may be bent."""
    return count < LEAST_POINTS and camera.focal_px < _WIDE * image_size[0] and rms > _WELL_PX


def _with_bent_lens(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    focal_px: float | None,
    lines: Float64,
    most_px: float,
    straight: _Solution,
) -> tuple[_Solution, Message | None]:
    """What explains points that no straight lens does: one click that is wrong, or a lens that bends the picture.

    Returns:
        The better of the two, and why a bent lens is likely but not solved, or None.
    """
    wrong, error_px = _wrong_click(image_size, pixels, points, focal_px, lines, straight)
    if wrong is not None and error_px <= most_px:
        straight = replace(straight, wrong_point=wrong)
    fit = bent_camera(image_size, pixels, points, lines, focal_px)
    bent_px = np.inf if fit.camera is None else rms_px(fit.camera[0], pixels, points)
    if min(bent_px, fit.shape_px) > min(error_px, straight.rms_px):
        return straight, None
    if len(pixels) < LEAST_POINTS:
        return straight, calibration.BENT_LENS(error=straight.rms_px, count=len(pixels), needed=LEAST_POINTS)
    if fit.camera is None or bent_px > most_px or share_folded(fit.camera[0], image_size) > _MOST_FOLDED:
        wrong_bent = _wrong_click_of_bent(image_size, pixels, points, focal_px, lines, most_px, fit)
        if wrong_bent is not None:
            return wrong_bent, None
        is_fisheye = min(bent_px, fit.shape_px) < _MUCH_BETTER * straight.rms_px
        if is_fisheye and len(pixels) < MANY_POINTS:
            return straight, calibration.BENT_LENS(error=straight.rms_px, count=len(pixels), needed=MANY_POINTS)
        return straight, calibration.FISHEYE(error=straight.rms_px) if is_fisheye else None
    camera, covariance = fit.camera
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < _FOCAL_SD
    return _Solution(camera, covariance, determined, bent_px), None


def _wrong_click(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    focal_px: float | None,
    lines: Float64,
    straight: _Solution,
) -> tuple[int | None, float]:
    """The point without which the others fit a straight lens best, and their error then; infinite for too few."""
    best: tuple[int | None, float] = None, np.inf
    errors = np.nan_to_num(np.linalg.norm(straight.camera.project(points) - pixels, axis=1), nan=np.inf)
    for point in map(int, np.argsort(errors)[::-1][:_SUSPECTS]):
        others = np.delete(np.arange(len(pixels)), point)
        try:
            _check(pixels[others], points[others, :2])
            error_px = _solved(image_size, pixels[others], points[others], np.zeros(5), focal_px, lines, np.inf).rms_px
        except ConfigError:
            continue
        if error_px < best[1]:
            best = point, error_px
    return best


def _wrong_click_of_bent(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    focal_px: float | None,
    lines: Float64,
    most_px: float,
    fit: BentFit,
) -> _Solution | None:
    """The bent lens of all points but one, where it fits them and that one is off; None where no one click explains it.

    What is left must be as many points as a bent lens needs, or any lens would fit.
    """
    if fit.camera is None or len(pixels) <= LEAST_POINTS:
        return None
    best: _Solution | None = None
    errors = np.nan_to_num(np.linalg.norm(fit.camera[0].project(points) - pixels, axis=1), nan=np.inf)
    for point in map(int, np.argsort(errors)[::-1][:_BENT_SUSPECTS]):
        others = np.delete(np.arange(len(pixels)), point)
        try:
            _check(pixels[others], points[others, :2])
        except ConfigError:
            continue
        without = bent_camera(image_size, pixels[others], points[others], lines, focal_px).camera
        if without is None or share_folded(without[0], image_size) > _MOST_FOLDED:
            continue
        error_px = rms_px(without[0], pixels[others], points[others])
        off_px = float(np.linalg.norm(without[0].project(points[point : point + 1]) - pixels[point]))
        is_clear = np.isfinite(off_px) and off_px > _CLEARLY_OFF * error_px
        if error_px <= most_px and is_clear and (best is None or error_px < best.others_px):
            best = _Solution(*without, True, rms_px(without[0], pixels, points), point, error_px)
    return best


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
