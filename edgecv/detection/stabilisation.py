"""The camera's small motion and the picture's brightness, frame by frame."""

from __future__ import annotations

import cv2
import numpy as np

from edgecv.detection.planes import UNIT, Float32, Kernel, Registration, UInt8
from edgecv.detection.settings import DetectionSettings

_SEARCH_SIDE_PX = 480  # of the picture for the wide search: fine enough to begin a registration from
_MID_LEVEL = 128.0  # grey level at which a change of gain is weighed


class Stabiliser:
    """Registers frames against a kernel's background."""

    def __init__(self, kernel: Kernel, settings: DetectionSettings) -> None:
        self._kernel = kernel
        self._settings = settings
        self._last = Registration()
        self._usual_residual: float | None = None
        self._points = 0
        self._choose_in_frames = 0
        self._unexplained_residual = 0.0

    def reset(self) -> None:
        """The background is being restarted."""
        self._last = Registration()
        self._usual_residual = None
        self._points = 0
        self._choose_in_frames = 0

    def register(self, luma: UInt8) -> tuple[float, float] | None:
        """Return the camera's motion ``(dx, dy)`` in pixels of the frame, or None where it is too large to be undone.

        A change of gain or brightness of the whole picture is applied to the background.
        """
        s = self._settings
        if self._choose_in_frames == 0:
            self._choose_points()
        self._choose_in_frames -= 1
        if self._points < s.min_texture_points:
            self._usual_residual = self._usual_residual or self._last.residual
            return 0.0, 0.0
        registration = self._registration(luma)
        b = self._kernel.planes.binning
        shift_px = (registration.dx * b, registration.dy * b)
        if max(abs(shift_px[0]), abs(shift_px[1])) > s.max_shift_px:
            return None
        residual = registration.residual
        usual = residual if self._usual_residual is None else self._usual_residual
        self._usual_residual = usual + s.usual_residual_rate * (min(residual, 2.0 * usual) - usual)
        gain_levels = abs(registration.gain - 1.0) * _MID_LEVEL
        if gain_levels > s.steady_levels or abs(registration.offset) > s.steady_levels:
            self._kernel.brighten(registration.gain, registration.offset)
        self._last = Registration(registration.dx, registration.dy, 1.0, 0.0, residual)
        return shift_px

    def _registration(self, luma: UInt8) -> Registration:
        """From the last frame's motion; where that lost its place, from a wide search."""
        s = self._settings
        near = self._kernel.register(luma, self._last, s.registration_rounds)
        if self._usual_residual is not None:
            lost = s.lost_residual_ratio * self._usual_residual + 1.0
            if near.residual > max(lost, self._unexplained_residual):
                wide = self._search(luma, near)
                is_better = wide.residual < s.accepted_residual_ratio * near.residual
                self._unexplained_residual = 0.0 if is_better else s.unexplained_ratio * near.residual
                near = wide if is_better else near
        self._unexplained_residual *= s.unexplained_memory
        return near

    def _choose_points(self) -> None:
        s = self._settings
        min_gradient, self._choose_in_frames = s.min_gradient, s.texture_every_frames
        if self._usual_residual is None:
            min_gradient, self._choose_in_frames = s.first_gradient_ratio * s.min_gradient, s.warm_up_frames
        self._points = self._kernel.choose_points(s.texture_cell_px, min_gradient)

    def _search(self, luma: UInt8, near: Registration) -> Registration:
        """After a bump: the motion by phase correlation, refined by registration."""
        b, mean = self._kernel.planes.binning, self._kernel.planes.mean
        w, h = self._kernel.planes.size
        shrink = max(1, round(max(w, h) / _SEARCH_SIDE_PX))
        size = (w // shrink, h // shrink)
        now = _small(luma[: h * b, : w * b], size)
        reference = _small(mean, size) / UNIT
        window = cv2.createHanningWindow(size, cv2.CV_32F)
        (dx, dy), _ = cv2.phaseCorrelate(reference, now, window)
        start = Registration(dx * shrink, dy * shrink, 1.0, 0.0, near.residual)
        return self._kernel.register(luma, start, 2 * self._settings.registration_rounds)


def _small(image: UInt8 | np.ndarray[tuple[int, ...], np.dtype[np.int16]], size: tuple[int, int]) -> Float32:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
