"""Points that no straight lens explains: one click that is wrong, or a lens that bends the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry.bent_lens import LEAST_POINTS, MANY_POINTS, BentFit, bent_camera
from edgecv.geometry.refinement import rms_px
from edgecv.geometry.resection import FOCAL_SD, MOST_FOLDED, Resection, check_points, resected, share_folded
from edgecv.messages import calibration
from edgecv.messages.message import Message

Float64 = NDArray[np.float64]
_SUSPECTS = 3
_BENT_SUSPECTS = 6
"""A bent lens gives way to a wrong click, and spreads its error over the points around."""
_CLEARLY_OFF = 5.0
"""Of the other points' error: five standard deviations are no careful click."""
_MUCH_BETTER = 0.4
"""Of the error of a straight lens: what a fisheye beyond the lens model still explains."""


def lens_or_click(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    focal_px: float | None,
    lines: Float64,
    most_px: float,
    straight: Resection,
) -> tuple[Resection, Message | None]:
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
    if fit.camera is None or bent_px > most_px or share_folded(fit.camera[0], image_size) > MOST_FOLDED:
        wrong_bent = _wrong_click_of_bent(image_size, pixels, points, focal_px, lines, most_px, fit)
        if wrong_bent is not None:
            return wrong_bent, None
        is_fisheye = min(bent_px, fit.shape_px) < _MUCH_BETTER * straight.rms_px
        if is_fisheye and len(pixels) < MANY_POINTS:
            return straight, calibration.BENT_LENS(error=straight.rms_px, count=len(pixels), needed=MANY_POINTS)
        return straight, calibration.FISHEYE(error=straight.rms_px) if is_fisheye else None
    camera, covariance = fit.camera
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < FOCAL_SD
    return Resection(camera, covariance, determined, bent_px), None


def _wrong_click(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    focal_px: float | None,
    lines: Float64,
    straight: Resection,
) -> tuple[int | None, float]:
    """The point without which the others fit a straight lens best, and their error then; infinite for too few."""
    best: tuple[int | None, float] = None, np.inf
    errors = np.nan_to_num(np.linalg.norm(straight.camera.project(points) - pixels, axis=1), nan=np.inf)
    for point in map(int, np.argsort(errors)[::-1][:_SUSPECTS]):
        others = np.delete(np.arange(len(pixels)), point)
        try:
            check_points(pixels[others], points[others, :2])
            error_px = resected(image_size, pixels[others], points[others], np.zeros(5), focal_px, lines, np.inf).rms_px
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
) -> Resection | None:
    """The bent lens of all points but one, where it fits them and that one is off; None where no one click explains it.

    What is left must be as many points as a bent lens needs, or any lens would fit.
    """
    if fit.camera is None or len(pixels) <= LEAST_POINTS:
        return None
    best: Resection | None = None
    errors = np.nan_to_num(np.linalg.norm(fit.camera[0].project(points) - pixels, axis=1), nan=np.inf)
    for point in map(int, np.argsort(errors)[::-1][:_BENT_SUSPECTS]):
        others = np.delete(np.arange(len(pixels)), point)
        try:
            check_points(pixels[others], points[others, :2])
        except ConfigError:
            continue
        without = bent_camera(image_size, pixels[others], points[others], lines, focal_px).camera
        if without is None or share_folded(without[0], image_size) > MOST_FOLDED:
            continue
        error_px = rms_px(without[0], pixels[others], points[others])
        off_px = float(np.linalg.norm(without[0].project(points[point : point + 1]) - pixels[point]))
        is_clear = np.isfinite(off_px) and off_px > _CLEARLY_OFF * error_px
        if error_px <= most_px and is_clear and (best is None or error_px < best.others_px):
            best = Resection(*without, True, rms_px(without[0], pixels, points), point, error_px)
    return best
