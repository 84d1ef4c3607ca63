"""Sightings before a track began, too weak to have started it: found by running its motion backwards in time."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_int32

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.native import LIBRARY
from edgecv.tracking.association import Predictions, associate, position_variance
from edgecv.tracking.detection_frames import Hit, SeenFrame, frames_in_c
from edgecv.tracking.kalman_bank import FilterBank
from edgecv.tracking.motion_model import motion_in_c
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
_LEARN_FROM = 15  # sightings that tell the motion at the beginning
_ONLY = np.zeros(1, np.intp)
_SAME_PX = 3.0
_BEFORE, _AFTER = 5, 12  # sightings on either side of a break
_BROKEN = 5.0  # standard deviations
_BROKEN_AT_GAP = 3.0  # where a break is likely anyway
_LONG_GAP_S = 0.14  # in which what stands still may be taken for what falls past it


def earlier_sightings(
    hits: Sequence[Hit], seen: Sequence[SeenFrame], height_px: int, gap_s: float, settings: TrackingSettings
) -> list[Hit]:
    """Return sightings before the first hit that continue the motion backwards, oldest first.

    Args:
        hits: the track, oldest first.
        seen: frames with new evidence, oldest first.
        height_px: height of the picture.
        gap_s: longest time without a sighting.
        settings: the tracker's.
    """
    if LIBRARY is None:
        return earlier_in_numpy(hits, seen, height_px, gap_s, settings)
    first_s = hits[0][0].t_s
    before, known = [frame for frame in seen if frame.t_s < first_s], hits[:_LEARN_FROM]
    frames = [*before, *(frame for frame, _ in known)]
    found = (c_int32 * (2 * len(before)))()
    count = LIBRARY.edgecv_earlier(
        frames_in_c(frames),
        c_int32(len(before)),
        (c_int32 * len(known))(*[row for _, row in known]),
        c_int32(len(known)),
        ctypes.byref(motion_in_c(settings, height_px)),
        c_double(gap_s),
        found,
    )
    return [(before[found[2 * i]], found[2 * i + 1]) for i in range(count - 1, -1, -1)]


def earlier_in_numpy(
    hits: Sequence[Hit], seen: Sequence[SeenFrame], height_px: int, gap_s: float, settings: TrackingSettings
) -> list[Hit]:
    """Do the same in NumPy."""
    bank = FilterBank(height_px, settings)
    known = hits[_LEARN_FROM - 1 :: -1] if len(hits) >= _LEARN_FROM else hits[::-1]
    t_s = known[0][0].t_s
    for frame, row in known:
        detection = frame.detections[row : row + 1]
        if not len(bank):
            bank.start(detection[:, X : Y + 1], position_variance(detection, settings))
            continue
        bank.predict(frame.t_s - t_s)
        bank.update(_ONLY, detection[:, X : Y + 1], position_variance(detection, settings))
        t_s = frame.t_s
    first = hits[0][0].detections[hits[0][1]]
    log_area, contrast = float(np.log(first[AREA])), float(first[CONTRAST])
    last_s = hits[0][0].t_s
    found: list[Hit] = []
    # misses cost what they cost going forwards; what lies beyond the best score is more likely clutter than the thing
    p, score, best, kept = settings.detection_probability, 0.0, 0.0, 0
    for frame in reversed(seen):
        if frame.t_s >= hits[0][0].t_s:
            continue
        if last_s - frame.t_s > gap_s:
            break
        bank.predict(frame.t_s - t_s)
        t_s = frame.t_s
        score += float(np.log(1.0 - p))
        if not len(frame.detections):
            continue
        # what another track has taken is this thing only where this thing is expected, and is not merely near
        off = np.hypot(*(frame.detections[:, X : Y + 1] - bank.position[0]).T)
        free = np.flatnonzero(~frame.taken | (off < _SAME_PX + np.exp(0.5 * log_area)))
        if not len(free):
            continue
        detections = frame.detections[free]
        predictions = Predictions(bank.position, bank.position_variance, np.array([log_area]), np.array([contrast]))
        variance = position_variance(detections, settings)
        matches = associate(predictions, detections, variance[None], settings.gate)
        if not len(matches.detections):
            continue
        chosen = int(matches.detections[0])
        row = int(free[chosen])
        if matches.log_density[0] < np.log(frame.density[row]):  # more likely clutter than the thing itself
            continue
        bank.update(_ONLY, frame.detections[row : row + 1, X : Y + 1], variance[chosen : chosen + 1])
        log_area, contrast = float(np.log(frame.detections[row, AREA])), float(frame.detections[row, CONTRAST])
        last_s = frame.t_s
        found.append((frame, row))
        score += float(matches.log_density[0] - np.log(frame.density[row]) + np.log(p) - np.log(1.0 - p))
        if score > best:
            best, kept = score, len(found)
    return found[:kept][::-1]


def breaks_in(hits: Sequence[Hit]) -> list[int]:
    """Return the sightings from which on the track is another thing: where a bird crosses what is let go.

    The motion of the sightings from there on, a parabola, must not lead back to those before. After a gap it is known
    from more of them: what stood still is otherwise too easily the beginning of what fell past it.
    """
    t_s = np.array([seen.t_s for seen, _ in hits])
    rows = np.array([seen.detections[row] for seen, row in hits])
    found = {_worst_break(t_s, rows), _break_at_gap(t_s, rows)}
    return sorted(k for k in found if k is not None)


def _worst_break(t_s: Float64, rows: Float64) -> int | None:
    if len(rows) < _BEFORE + _AFTER:
        return None
    later = sliding_window_view(np.arange(len(rows))[_BEFORE:], _AFTER)
    off = _off_sd(t_s, rows, later)
    worst = int(off.argmax())
    return _BEFORE + worst if off[worst] > _BROKEN else None


def _break_at_gap(t_s: Float64, rows: Float64) -> int | None:
    gaps_s = np.diff(t_s)
    k = int(gaps_s.argmax()) + 1
    after = min(2 * _AFTER, len(rows) - k)
    if gaps_s[k - 1] < _LONG_GAP_S or k < _BEFORE or after < _AFTER:
        return None
    return k if _off_sd(t_s, rows, np.arange(k, k + after)[None])[0] > _BROKEN_AT_GAP else None


def _off_sd(t_s: Float64, rows: Float64, later: NDArray[np.intp]) -> Float64:
    """How far the sightings just before each ``(k, m)`` run of later ones lie off its parabola, standard deviations."""
    uv, size = rows[:, X : Y + 1], float(np.median(np.sqrt(rows[:, AREA])))
    former = later[:, :1] - np.arange(_BEFORE, 0, -1)
    start = t_s[later[:, :1]]
    basis, ahead = _powers(t_s[later] - start), _powers(t_s[former] - start)
    across = np.swapaxes(basis, 1, 2)
    inverse = np.linalg.inv(across @ basis + 1e-12 * np.eye(3))
    parabola = inverse @ (across @ uv[later])
    off = np.median(np.linalg.norm(uv[former] - ahead @ parabola, axis=2), axis=1)
    # how badly sightings good to half a pixel and a tenth of the size tell where it was before
    spread = np.sqrt(1.0 + np.einsum("kij,kjl,kil->ki", ahead, inverse, ahead))
    return np.asarray(off / ((1.0 + 0.2 * size) * np.median(spread, axis=1)))


def _powers(t_s: Float64) -> Float64:
    return np.stack([t_s * t_s, t_s, np.ones_like(t_s)], axis=-1)
