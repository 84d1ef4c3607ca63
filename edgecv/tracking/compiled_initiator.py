"""New tracks from the frames just seen: in C where it was built, else as :mod:`~edgecv.tracking.initiator`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_int32

import numpy as np

from edgecv.native import LIBRARY
from edgecv.tracking.detection_frames import SeenFrame, frames_in_c
from edgecv.tracking.initiator import FreeSightings, Triplet, find_starts
from edgecv.tracking.settings import TrackingSettings


class _Limits(ctypes.Structure):
    """``Limits`` of edgecv/native/starts.c."""

    _fields_ = (
        *((name, c_double) for name in ("max_speed", "max_acceleration", "chance")),
        *((name, c_int32) for name in ("candidates", "most")),
    )


if LIBRARY is not None:
    LIBRARY.edgecv_starts.restype = c_int32


def starts_of(recent: Sequence[SeenFrame], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    """Return triplets of sightings that no track has taken and that may be one thing, best first.

    Args:
        recent: the last frames with new evidence, newest first, at most :data:`~edgecv.tracking.initiator.LOOK_BACK`.
        height_px: height of the picture.
        settings: limits of speed and acceleration.
    """
    if len(recent) < 3 or recent[0].taken.all():
        return []
    if LIBRARY is None:
        return reference_starts(recent, height_px, settings)
    return _compiled_starts(recent, height_px, settings)


def reference_starts(recent: Sequence[SeenFrame], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    """The same in NumPy."""
    free = []
    for seen in recent:
        rows = np.flatnonzero(~seen.taken)[: settings.start_candidates]
        free.append(FreeSightings(seen.t_s, rows, seen.detections[rows], seen.density[rows]))
    return find_starts(free, height_px, settings)


def _compiled_starts(recent: Sequence[SeenFrame], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    s = settings
    frames = frames_in_c(recent)
    limits = _Limits(
        s.max_speed_h_s * height_px,
        s.max_acceleration_h_s2 * height_px,
        s.chance_starts,
        s.start_candidates,
        s.max_starts_per_frame,
    )
    found = (c_int32 * (6 * s.max_starts_per_frame))()
    count = LIBRARY.edgecv_starts(frames, c_int32(len(recent)), ctypes.byref(limits), found)
    if count < 0:
        raise MemoryError("no memory to look for new tracks")
    numbers = found[: 6 * count]
    return [
        ((a, i), (b, j), (c, k))
        for a, i, b, j, c, k in (numbers[start : start + 6] for start in range(0, 6 * count, 6))
    ]
