"""Track initiation in NumPy: three detections in recent scans that fit one accelerated motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.tracking.association import position_variance
from edgecv.tracking.scan import Scan
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
Rows = NDArray[np.intp]
# as in edgecv/native/interface.h
INITIATOR_SCANS = 5  # scans that three detections may be spread over
INITIATOR_MAX_PAIRS = 512  # of detections that may be two of three: bounds the work in clutter

_SHORTEST_INTERVAL_S = 1e-3

Triplet = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Three ``(scan, row)``: the scan counted back from the newest (0), the detection's row in it; oldest first."""


class Start(NamedTuple):
    """Three detections that may be one object.

    Attributes:
        triplet: the detections.
        evidence: by how many log units chance makes fewer triplets as good as this one than are allowed.
    """

    triplet: Triplet
    evidence: float


@dataclass(frozen=True, slots=True, eq=False)
class FreeDetections:
    """The detections of one scan that are not assigned to a track.

    Attributes:
        t_s: when the picture was taken.
        rows: ``(m,)`` their rows in the scan.
        detections: ``(m, 8)``.
        clutter: ``(m,)`` clutter density around each, detections per px².
        scan_size: detections of the scan, the most unusual first.
    """

    t_s: float
    rows: Rows
    detections: Float64
    clutter: Float64
    scan_size: int


def initiate_in_numpy(recent: Sequence[Scan], height_px: int, settings: TrackingSettings) -> list[Start]:
    """The reference of :func:`~edgecv.tracking.initiator.initiate`."""
    free = []
    for scan in recent:
        rows = np.flatnonzero(~scan.assigned)[: settings.max_free_detections]
        free.append(FreeDetections(scan.t_s, rows, scan.detections[rows], scan.clutter[rows], len(scan.detections)))
    return find_starts(free, height_px, settings)


def max_chance_triplets(interval_s: float, settings: TrackingSettings) -> float:
    """Triplets as good as the worst that may start, which chance makes in a frame so long after the one before."""
    return settings.max_chance_triplets_per_s * max(interval_s, _SHORTEST_INTERVAL_S)


def find_starts(recent: Sequence[FreeDetections], height_px: int, settings: TrackingSettings) -> list[Start]:
    """Return triplets of detections that may be one object, best first, no detection twice.

    Args:
        recent: the last scans, newest first, at most :data:`INITIATOR_SCANS`.
        height_px: height of the picture.
        settings: limits of speed and acceleration.

    The newest detection and one of the two scans before it make a pair within the speed limit; a third, one or two
    scans earlier, must lie where constant velocity puts it, give or take the largest acceleration. So a fall detected
    in three of five successive frames passes.

    A triplet is as good as it is rare that chance makes one as good (the number of false alarms of Desolneux, Moisan &
    Morel 2008, as Primet & Moisan 2011 count it for points in motion): as many newest detections as there are, times
    the middle ones expected within their distance, times the oldest ones expected as near to where they should be, in
    units of what positions, velocity and gravity leave open.
    """
    if len(recent) < 3 or not len(recent[0].rows):
        return []
    s = settings
    newest = _Pool(recent[:1], 0, s)
    middle, oldest = _Pool(recent[1:3], 1, s), _Pool(recent[2:INITIATOR_SCANS], 2, s)
    if not len(middle.t_s) or not len(oldest.t_s):
        return []
    most = float(np.log(max_chance_triplets(recent[0].t_s - recent[1].t_s, s)))
    pairs = _pairs(newest, middle, oldest, most, height_px, s)
    n, i, cost = _triplets(pairs, newest, middle, oldest, height_px, s)
    passed = np.flatnonzero(cost < most)
    n, i, cost = n[passed], i[passed], cost[passed]
    starts: list[Start] = []
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
            starts.append(Start(triplet, float(most - cost[best])))
            if len(starts) == s.max_new_tracks:
                break
    return starts


