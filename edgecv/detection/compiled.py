"""The compiled kernel: a thin face over the C library that the wheel brings, called without the interpreter's lock."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int32, c_int64, c_void_p
from functools import cache
from pathlib import Path

import numpy as np

from edgecv.detection.fixed_point import fixed_brightness, fixed_rate, split_shift
from edgecv.detection.planes import TILE, Float32, Planes, Registration, Thresholds, UInt8
from edgecv.native import LIBRARY, address, check_size

_MARGIN = 32
_NEEDS = {"base": (), "avx2": ("avx2",), "avx512": ("avx512f", "avx512bw", "avx512vl", "avx512dq")}


class _State(ctypes.Structure):
    """``Kernel`` of edgecv/native/kernel.h."""

    _fields_ = (
        *((name, c_int32) for name in ("width", "height", "binning", "tiles_x", "tiles_y")),
        *((name, c_int32) for name in ("whole_dx", "whole_dy", "rest_dx", "rest_dy")),
        *((name, c_int32) for name in ("rate", "noise_rate", "deciding")),
        *((name, c_float) for name in ("seed_threshold", "grow_threshold", "noise_floor", "least_level")),
        *((name, c_void_p) for name in ("mean", "noise", "lagged", "moving", "mask", "blind")),
        *((name, c_void_p) for name in ("offset", "level", "seeds", "scratch", "marked")),
        ("standing", c_int32),
    )


if LIBRARY is not None:
    LIBRARY.edgecv_change.restype = c_float
    LIBRARY.edgecv_blobs.restype = c_int32
    LIBRARY.edgecv_textured.restype = c_int32
    for _name in ("edgecv_begin", "edgecv_update", "edgecv_register", "edgecv_brighten"):
        getattr(LIBRARY, _name).restype = None
    check_size("edgecv_kernel_size", ctypes.sizeof(_State))


@cache
def instruction_sets() -> tuple[str, ...]:
    """Instruction sets that both the library and this processor have; empty where there is no library."""
    if LIBRARY is None:
        return ()
    built = int(LIBRARY.edgecv_instruction_sets())
    has = _processor_flags()
    return tuple(name for n, name in enumerate(_NEEDS) if built & (1 << n) and has.issuperset(_NEEDS[name]))


def _processor_flags() -> set[str]:
    """What Linux says of the processor; where it does not say, the plain code is used."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


