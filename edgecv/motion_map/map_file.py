"""The map as bytes: versioned, bounded, and checked when it is read."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import InputError
from edgecv.motion_map.motion_map import LIGHT2, MINUTES, OFFSET2, TRACKS, MotionMap, N
from edgecv.motion_map.settings import MotionMapSettings
from edgecv.stored_arrays import stored_arrays

LARGEST_FILE: Final = 2 * 2**20
"""Bytes; a full map has 1.2 MB before it is compressed."""
_VERSION = 1
_ENTRIES = ("version", "size_px", "counts", "watched_s", "age_s")
_LONGEST_S = 1e10


def to_npz(motion_map: MotionMap) -> bytes:
    """The file's content; :func:`from_npz` reads it."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        version=np.array(_VERSION),
        size_px=np.array(motion_map.size_px or (0, 0)),
        counts=motion_map.counts,
        watched_s=np.array(motion_map.watched_s),
        age_s=np.array(motion_map.age_s),
    )
    return file.getvalue()


def from_npz(content: bytes, settings: MotionMapSettings | None = None) -> MotionMap:
    """Read what :func:`to_npz` wrote.

    Raises:
        InputError: the content is damaged, of another version, or something else.
    """
    try:
        return _checked(stored_arrays(content, _ENTRIES, LARGEST_FILE), settings)
    except (ValueError, TypeError) as error:
        raise InputError("the stored map of usual motion is damaged or of another version") from error


def _checked(entries: dict[str, NDArray[np.generic]], settings: MotionMapSettings | None) -> MotionMap:
    motion_map = MotionMap(settings)
    counts = entries["counts"]
    width, height = (int(side) for side in entries["size_px"].astype(np.int64).ravel())
    watched_s, age_s = (float(entries[name].astype(np.float64)) for name in ("watched_s", "age_s"))
    if int(entries["version"].astype(np.int64)) != _VERSION or counts.dtype != np.float32:
        raise ValueError
    if counts.shape != motion_map.counts.shape or not np.isfinite(counts.astype(np.float32)).all():
        raise ValueError
    if not (0.0 <= watched_s <= age_s * (1.0 + 1e-6) <= _LONGEST_S) or min(width, height) < 0:
        raise ValueError
    sums = counts.astype(np.float32)
    sound = sums[..., (N, MINUTES, TRACKS, OFFSET2, LIGHT2)].min() >= 0.0
    sound = sound and bool((sums[..., MINUTES] <= sums[..., N] * 1.001 + 0.01).all())
    if not (sound and bool((sums[..., N] <= sums[..., TRACKS] * 1.001 + 0.01).all())):
        raise ValueError
    motion_map.restore(sums, watched_s, age_s, (width, height) if width and height else None)
    return motion_map
