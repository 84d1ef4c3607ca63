"""What a frame tells of the tracks being followed: in C where it was built, else as the NumPy reference does it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_int32, c_int64

import numpy as np
from numpy.typing import NDArray

from edgecv.native import LIBRARY, address
from edgecv.tracking.active_tracks import TRACK, LiveTracks
from edgecv.tracking.detection_frames import SeenFrame, frames_in_c
from edgecv.tracking.initiator import Triplet
from edgecv.tracking.motion_model import motion_in_c
from edgecv.tracking.reference_filter import FROM_BEST, Pairs, begin_in_numpy, follow_in_numpy, over_in_numpy
from edgecv.tracking.settings import TrackingSettings

if LIBRARY is not None:
    LIBRARY.edgecv_follow.restype = LIBRARY.edgecv_over.restype = c_int64
    LIBRARY.edgecv_begin_tracks.restype = None


class Follower:
    """Carries the tracks of one camera from frame to frame.

    Args:
        picture_size_px: width and height.
        settings: the tracker's.
        compiled: whether to use the C library; where it is, unless told otherwise.
    """

    def __init__(
        self, picture_size_px: tuple[int, int], settings: TrackingSettings, compiled: bool = LIBRARY is not None
    ) -> None:
        self._settings, self._size, self._is_compiled = settings, picture_size_px, compiled
        self._motion = ctypes.byref(motion_in_c(settings, picture_size_px[1]))

    def follow(self, live: LiveTracks, seen: SeenFrame, dt_s: float, timing_sd_s: float) -> None:
        """Predict where all tracks are and give them what was seen there.

        Args:
            live: the tracks; changed in place, with their sightings.
            seen: the frame; what tracks take of it is marked.
            dt_s: time since the frame before.
            timing_sd_s: error of the frame's instant.

        Raises:
            MemoryError: there was none.
        """
        if not len(live):
            return
        if self._is_compiled:
            pairs = self._follow_in_c(live, seen, round(dt_s, 6), timing_sd_s)
        else:
            pairs = follow_in_numpy(live, seen, dt_s, timing_sd_s, self._size[1], self._settings)
        for track, row in pairs:
            live.hits[track].append((seen, row))

    def begin(self, live: LiveTracks, recent: Sequence[SeenFrame], triplets: Sequence[Triplet]) -> None:
        """Add tracks that begin with three sightings each, and mark those.

        Args:
            live: the tracks; changed in place.
            recent: frames, newest first.
            triplets: ages and rows of the sightings, as :func:`~edgecv.tracking.initiator.find_starts` gives them.
        """
        if self._is_compiled:
            table = np.empty(len(triplets), TRACK)
            numbers = [number for triplet in triplets for hit in triplet for number in hit]
            LIBRARY.edgecv_begin_tracks(
                address(table),
                c_int64(len(triplets)),
                frames_in_c(recent),
                (c_int32 * len(numbers))(*numbers),
                self._motion,
            )
        else:
            table = begin_in_numpy(recent, triplets, self._size[1], self._settings)
        live.add(table, [[(recent[age], row) for age, row in triplet] for triplet in triplets])

    def over(self, live: LiveTracks, t_s: float, gap_s: float) -> NDArray[np.bool_] | None:
        """Return ``(n,) bool``, which tracks have ended: silent too long, out of the picture, or worse than clutter.

        None where none has.
        """
        if not len(live):
            return None
        if not self._is_compiled:
            over = over_in_numpy(live, t_s, gap_s, self._size, self._settings)
            return over if over.any() else None
        limits = (t_s, gap_s, *self._size, self._settings.min_score, FROM_BEST)
        over = np.empty(len(live), np.bool_)
        values = [c_double(value) for value in limits]
        return over if LIBRARY.edgecv_over(live.address, c_int64(len(live)), *values, address(over)) else None

    def _follow_in_c(self, live: LiveTracks, seen: SeenFrame, dt_s: float, timing_sd_s: float) -> Pairs:
        matches = (c_int32 * (2 * len(live)))()
        found = LIBRARY.edgecv_follow(
            live.address,
            c_int64(len(live)),
            ctypes.byref(seen.in_c),
            self._motion,
            c_double(dt_s),
            c_double(timing_sd_s),
            matches,
        )
        if found < 0:
            raise MemoryError("no memory to follow the tracks")
        numbers = matches[: 2 * found]
        return list(zip(numbers[::2], numbers[1::2], strict=True))
