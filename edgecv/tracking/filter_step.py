"""One scan's work on the active tracks: compiled where that was built, else the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.tracking.active_tracks import TRACK, ActiveTracks
from edgecv.tracking.motion_model import compiled_motion_model
from edgecv.tracking.reference_initiator import Triplet
from edgecv.tracking.reference_step import Pairs, ReferenceStep
from edgecv.tracking.scan import Scan, scan_array
from edgecv.tracking.settings import TrackingSettings


class TrackFilter:
    """Predicts, associates and updates the tracks of one camera; begins them and says which have ended.

    Args:
        picture_size_px: width and height.
        settings: the tracker's.
        compiled: whether to use the compiled part; by default, where it is available.
    """

    def __init__(
        self, picture_size_px: tuple[int, int], settings: TrackingSettings, compiled: bool = AVAILABLE
    ) -> None:
        self._settings, self._size = settings, picture_size_px
        self._reference = None if compiled else ReferenceStep(picture_size_px, settings)
        if compiled:
            self._motion = compiled_motion_model(settings, picture_size_px[1])

    def step(self, active: ActiveTracks, scan: Scan, dt_s: float, timing_sd_s: float) -> None:
        """Predict all tracks, associate a scan's detections with them, and update.

        Args:
            active: the tracks; changed in place, with their detections.
            scan: its detections; those assigned are marked.
            dt_s: time since the scan before.
            timing_sd_s: error of the scan's instant.

        Raises:
            MemoryError: there was none.
        """
        if not len(active):
            return
        if self._reference is None:
            pairs = self._compiled_step(active, scan, round(dt_s, 6), timing_sd_s)
        else:
            pairs = self._reference.step(active, scan, dt_s, timing_sd_s)
        for track, row in pairs:
            active.hits[track].append((scan, row))

    def begin(self, active: ActiveTracks, recent: Sequence[Scan], triplets: Sequence[Triplet]) -> None:
        """Add tracks of three detections each, and mark those.

        Args:
            active: the tracks; changed in place.
            recent: scans, newest first.
            triplets: ages and rows of the detections, as :func:`~edgecv.tracking.initiator.initiate` gives them.
        """
        if self._reference is None:
            table = np.empty(len(triplets), TRACK)
            numbers = [number for triplet in triplets for hit in triplet for number in hit]
            lib.edgecv_begin_tracks(
                ffi.from_buffer("Track[]", table),
                len(triplets),
                scan_array(recent),
                ffi.new("int32_t[]", numbers),
                self._motion,
            )
        else:
            table = self._reference.begin(recent, triplets)
        active.add(table, [[(recent[age], row) for age, row in triplet] for triplet in triplets])

    def ended(self, active: ActiveTracks, t_s: float, max_gap_s: float) -> NDArray[np.bool_] | None:
        """Return ``(n,) bool``, which tracks to delete: a gap too long, out of the picture, or worse than clutter.

        None where there is none.
        """
        if not len(active):
            return None
        if self._reference is not None:
            ended = self._reference.ended(active, t_s, max_gap_s)
            return ended if ended.any() else None
        s, ended = self._settings, np.empty(len(active), np.bool_)
        limits = ffi.new("DeleterLimits *", (max_gap_s, *self._size, s.min_score, s.max_score_loss))
        count = lib.edgecv_ended_tracks(active.pointer, len(active), t_s, limits, pointer(ended))
        return ended if count else None

    def _compiled_step(self, active: ActiveTracks, scan: Scan, dt_s: float, timing_sd_s: float) -> Pairs:
        matches = ffi.new("int32_t[]", 2 * len(active))
        count = lib.edgecv_filter_step(
            active.pointer, len(active), scan.struct, self._motion, dt_s, timing_sd_s, matches
        )
        if count < 0:
            raise MemoryError("no memory to associate detections with tracks")
        numbers = ffi.unpack(matches, 2 * count) if count else []
        return list(zip(numbers[::2], numbers[1::2], strict=True))
