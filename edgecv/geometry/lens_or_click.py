"""Points that no straight lens explains: one click that is wrong, or a lens that bends the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry.bent_lens import LEAST_POINTS, BentFit, bent_camera
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.fisheye_solving import fisheye_camera
from edgecv.geometry.refinement import rms_px
from edgecv.geometry.resection import FOCAL_SD, MOST_FOLDED, Resection, check_points, resected, share_folded
from edgecv.messages import calibration
from edgecv.messages.message import Message

Float64 = NDArray[np.float64]
_SUSPECTS = 12
"""A wrong click at the picture's edge turns the whole camera its way, so that another point may be off most: each is
left out in turn, of many points those that are off most."""
_CLEARLY_OFF = 5.0
"""Of the other points' error: five standard deviations are no careful click."""
_MUCH_BETTER = 0.4
"""Of the error of a straight lens: what a lens beyond the lens models still explains."""
_BETTER = 0.7
"""Of the error of OpenCV's polynomial: then the lens is a fisheye. Where both fit as well, the polynomial is usual."""


@dataclass(frozen=True, slots=True, eq=False)
class _Clicks:
    """What was marked: as :func:`lens_or_click` has it."""

    image_size: tuple[int, int]
    pixels: Float64
    points: Float64
    focal_px: float | None
    lines: Float64

    def without(self, point: int) -> _Clicks:
        """All but one; raises ConfigError where they fix no camera."""
        others = np.delete(np.arange(len(self.pixels)), point)
        check_points(self.pixels[others], self.points[others, :2])
        return replace(self, pixels=self.pixels[others], points=self.points[others])

    def rms_px(self, camera: PinholeCamera) -> float:
        """Infinite for a lens that folds the picture."""
        return (
            np.inf if share_folded(camera, self.image_size) > MOST_FOLDED else rms_px(camera, self.pixels, self.points)
        )

    def suspects(self, camera: PinholeCamera) -> list[int]:
        """Points in the order in which they are off."""
        errors = np.nan_to_num(np.linalg.norm(camera.project(self.points) - self.pixels, axis=1), nan=np.inf)
        return [int(point) for point in np.argsort(errors)[::-1][:_SUSPECTS]]


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
    clicks = _Clicks(image_size, pixels, points, focal_px, lines)
    wrong, error_px = _wrong_click(clicks, straight)
    if wrong is not None and error_px <= most_px:
        straight = replace(straight, wrong_point=wrong)
    fit = bent_camera(image_size, pixels, points, lines, focal_px)
    best = _best_lens(clicks, fit)
    bent_px = np.inf if best is None else clicks.rms_px(best[0])
    if min(bent_px, fit.shape_px) > min(error_px, straight.rms_px):
        return straight, None
    if len(pixels) < LEAST_POINTS:
        return straight, calibration.BENT_LENS(error=straight.rms_px, count=len(pixels), needed=LEAST_POINTS)
    if best is None or bent_px > most_px:
        wrong_bent = _wrong_click_of_bent(clicks, most_px, best)
        if wrong_bent is not None:
            return wrong_bent, None
        is_bent = min(bent_px, fit.shape_px) < _MUCH_BETTER * straight.rms_px
        return straight, calibration.FISHEYE(error=straight.rms_px) if is_bent else None
    camera, covariance = best
    determined = focal_px is not None or float(np.sqrt(covariance[6, 6])) < FOCAL_SD
    return Resection(camera, covariance, determined, bent_px), None


def _best_lens(clicks: _Clicks, fit: BentFit) -> tuple[PinholeCamera, Float64] | None:
    """The polynomial of a fit, or a fisheye where that explains the points better; the first for few points."""
    if len(clicks.pixels) < LEAST_POINTS:
        return fit.camera
    fisheye = _fisheye_of(clicks)
    if fisheye is None or fit.camera is None:
        return fit.camera if fisheye is None else fisheye
    return fisheye if clicks.rms_px(fisheye[0]) < _BETTER * clicks.rms_px(fit.camera[0]) else fit.camera


def _wrong_click(clicks: _Clicks, straight: Resection) -> tuple[int | None, float]:
    """The point without which the others fit a straight lens best, and their error then; infinite for too few."""
    best: tuple[int | None, float] = None, np.inf
    for point, others in _each_left_out(clicks, straight.camera):
        try:
            fit = resected(
                others.image_size, others.pixels, others.points, np.zeros(5), others.focal_px, others.lines, np.inf
            )
        except ConfigError:
            continue
        if fit.rms_px < best[1]:
            best = point, fit.rms_px
    return best


def _wrong_click_of_bent(
    clicks: _Clicks, most_px: float, best_of_all: tuple[PinholeCamera, Float64] | None
) -> Resection | None:
    """The bent lens of all points but one, where it fits them and that one is off; None where no one click explains it.

    What is left must be nearly as many points as a bent lens needs, or any lens would fit. The polynomial takes many
    times as long as the fisheye, and is asked where no fisheye fits.
    """
    if best_of_all is None:
        return None
    for lens_of in (_fisheye_of, _polynomial_of):
        best: Resection | None = None
        for point, others in _each_left_out(clicks, best_of_all[0]):
            without = lens_of(others)
            if without is None:
                continue
            error_px = others.rms_px(without[0])
            place = clicks.points[point : point + 1]
            off_px = float(np.linalg.norm(without[0].project(place) - clicks.pixels[point]))
            is_clear = not off_px <= _CLEARLY_OFF * error_px  # a place that the lens does not show was not clicked
            if error_px <= most_px and is_clear and (best is None or error_px < best.others_px):
                best = Resection(*without, True, rms_px(without[0], clicks.pixels, clicks.points), point, error_px)
        if best is not None:
            return best
    return None


def _fisheye_of(clicks: _Clicks) -> tuple[PinholeCamera, Float64] | None:
    return fisheye_camera(clicks.image_size, clicks.pixels, clicks.points, clicks.lines, clicks.focal_px)


def _polynomial_of(clicks: _Clicks) -> tuple[PinholeCamera, Float64] | None:
    if len(clicks.pixels) < LEAST_POINTS:
        return None
    return bent_camera(clicks.image_size, clicks.pixels, clicks.points, clicks.lines, clicks.focal_px).camera


def _each_left_out(clicks: _Clicks, camera: PinholeCamera) -> Iterator[tuple[int, _Clicks]]:
    for point in clicks.suspects(camera):
        try:
            yield point, clicks.without(point)
        except ConfigError:
            continue
