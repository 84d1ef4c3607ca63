"""New tracks: three sightings in recent frames that fit one accelerated motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, SNR, X, Y
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
Rows = NDArray[np.intp]
LOOK_BACK = 5  # frames with new evidence that three sightings may be spread over
_MOST_PAIRS = 120  # of sightings looked at a frame: bounds the work in clutter

_PER_SKIPPED = 1.5  # of badness: a thing is seen in most frames


@dataclass(frozen=True, slots=True, eq=False)
class FreeSightings:
    """The sightings of one frame that no track has taken.

    Attributes:
        t_s: when the picture was taken.
        rows: ``(m,)`` which detections of the frame they are.
        detections: ``(m, 8)``.
        density: ``(m,)`` detections per px² to be expected by chance around each.
    """

    t_s: float
    rows: Rows
    detections: Float64
    density: Float64


Triplet = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Three ``(frame, row)``: the frame counted back from the newest (0), the detection's row in it; oldest first."""


def find_starts(recent: Sequence[FreeSightings], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    """Return triplets of sightings that may be one thing, best first, no sighting twice.

    Args:
        recent: the last frames with new evidence, newest first, at most :data:`LOOK_BACK`.
        height_px: height of the picture.
        settings: limits of speed and acceleration.

    The newest sighting and one of the two frames before it make a pair within the speed limit; a third, one or two
    frames earlier, must lie where constant velocity puts it, give or take the largest acceleration. So a fall seen in
    three of five successive frames passes.
    """
    if len(recent) < 3 or not len(recent[0].rows):
        return []
    newest = recent[0]
    middle, first = _Pool(recent[1:3], 1), _Pool(recent[2:LOOK_BACK], 2)
    if not len(middle.t_s) or not len(first.t_s):
        return []
    pairs = _pairs(newest, middle, height_px, settings)
    if not len(pairs.k):
        return []
    gap = middle.t_s[pairs.j][:, None] - first.t_s[None, :]
    expected = middle.where[pairs.j][:, None, :] - pairs.velocity[:, None, :] * gap[..., None]
    miss = np.hypot(first.where[None, :, 0] - expected[..., 0], first.where[None, :, 1] - expected[..., 1])
    span = newest.t_s - first.t_s
    size = np.exp(0.5 * middle.log_area[pairs.j])
    tolerance = settings.max_acceleration_h_s2 * height_px * gap * span[None, :] / 2.0 + (2.0 + 0.3 * size)[:, None]
    unlike = np.abs(first.log_area[None, :] - middle.log_area[pairs.j][:, None])
    # in clutter some sighting lies near every expected place: only closer than chance would put one is evidence
    by_chance = len(pairs.k) * np.pi * np.square(miss + 1.0) * first.density
    n, i = np.nonzero((gap > 0) & (miss < tolerance) & (unlike < 1.8) & (by_chance < settings.chance_starts))
    if not len(n):
        return []
    # chance alignments grow with the area searched, so long steps and gaps need closer agreement
    badness = (
        pairs.badness[n] + 2.0 * np.log1p(miss[n, i]) + unlike[n, i] + 1.5 * (first.age[i] - middle.age[pairs.j[n]])
    )
    chosen: list[Triplet] = []
    used: set[tuple[int, int]] = set()
    for best in np.argsort(badness, kind="stable"):
        j, k = int(pairs.j[n[best]]), int(pairs.k[n[best]])
        a = int(i[best])
        triplet = (
            (int(first.age[a]), int(first.rows[a])),
            (int(middle.age[j]), int(middle.rows[j])),
            (0, int(newest.rows[k])),
        )
        if used.isdisjoint(triplet):
            used.update(triplet)
            chosen.append(triplet)
            if len(chosen) == settings.max_starts_per_frame:
                break
    return chosen


class _Pool:
    """Sightings of several frames in one set of arrays."""

    def __init__(self, frames: Sequence[FreeSightings], age: int) -> None:
        counts = [len(f.rows) for f in frames]
        self.t_s = np.repeat([f.t_s for f in frames], counts)
        self.age = np.repeat(np.arange(age, age + len(frames)), counts)
        self.rows = np.concatenate([f.rows for f in frames]) if frames else np.zeros(0, np.intp)
        detections = np.concatenate([f.detections for f in frames]) if frames else np.zeros((0, 8))
        self.where = detections[:, X : Y + 1]
        self.log_area = np.log(detections[:, AREA])
        self.density = np.concatenate([f.density for f in frames]) if frames else np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    j: Rows
    k: Rows
    velocity: Float64
    badness: Float64


def _pairs(newest: FreeSightings, middle: _Pool, height_px: int, settings: TrackingSettings) -> _Pairs:
    """Pairs ``(middle, newest)`` within the speed limit, the most credible of them where there are very many."""
    where, log_area = newest.detections[:, X : Y + 1], np.log(newest.detections[:, AREA])
    dt = newest.t_s - middle.t_s
    step = where[None, :, :] - middle.where[:, None, :]
    length = np.hypot(step[..., 0], step[..., 1])
    unlike = np.abs(log_area[None, :] - middle.log_area[:, None])
    reach = settings.max_speed_h_s * height_px * dt
    j, k = np.nonzero((length < reach[:, None]) & (unlike < 1.8))
    badness = (
        np.log1p(length[j, k]) + unlike[j, k] - 0.5 * np.log(newest.detections[k, SNR]) + 1.5 * (middle.age[j] - 1)
    )
    if len(j) > _MOST_PAIRS:
        best = np.argpartition(badness, _MOST_PAIRS)[:_MOST_PAIRS]
        best.sort()
        j, k, badness = j[best], k[best], badness[best]
    return _Pairs(j, k, step[j, k] / dt[j][:, None], badness)
