"""Follows the camera's small motion and the picture's brightness, frame by frame, and says when it moved too far."""

from __future__ import annotations

import cv2
import numpy as np

from edgecv.detection.planes import UNIT, Float32, Kernel, Registration, UInt8
from edgecv.detection.settings import DetectionSettings

_FEWEST_POINTS = 40
_ROUNDS = 3
_LOST = 2.5  # a residual this many times the usual means that the small-motion search has lost its place
_FORGET = 0.998  # a frame, of how large a residual was not explained by motion
_STEADY_LEVELS = 0.3  # brightness changes below this are left to the background's own learning


class Stabiliser:
    """Registers frames against a kernel's background."""

    def __init__(self, kernel: Kernel, settings: DetectionSettings) -> None:
        self._kernel = kernel
        self._settings = settings
        self._last = Registration()
        self._usual: float | None = None
        self._points = 0
        self._choose_in = 0
        self._in_vain = 0.0

    def forget(self) -> None:
        """The background is being learnt anew."""
        self._last = Registration()
        self._usual = None
        self._points = 0
        self._choose_in = 0

    def follow(self, luma: UInt8) -> tuple[float, float] | None:
        """Return the camera's motion ``(dx, dy)`` in pixels of the frame, or None where it is too large to be undone.

        A change of gain or brightness of the whole picture is put into the background.
        """
        if self._choose_in == 0:
            self._choose_points()
        self._choose_in -= 1
        if self._points < _FEWEST_POINTS:
            self._usual = self._usual or self._last.residual
            return 0.0, 0.0
        found = self._kernel.register(luma, self._last, _ROUNDS)
        if self._usual is not None and found.residual > max(_LOST * self._usual + 1.0, self._in_vain):
            searched = self._search(luma, found)
            # key frames of a poor codec look lost too: do not search again for what a search did not explain
            self._in_vain = 1.3 * found.residual if searched is found else 0.0
            found = searched
        self._in_vain *= _FORGET
        b = self._kernel.planes.binning
        shift = (found.dx * b, found.dy * b)
        if max(abs(shift[0]), abs(shift[1])) > self._settings.max_shift_px:
            return None
        usual = found.residual if self._usual is None else self._usual
        # one frame with a passing bus must not redefine what is usual
        self._usual = usual + 0.05 * (min(found.residual, 2.0 * usual) - usual)
        if abs(found.gain - 1.0) * 128.0 > _STEADY_LEVELS or abs(found.offset) > _STEADY_LEVELS:
            self._kernel.brighten(found.gain, found.offset)
        self._last = Registration(found.dx, found.dy, 1.0, 0.0, found.residual)
        return shift

    def _choose_points(self) -> None:
        s = self._settings
        # the first background is a single frame: only what is steeper than its noise is texture
        least, self._choose_in = s.min_gradient, s.texture_every_frames
        if self._usual is None:
            least, self._choose_in = 3.0 * s.min_gradient, s.warm_up_frames
        self._points = self._kernel.choose_points(s.texture_cell_px, least)

    def _search(self, luma: UInt8, found: Registration) -> Registration:
        """A bump: look for the motion by phase correlation and refine it; keep whichever explains the frame better."""
        b, mean = self._kernel.planes.binning, self._kernel.planes.mean
        w, h = self._kernel.planes.size
        shrink = max(1, round(max(w, h) / 480))
        size = (w // shrink, h // shrink)
        now = _small(luma[: h * b, : w * b], size)
        reference = _small(mean, size) / UNIT
        window = cv2.createHanningWindow(size, cv2.CV_32F)
        (dx, dy), _ = cv2.phaseCorrelate(reference, now, window)
        start = Registration(dx * shrink, dy * shrink, 1.0, 0.0, found.residual)
        searched = self._kernel.register(luma, start, 2 * _ROUNDS)
        return searched if searched.residual < 0.8 * found.residual else found


def _small(image: UInt8 | np.ndarray[tuple[int, ...], np.dtype[np.int16]], size: tuple[int, int]) -> Float32:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
