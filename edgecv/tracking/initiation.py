"""New tracks: three sightings in recent frames that fit one accelerated motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detection
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
Sighting = tuple[float, Detection]


def find_starts(
    recent: Sequence[tuple[float, Sequence[Detection]]], height_px: int, settings: TrackingSettings
) -> list[tuple[int, int, int]]:
    """Return triplets ``(i, j, k)`` of detection numbers in the last three frames, best first, no detection twice.

    Args:
        recent: the last three frames with new evidence, oldest first: time and the detections no track has taken.
        height_px: height of the picture.
        settings: limits of speed and acceleration.

    The middle pair is formed only within the speed limit, and the first sighting must lie where constant velocity puts
    it, give or take the largest acceleration: a fall seen in three successive frames always passes.
    """
    if len(recent) < 3 or any(not detections for _, detections in recent[-3:]):
        return []
    (t0, first), (t1, second), (t2, third) = recent[-3:]
    p0, p1, p2 = _positions(first), _positions(second), _positions(third)
    a0, a1, a2 = _log_areas(first), _log_areas(second), _log_areas(third)
    reach = settings.max_speed_h_s * height_px * (t2 - t1)
    step = p2[None, :, :] - p1[:, None, :]
    near = (np.hypot(step[..., 0], step[..., 1]) < reach) & (np.abs(a2[None, :] - a1[:, None]) < 1.8)
    js, ks = np.nonzero(near)
    if len(js) == 0:
        return []
    ratio = (t1 - t0) / (t2 - t1)
    expected = p1[js] - step[js, ks] * ratio
    offset = p0[None, :, :] - expected[:, None, :]
    miss = np.hypot(offset[..., 0], offset[..., 1])
    size = np.exp(0.5 * a2[ks])
    tolerance = settings.max_acceleration_h_s2 * height_px * (t1 - t0) * (t2 - t0) / 2.0 + 2.0 + 0.3 * size
    pairs, heads = np.nonzero((miss < tolerance[:, None]) & (np.abs(a0[None, :] - a1[js][:, None]) < 1.8))
    if len(pairs) == 0:
        return []
    j, k = js[pairs], ks[pairs]
    speed = np.hypot(step[j, k, 0], step[j, k, 1])
    # chance alignments grow with the area searched, so long steps need closer agreement
    badness = (
        2.0 * np.log(1.0 + miss[pairs, heads])
        + np.log(1.0 + speed)
        + np.abs(a2[k] - a1[j])
        + np.abs(a1[j] - a0[heads])
        - 0.5 * np.log([third[n].snr for n in k])
    )
    return _without_sharing(np.argsort(badness, kind="stable"), heads, j, k, settings.max_starts_per_frame)


def _without_sharing(
    order: NDArray[np.intp], heads: NDArray[np.intp], j: NDArray[np.intp], k: NDArray[np.intp], limit: int
) -> list[tuple[int, int, int]]:
    chosen: list[tuple[int, int, int]] = []
    used: tuple[set[int], set[int], set[int]] = (set(), set(), set())
    for n in order:
        triplet = (int(heads[n]), int(j[n]), int(k[n]))
        if any(number in taken for number, taken in zip(triplet, used, strict=True)):
            continue
        for number, taken in zip(triplet, used, strict=True):
            taken.add(number)
        chosen.append(triplet)
        if len(chosen) == limit:
            break
    return chosen


def _positions(detections: Sequence[Detection]) -> Float64:
    return np.array([[d.x_px, d.y_px] for d in detections])


def _log_areas(detections: Sequence[Detection]) -> Float64:
    return np.asarray(np.log([d.area_px for d in detections]), np.float64)
