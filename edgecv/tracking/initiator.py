"""Track initiation: compiled where that was built, else :mod:`~edgecv.tracking.reference_initiator`."""

from __future__ import annotations

from collections.abc import Sequence

from edgecv.native import AVAILABLE, ffi, lib
from edgecv.tracking.reference_initiator import Start, initiate_in_numpy, max_chance_triplets
from edgecv.tracking.scan import Scan, scan_array
from edgecv.tracking.settings import TrackingSettings


def initiate(
    recent: Sequence[Scan], height_px: int, settings: TrackingSettings, compiled: bool = AVAILABLE
) -> list[Start]:
    """Return triplets of unassigned detections that may be one object, best first.

    Args:
        recent: the last scans, newest first, at most
            :data:`~edgecv.tracking.reference_initiator.INITIATOR_SCANS`.
        height_px: height of the picture.
        settings: limits of speed and acceleration.
        compiled: whether to use the compiled part; by default, where it is available.

    Raises:
        MemoryError: there was none.
    """
    if len(recent) < 3 or recent[0].assigned.all():
        return []
    if not compiled:
        return initiate_in_numpy(recent, height_px, settings)
    s = settings
    slack_px, slack_per_size = s.position_slack
    gravity, acceleration_sd = s.start_acceleration(height_px)
    limits = ffi.new(
        "InitiatorLimits *",
        {
            "max_speed": s.max_speed_h_s * height_px,
            "max_acceleration": s.max_acceleration_h_s2 * height_px,
            "max_log_area_change": s.max_log_area_change,
            "position_slack_px": slack_px,
            "position_slack_per_size": slack_per_size,
            "max_chance": max_chance_triplets(recent[0].t_s - recent[1].t_s, s),
            "skipped_scan_cost": s.skipped_scan_cost,
            "flip_cost": s.flip_chance_cost,
            "position_sd": s.position_sd_px,
            "position_sd_per_size": s.position_sd_per_size,
            "gravity": gravity[1],
            "acceleration_sd": acceleration_sd.tolist(),
            "rank_weight": s.rank_weight,
            "max_free": s.max_free_detections,
            "max_triplets": s.max_new_tracks,
        },
    )
    triplets, evidence = ffi.new("int32_t[]", 6 * s.max_new_tracks), ffi.new("double[]", s.max_new_tracks)
    count = lib.edgecv_initiate(scan_array(recent), len(recent), limits, triplets, evidence)
    if count < 0:
        raise MemoryError("no memory to look for new tracks")
    numbers = ffi.unpack(triplets, 6 * count) if count else []
    return [
        Start(((a, i), (b, j), (c, k)), evidence[n])
        for n, (a, i, b, j, c, k) in enumerate(numbers[start : start + 6] for start in range(0, 6 * count, 6))
    ]
