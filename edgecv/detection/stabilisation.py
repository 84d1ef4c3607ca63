"""The camera's small motion and the picture's brightness, frame by frame."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.planes import UNIT, Float32, Kernel, Registration, UInt8
from edgecv.detection.settings import DetectionSettings

_SEARCH_SIDE_PX = 480  # of the picture for the wide search: fine enough to begin a registration from
_MID_LEVEL = 128.0  # grey level at which a change of gain is weighed
_SHAKE_PX = 0.15  # a frame: from here a camera shakes, and blurs its background
_STEP_RATE = 0.1  # a frame, at which the usual step follows
_BLOCKS = (48, 27)  # of which the brightness is measured: each has a thousand pixels or more
_ROWS = 108  # of the picture that are read for them
_ROBUST_ROUNDS = 3
_LEAST_LEVELS = 0.5  # grey levels: what every block may be off, by compression
_PLAIN_LEVELS = 4.0  # grey levels between blocks, as of clouds over a plain wall


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
        self._usual_step_px = 0.0

    def reset(self) -> None:
        """The background is being restarted."""
        self._last = Registration()
        self._usual_residual = None
        self._points = 0
        self._choose_in_frames = 0

    def register(self, luma: UInt8) -> CameraMotion | None:
        """Return the camera's motion, or None where it is too large to be undone.

        A change of gain or brightness of the whole picture is applied to the background.
        """
        s = self._settings
        if self._choose_in_frames == 0:
            self._choose_points()
        self._choose_in_frames -= 1
        if self._points < s.min_texture_points:
            self._usual_residual = self._usual_residual or self._last.residual
            return CameraMotion()
        registration = self._registration(luma)
        b = self._kernel.planes.binning
        size = np.array(self._kernel.planes.size, np.float64) * b
        centre_px = (float(0.5 * (size[0] - 1.0)), float(0.5 * (size[1] - 1.0)))
        motion = CameraMotion(registration.dx * b, registration.dy * b, centre_px=centre_px)
        if motion.largest_shift_px > s.max_shift_px:
            return None
        if self._usual_step_px > _SHAKE_PX:
            motion = self._turned(luma, registration, motion)
        residual = registration.residual
        usual = residual if self._usual_residual is None else self._usual_residual
        self._usual_residual = usual + s.usual_residual_rate * (min(residual, 2.0 * usual) - usual)
        step_px = b * float(np.hypot(registration.dx - self._last.dx, registration.dy - self._last.dy))
        self._usual_step_px += _STEP_RATE * (step_px - self._usual_step_px)
        gain, offset = registration.gain, registration.offset
        if self._is_unsteady(gain, offset) and self._usual_step_px > _SHAKE_PX:
            gain, offset = self._brightness(luma, motion.shift_px)
        if self._is_unsteady(gain, offset):
            self._kernel.brighten(gain, offset)
        self._last = replace(registration, gain=1.0, offset=0.0)
        return motion

    def _turned(self, luma: UInt8, registration: Registration, motion: CameraMotion) -> CameraMotion:
        """The motion of a camera that shakes, with its roll and zoom where they are certain and explain more.

        Not of one that stands: what fills half of its picture, and turns, is a person.
        """
        s, b = self._settings, self._kernel.planes.binning
        turned = self._kernel.register(luma, registration, s.registration_rounds, turning=True)
        candidate = replace(motion, dx_px=turned.dx * b, dy_px=turned.dy * b, roll_rad=turned.roll, zoom=turned.zoom)
        is_certain = candidate.corner_px > max(s.min_corner_px, s.certain_corner_sd * b * turned.corner_sd)
        is_sway = max(abs(turned.roll), abs(turned.zoom)) < s.max_turn
        is_better = turned.residual < s.turned_residual_ratio * registration.residual
        is_small = candidate.largest_shift_px <= s.max_shift_px
        return candidate if is_certain and is_sway and is_better and is_small else motion

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

    def _is_unsteady(self, gain: float, offset: float) -> bool:
        return max(abs(gain - 1.0) * _MID_LEVEL, abs(offset)) > self._settings.steady_levels

    def _brightness(self, luma: UInt8, shift_px: tuple[float, float]) -> tuple[float, float]:
        """Gain and offset of the frame against the background, from means of large blocks.

        The registration's own are of the steepest points, where a background blurred by shake looks like one of less
        contrast: taking its contrast away blurs the next comparison more, until no edge fits. A block's mean does not
        change with blur. Blocks in which something moves are left out.
        """
        b, mean = self._kernel.planes.binning, self._kernel.planes.mean
        w, h = self._kernel.planes.size
        dx, dy = (round(v) for v in shift_px)
        edge = -(-int(self._settings.max_shift_px + 1.0) // b) * b
        if min(w, h) * b < 4 * edge:
            return 1.0, 0.0
        step, inner = max(1, h * b // _ROWS // b) * b, edge // b
        now = _small(luma[edge + dy : h * b - edge + dy : step, edge + dx : w * b - edge + dx], _BLOCKS).ravel()
        reference = _small(mean[inner : h - inner : step // b, inner : w - inner], _BLOCKS).ravel() / UNIT
        gain, offset = 1.0, float(np.median(now - reference))
        for _ in range(_ROBUST_ROUNDS):
            size = np.abs(now - gain * reference - offset)
            still = size <= 3.0 * float(np.median(size)) + _LEAST_LEVELS
            x, y = reference[still], now[still]
            # a plain wall does not give the gain: one by chance of a few levels of contrast counts little
            spread = float(np.square(x - x.mean()).mean())
            change = float(((x - x.mean()) * (y - x - (y - x).mean())).mean())
            gain = 1.0 + change / (spread + _PLAIN_LEVELS**2)
            offset = float(y.mean() - gain * x.mean())
        return gain, offset

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
        start = Registration(dx * shrink, dy * shrink, residual=near.residual)
        return self._kernel.register(luma, start, 2 * self._settings.registration_rounds)


def _small(image: UInt8 | np.ndarray[tuple[int, ...], np.dtype[np.int16]], size: tuple[int, int]) -> Float32:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