class _Pool:
    """Detections of several scans in one set of arrays."""

    def __init__(self, scans: Sequence[FreeDetections], age: int, settings: TrackingSettings) -> None:
        counts = [len(scan.rows) for scan in scans]
        self.t_s = np.repeat([scan.t_s for scan in scans], counts)
        self.age = np.repeat(np.arange(age, age + len(scans)), counts)
        self.rows = np.concatenate([scan.rows for scan in scans]) if scans else np.zeros(0, np.intp)
        detections = np.concatenate([scan.detections for scan in scans]) if scans else np.zeros((0, 8))
        self.position = detections[:, X : Y + 1]
        self.variance = position_variance(detections, settings)
        self.log_area = np.log(detections[:, AREA])
        self.contrast = detections[:, CONTRAST]
        self.log_strength = settings.rank_weight * np.log(
            np.repeat([float(scan.scan_size) for scan in scans], counts) / (self.rows + 1.0)
        )
        self.log_clutter = np.log(np.concatenate([scan.clutter for scan in scans]) if scans else np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    j: Rows
    k: Rows
    cost: Float64


def _pairs(
    newest: _Pool, middle: _Pool, oldest: _Pool, most: float, height_px: int, settings: TrackingSettings
) -> _Pairs:
    """Pairs ``(middle, newest)`` within the speed limit that an oldest one may continue; the cheapest of very many."""
    s = settings
    step = newest.position[None] - middle.position[:, None]
    length = np.hypot(step[..., 0], step[..., 1])
    area_change = np.abs(newest.log_area[None] - middle.log_area[:, None])
    reach = s.max_speed_h_s * height_px * (newest.t_s[0] - middle.t_s)
    j, k = np.nonzero((length < reach[:, None]) & (area_change < s.max_log_area_change))
    cost = (
        np.log(np.pi * len(newest.rows))
        + middle.log_clutter[j]
        + 2.0 * np.log1p(length[j, k])
        + s.skipped_scan_cost * (middle.age[j] - 1)
        + area_change[j, k]
        + s.flip_chance_cost * (middle.contrast[j] * newest.contrast[k] < 0)
        - middle.log_strength[j]
        - newest.log_strength[k]
    )
    best_oldest = _best_oldest(newest, middle, oldest, height_px, s)
    rows = np.flatnonzero(cost < most - best_oldest[j])
    if len(rows) > INITIATOR_MAX_PAIRS:
        rows = np.sort(rows[np.argsort(cost[rows], kind="stable")[:INITIATOR_MAX_PAIRS]])
    return _Pairs(j[rows], k[rows], cost[rows])


def _best_oldest(newest: _Pool, middle: _Pool, oldest: _Pool, height_px: int, settings: TrackingSettings) -> Float64:
    """``(m,)`` for each middle one: cost of the best oldest one, which lies where it should and is of smallest size."""
    dt = (newest.t_s[0] - middle.t_s)[:, None]
    gap = middle.t_s[:, None] - oldest.t_s[None]
    is_older = (oldest.age[None] > middle.age[:, None]) & (gap > 0) & (dt > 0)
    least = np.full(2, settings.position_sd_px**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = _extrapolated(least, least, least, dt[..., None], gap[..., None], height_px, settings)
        cost = oldest.log_clutter[None] + np.log(np.pi * np.sqrt(variance.prod(axis=-1)))
    return np.asarray(np.where(is_older, cost, np.inf).min(axis=1))


def _extrapolated(
    oldest: Float64,
    middle: Float64,
    newest: Float64,
    dt_s: Float64,
    gap_s: Float64,
    height_px: int,
    settings: TrackingSettings,
) -> Float64:
    """Variances ``(..., 2)``, px², of where the oldest of three should be: all three positions', and acceleration's."""
    span_s = dt_s + gap_s
    _, acceleration_sd = settings.start_acceleration(height_px)
    return np.asarray(
        oldest
        + middle * np.square(span_s / dt_s)
        + newest * np.square(gap_s / dt_s)
        + np.square(acceleration_sd * gap_s * span_s / 2.0)
    )


def _triplets(
    pairs: _Pairs, newest: _Pool, middle: _Pool, oldest: _Pool, height_px: int, settings: TrackingSettings
) -> tuple[Rows, Rows, Float64]:
    """Pairs and oldest detections that continue them, and the log of how many as good chance makes."""
    s, j, k = settings, pairs.j, pairs.k
    dt = (newest.t_s[k] - middle.t_s[j])[:, None]
    velocity = (newest.position[k] - middle.position[j]) / dt
    gap = middle.t_s[j][:, None] - oldest.t_s[None]
    span = newest.t_s[k][:, None] - oldest.t_s[None]
    bend = gap * span / 2.0
    miss = oldest.position[None] - (middle.position[j][:, None] - velocity[:, None] * gap[..., None])
    slack_px, slack_per_size = s.position_slack
    tolerance = s.max_acceleration_h_s2 * height_px * bend
    tolerance += (slack_px + slack_per_size * np.exp(0.5 * middle.log_area[j]))[:, None]
    area_change = np.abs(oldest.log_area[None] - middle.log_area[j][:, None])
    is_near = (gap > 0) & (np.hypot(miss[..., 0], miss[..., 1]) < tolerance) & (area_change < s.max_log_area_change)
    n, i = np.nonzero(is_near)
    dt, gap, bend, miss = dt[n, 0], gap[n, i], bend[n, i], miss[n, i]
    gravity, _ = s.start_acceleration(height_px)
    errors = (oldest.variance[i], middle.variance[j[n]], newest.variance[k[n]])
    variance = _extrapolated(*errors, dt[:, None], gap[:, None], height_px, s)
    distance = (np.square(miss - bend[:, None] * gravity) / variance).sum(axis=1)
    cost = (
        pairs.cost[n]
        + oldest.log_clutter[i]
        + np.log(np.pi * np.sqrt(variance.prod(axis=1)) * (1.0 + distance))
        + area_change[n, i]
        + s.flip_chance_cost * (oldest.contrast[i] * middle.contrast[j[n]] < 0)
        + s.skipped_scan_cost * (oldest.age[i] - middle.age[j[n]] - 1)
    )
    return n, i, cost