class CompiledKernel:
    """Per-pixel work in C; see :class:`~edgecv.detection.planes.Kernel`.

    Args:
        planes: the camera's memory.
        lag: how many frames back a moving pixel must differ from.
        thresholds: what to decide by.
        instruction_set: one of :func:`instruction_sets`; the best when left out.

    Raises:
        RuntimeError: the library was not built.
    """

    def __init__(self, planes: Planes, lag: int, thresholds: Thresholds, instruction_set: str | None = None) -> None:
        if LIBRARY is None:
            raise RuntimeError("the compiled detection kernel is missing; install edgecv's wheel or build it")
        self.planes = planes
        sets = instruction_sets()
        self._set = list(_NEEDS).index(instruction_set or sets[-1])
        w, h = planes.size
        self._scratch = np.zeros(3 * (TILE + 2) * (w + 2 * _MARGIN), np.int16)
        self._marked = np.ones(planes.level.shape, np.uint8)
        self._history = [planes.lagged, *(np.zeros((h, w), np.int8) for _ in range(lag - 1))]
        self._turn = 0
        self._pixels = np.zeros(w * h, np.int32)
        self._values = np.zeros(w * h, np.int16)
        self._points = np.zeros(0, np.int32)
        self._kept = np.zeros(0, np.uint8)
        self._blobs = np.zeros((0, 8), np.float32)
        self._room: tuple[c_void_p, ...] = ()
        t = thresholds
        self._state = _State(
            width=w,
            height=h,
            binning=planes.binning,
            tiles_x=planes.level.shape[1],
            tiles_y=planes.level.shape[0],
            seed_threshold=t.seed,
            grow_threshold=t.grow,
            noise_floor=t.noise_floor,
            least_level=t.least_level,
            **{name: getattr(planes, name).ctypes.data for name in _PLANES},
            scratch=self._scratch.ctypes.data,
            marked=self._marked.ctypes.data,
        )
        self._at = ctypes.byref(self._state)

    @property
    def seed_threshold(self) -> float:
        """Response that starts a blob."""
        return float(self._state.seed_threshold)

    @seed_threshold.setter
    def seed_threshold(self, value: float) -> None:
        self._state.seed_threshold = value

    def begin(self, luma: UInt8, noise: float) -> None:
        """Make the frame the background."""
        self._state.whole_dx = self._state.whole_dy = 0
        LIBRARY.edgecv_begin(self._at, address(luma), c_int64(luma.strides[0]), c_float(noise))
        for plane in self._history:
            plane.fill(0)

    def update(self, luma: UInt8, shift_px: tuple[float, float], rates: tuple[float, float], deciding: bool) -> int:
        """Compare a frame with the background, then learn from it."""
        state = self._state
        state.whole_dx, state.rest_dx = split_shift(shift_px[0], state.binning)
        state.whole_dy, state.rest_dy = split_shift(shift_px[1], state.binning)
        state.rate, state.noise_rate = (fixed_rate(rate) for rate in rates)
        state.deciding = deciding
        state.lagged = self._history[self._turn].ctypes.data
        self.planes.lagged = self._history[self._turn]
        self._turn = (self._turn + 1) % len(self._history)
        LIBRARY.edgecv_update(self._at, address(luma), c_int64(luma.strides[0]), c_int32(self._set))
        return int(state.standing)

    def blobs(self, luma: UInt8, room: int, per_tile: int, largest: int) -> Float32:
        """Return the blobs of the frame just updated."""
        if len(self._blobs) != room:
            self._blobs = np.zeros((room, 8), np.float32)
            self._room = (address(self._pixels), address(self._values), address(self._blobs))
        n = LIBRARY.edgecv_blobs(
            self._at,
            address(luma),
            c_int64(luma.strides[0]),
            *self._room,
            c_int32(room),
            c_int32(per_tile),
            c_int32(largest),
        )
        return self._blobs[:n]

    def choose_points(self, cell: int, least: float) -> int:
        """Choose the steepest background point of every cell."""
        w, h = self.planes.size
        room = (w // cell + 1) * (h // cell + 1)
        points = np.zeros(room, np.int32)
        n = LIBRARY.edgecv_textured(self._at, c_int32(cell), c_float(least), address(points))
        self._points = points[:n].copy()
        return int(n)

    def register(self, luma: UInt8, start: Registration, rounds: int) -> Registration:
        """Find the camera's motion and the brightness of a frame."""
        self._state.whole_dx = self._state.whole_dy = 0
        values = (c_float * 5)(start.dx, start.dy, start.gain, start.offset, start.residual)
        LIBRARY.edgecv_register(
            self._at,
            address(luma),
            c_int64(luma.strides[0]),
            address(self._points),
            c_int32(len(self._points)),
            c_int32(rounds),
            values,
        )
        return Registration(*values)

    def brighten(self, gain: float, offset: float) -> None:
        """Take a change of brightness over into the background."""
        LIBRARY.edgecv_brighten(self._at, *(c_int32(v) for v in fixed_brightness(gain, offset)))

    def change(self, luma: UInt8) -> float:
        """Return the mean absolute difference to the frame of the last call."""
        h, w = luma.shape
        size = len(range(8, h, 16)) * w
        first = len(self._kept) != size
        if first:
            self._kept = np.zeros(size, np.uint8)
        value = float(
            LIBRARY.edgecv_change(address(luma), c_int64(luma.strides[0]), c_int32(w), c_int32(h), address(self._kept))
        )
        return 255.0 if first else value


_PLANES = ("mean", "noise", "lagged", "moving", "mask", "blind", "offset", "level", "seeds")
