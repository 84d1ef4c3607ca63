"""The compiled kernel: per-pixel work in C, called without the interpreter's lock."""

from __future__ import annotations

from dataclasses import astuple
from functools import cache
from pathlib import Path

import numpy as np

from edgecv.detection.camera_motion import TILE, CameraMotion, TileShifts
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.fixed_point import fixed_brightness, fixed_rate
from edgecv.detection.planes import Float32, Planes, Registration, Thresholds, UInt8, first_compared_row
from edgecv.native import AVAILABLE, ffi, lib, pointer, rows_pointer

_MARGIN = 32  # spare columns on either side of a scratch row; as in edgecv/native/interface.h
_PROCESSOR_FLAGS = {"base": (), "avx2": ("avx2",), "avx512": ("avx512f", "avx512bw", "avx512vl", "avx512dq")}


@cache
def instruction_sets() -> tuple[str, ...]:
    """Instruction sets that both the extension and this processor have; empty where there is no extension."""
    if not AVAILABLE:
        return ()
    built = int(lib.edgecv_instruction_sets())
    flags = _processor_flags()
    needs = enumerate(_PROCESSOR_FLAGS.items())
    return tuple(name for n, (name, needed) in needs if built & (1 << n) and flags.issuperset(needed))


def _processor_flags() -> set[str]:
    """Flags of the processor as Linux lists them; none elsewhere, and then the plain code is used."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


class CompiledKernel:
    """Per-pixel work in C; see :class:`~edgecv.detection.planes.Kernel`.

    Args:
        planes: the camera's memory.
        history: of the responses; a moving pixel must differ from the one that it says.
        thresholds: of seeds and of growing.
        instruction_set: one of :func:`instruction_sets`; the best when left out.

    Raises:
        RuntimeError: the extension was not built.
    """

    def __init__(
        self,
        planes: Planes,
        history: DifferenceHistory,
        thresholds: Thresholds,
        instruction_set: str | None = None,
    ) -> None:
        if not AVAILABLE:
            raise RuntimeError("the compiled detection kernel is missing; install a C compiler and edgecv again")
        self.planes = planes
        self.history = history
        self.shifts = TileShifts(planes.level.shape, planes.binning)
        sets = instruction_sets()
        self._set = list(_PROCESSOR_FLAGS).index(instruction_set or sets[-1])
        w, h = planes.size
        self._scratch = np.zeros(3 * (TILE + 2) * (w + 2 * _MARGIN), np.int16)
        self._mask_dirty = np.ones(planes.level.shape, np.uint8)
        self._pixels = np.zeros(w * h, np.int32)  # of the blob being measured
        self._values = np.zeros(w * h, np.int16)
        self._points = np.zeros(0, np.int32)
        self._previous_rows = np.zeros(0, np.uint8)
        self._blobs = np.zeros((0, 8), np.float32)
        tiles_y, tiles_x = planes.level.shape
        self._background = ffi.new(
            "Background *",
            {
                "width": w,
                "height": h,
                "binning": planes.binning,
                "tiles_x": tiles_x,
                "tiles_y": tiles_y,
                "grow_threshold": thresholds.grow,
                "noise_floor": thresholds.noise_floor,
                "min_level": thresholds.min_level,
                **{name: pointer(getattr(planes, name)) for name in _PLANES},
                "is_uniform": True,
                "whole": pointer(self.shifts.whole),
                "rest": pointer(self.shifts.rest),
                "scratch": pointer(self._scratch),
                "mask_dirty": pointer(self._mask_dirty),
            },
        )

    def begin(self, luma: UInt8, noise: float) -> None:
        """Make the frame the background."""
        lib.edgecv_background_start(self._background, *rows_pointer(luma), noise)
        self.history.begin()

    def update(self, luma: UInt8, motion: CameraMotion, rates: tuple[float, float], detecting: bool) -> int:
        """Compare a frame with the background, then learn from it."""
        background = self._background
        self.shifts.set(motion)
        background.is_uniform = self.shifts.is_uniform
        background.rate, background.noise_rate = (fixed_rate(rate) for rate in rates)
        background.detecting = detecting
        lagged, self.planes.response = self.history.advance(self.planes.level)
        background.lagged, background.response = pointer(lagged), pointer(self.planes.response)
        lib.edgecv_background_update(background, *rows_pointer(luma), self._set)
        return int(background.foreground)

    def blobs(self, luma: UInt8, capacity: int, per_tile: int, max_area: int) -> Float32:
        """Return the blobs of the frame just updated."""
        if len(self._blobs) != capacity:
            self._blobs = np.zeros((capacity, 8), np.float32)
        n = lib.edgecv_blobs(
            self._background,
            *rows_pointer(luma),
            pointer(self._pixels),
            pointer(self._values),
            ffi.from_buffer("Blob[]", self._blobs),
            capacity,
            per_tile,
            max_area,
        )
        return self._blobs[:n]

    def choose_points(self, cell: int, min_gradient: float) -> int:
        """Choose the steepest background point of every cell."""
        w, h = self.planes.size
        points = np.zeros((w // cell + 1) * (h // cell + 1), np.int32)
        n = lib.edgecv_textured_points(self._background, cell, min_gradient, pointer(points))
        self._points = points[:n].copy()
        return int(n)

    def register(self, luma: UInt8, start: Registration, rounds: int, *, turning: bool = False) -> Registration:
        """Find the camera's motion and the brightness of a frame."""
        values = ffi.new("float[8]", astuple(start))
        points = pointer(self._points)
        frame = rows_pointer(luma)
        lib.edgecv_register(self._background, *frame, points, len(self._points), rounds, turning, values)
        return Registration(*values)

    def brighten(self, gain: float, offset: float) -> None:
        """Apply a change of brightness to the background."""
        lib.edgecv_background_adjust(self._background, *fixed_brightness(gain, offset))

    def change(self, luma: UInt8) -> float:
        """Return the mean absolute difference to the frame of the last call."""
        h, w = luma.shape
        size = len(range(first_compared_row(h), h, 16)) * w
        first = len(self._previous_rows) != size
        if first:
            self._previous_rows = np.zeros(size, np.uint8)
        change = float(lib.edgecv_frame_change(*rows_pointer(luma), w, h, pointer(self._previous_rows)))
        return 255.0 if first else change


_PLANES = ("mean", "noise", "response", "motion", "mask", "excluded", "offset", "seed_threshold", "level", "seeds")
