"""Track initiation in NumPy: three detections in recent scans that fit one accelerated motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, SNR, X, Y
from edgecv.tracking.scan import Scan
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
Rows = NDArray[np.intp]
# as in edgecv/native/interface.h
INITIATOR_SCANS = 5  # scans that three detections may be spread over
INITIATOR_MAX_PAIRS = 120  # of detections looked at a frame: bounds the work in clutter

Triplet = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Three ``(scan, row)``: the scan counted back from the newest (0), the detection's row in it; oldest first."""


@dataclass(frozen=True, slots=True, eq=False)
class FreeDetections:
    """The detections of one scan that are not assigned to a track.

    Attributes:
        t_s: when the picture was taken.
        rows: ``(m,)`` their rows in the scan.
        detections: ``(m, 8)``.
        clutter: ``(m,)`` clutter density around each, detections per px².
    """

    t_s: float
    rows: Rows
    detections: Float64
    clutter: Float64


def initiate_in_numpy(recent: Sequence[Scan], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    """The reference of :func:`~edgecv.tracking.initiator.initiate`."""
    free = []
    for scan in recent:
        rows = np.flatnonzero(~scan.assigned)[: settings.max_free_detections]
        free.append(FreeDetections(scan.t_s, rows, scan.detections[rows], scan.clutter[rows]))
    return find_triplets(free, height_px, settings)


def find_triplets(recent: Sequence[FreeDetections], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    """Return triplets of detections that may be one object, best first, no detection twice.

    Args:
        recent: the last scans, newest first, at most :data:`INITIATOR_SCANS`.
        height_px: height of the picture.
        settings: limits of speed and acceleration.

    The newest detection and one of the two scans before it make a pair within the speed limit; a third, one or two
    scans earlier, must lie where constant velocity puts it, give or take the largest acceleration. So a fall detected
    in three of five successive frames passes.
    """
    if len(recent) < 3 or not len(recent[0].rows):
        return []
    newest = recent[0]
    middle, oldest = _Pool(recent[1:3], 1), _Pool(recent[2:INITIATOR_SCANS], 2)
    if not len(middle.t_s) or not len(oldest.t_s):
        return []
    pairs = _pairs(newest, middle, height_px, settings)
    if not len(pairs.k):
        return []
    s = settings
    gap = middle.t_s[pairs.j][:, None] - oldest.t_s[None, :]
    predicted = middle.position[pairs.j][:, None, :] - pairs.velocity[:, None, :] * gap[..., None]
    miss = np.hypot(oldest.position[None, :, 0] - predicted[..., 0], oldest.position[None, :, 1] - predicted[..., 1])
    span = newest.t_s - oldest.t_s
    size = np.exp(0.5 * middle.log_area[pairs.j])
    slack_px, slack_per_size = s.position_slack
    tolerance = s.max_acceleration_h_s2 * height_px * gap * span[None, :] / 2.0
    tolerance += (slack_px + slack_per_size * size)[:, None]
    area_change = np.abs(oldest.log_area[None, :] - middle.log_area[pairs.j][:, None])
    # in clutter some detection lies near every predicted place: only closer than chance would put one is evidence
    by_chance = len(pairs.k) * np.pi * np.square(miss + 1.0) * oldest.clutter
    is_close = (gap > 0) & (miss < tolerance) & (area_change < s.max_log_area_change)
    n, i = np.nonzero(is_close & (by_chance < s.max_chance_triplets))
    if not len(n):
        return []
    # chance alignments grow with the area searched, so long steps and gaps need closer agreement
    skipped = s.skipped_scan_cost * (oldest.age[i] - middle.age[pairs.j[n]])
    cost = pairs.cost[n] + 2.0 * np.log1p(miss[n, i]) + area_change[n, i] + skipped
    triplets: list[Triplet] = []
    used: set[tuple[int, int]] = set()
    for best in np.argsort(cost, kind="stable"):
        j, k, a = int(pairs.j[n[best]]), int(pairs.k[n[best]]), int(i[best])
        triplet = (
            (int(oldest.age[a]), int(oldest.rows[a])),
            (int(middle.age[j]), int(middle.rows[j])),
            (0, int(newest.rows[k])),
        )
        if used.isdisjoint(triplet):
            used.update(triplet)
            triplets.append(triplet)
            if len(triplets) == s.max_new_tracks:
                break
    return triplets


class _Pool:
    """Detections of several scans in one set of arrays."""

    def __init__(self, scans: Sequence[FreeDetections], age: int) -> None:
        counts = [len(scan.rows) for scan in scans]
        self.t_s = np.repeat([scan.t_s for scan in scans], counts)
        self.age = np.repeat(np.arange(age, age + len(scans)), counts)
        self.rows = np.concatenate([scan.rows for scan in scans]) if scans else np.zeros(0, np.intp)
        detections = np.concatenate([scan.detections for scan in scans]) if scans else np.zeros((0, 8))
        self.position = detections[:, X : Y + 1]
        self.log_area = np.log(detections[:, AREA])
        self.clutter = np.concatenate([scan.clutter for scan in scans]) if scans else np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    j: Rows
    k: Rows
    velocity: Float64
    cost: Float64


def _pairs(newest: FreeDetections, middle: _Pool, height_px: int, settings: TrackingSettings) -> _Pairs:
    """Pairs ``(middle, newest)`` within the speed limit, the cheapest of them where there are very many."""
    s = settings
    position, log_area = newest.detections[:, X : Y + 1], np.log(newest.detections[:, AREA])
    dt = newest.t_s - middle.t_s
    step = position[None, :, :] - middle.position[:, None, :]
    length = np.hypot(step[..., 0], step[..., 1])
    area_change = np.abs(log_area[None, :] - middle.log_area[:, None])
    reach = s.max_speed_h_s * height_px * dt
    j, k = np.nonzero((length < reach[:, None]) & (area_change < s.max_log_area_change))
    skipped = s.skipped_scan_cost * (middle.age[j] - 1)
    cost = np.log1p(length[j, k]) + area_change[j, k] - 0.5 * np.log(newest.detections[k, SNR]) + skipped
    if len(j) > INITIATOR_MAX_PAIRS:
        best = np.argpartition(cost, INITIATOR_MAX_PAIRS)[:INITIATOR_MAX_PAIRS]
        best.sort()
        j, k, cost = j[best], k[best], cost[best]
    return _Pairs(j, k, step[j, k] / dt[j][:, None], cost)
