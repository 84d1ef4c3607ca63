"""Where a track changed to another object, as where a bird crosses something that is let go.

Its motion shows it, and its light: a bag that is let go where a cigarette end passes goes on as that did for a while.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.steady_motion import is_steady

Float64 = NDArray[np.float64]
_RIDGE = 1e-12
"""Keeps a parabola through detections of one instant solvable; far below any square of their times."""


def track_breaks(t_s: Float64, rows: Float64, interval_s: float, settings: TrackingSettings) -> list[int]:
    """Return the detections from which on the track is another object.

    The motion of the detections from there on, a parabola, must not lead back to those before. After a gap it is
    fitted to more of them: an object at rest is otherwise too easily the beginning of one that fell past it. Or from
    there on it has several times more or less light than before.

    Args:
        t_s: ``(n,)`` instants of the track's detections, oldest first.
        rows: ``(n, 8)`` the detections.
        interval_s: usual time between frames.
        settings: the tracker's.
    """
    before, after = (
        max(least, round(span_s / interval_s))
        for span_s, least in zip(settings.break_s, settings.break_points, strict=True)
    )
    breaks = {
        _worst_break(t_s, rows, before, after, settings.break_sd),
        _break_at_gap(t_s, rows, before, after, settings.break_gap_s(interval_s), settings.break_at_gap_sd),
        _break_of_light(rows, after, settings.max_log_area_change),
    }
    return sorted(k for k in breaks if k is not None)


def goes_steadily(t_s: Float64, rows: Float64, settings: TrackingSettings) -> bool:
    """True where a straight line at constant speed explains all detections: one object, and none that falls freely."""
    sd_px = settings.position_sd_px + settings.position_sd_per_size * float(np.sqrt(rows[:, AREA].mean()))
    return all(is_steady(t_s, rows[:, axis], np.full(len(rows), sd_px)) for axis in (X, Y))


def _worst_break(t_s: Float64, rows: Float64, before: int, after: int, break_sd: float) -> int | None:
    if len(rows) < before + after:
        return None
    miss_sd = miss_standard_deviations(t_s, rows, range(before, len(rows) - after + 1), before, after)
    worst = int(miss_sd.argmax())
    return before + worst if miss_sd[worst] > break_sd else None


def _break_at_gap(
    t_s: Float64, rows: Float64, before: int, after: int, least_gap_s: float, break_sd: float
) -> int | None:
    gaps_s = np.diff(t_s)
    k = int(gaps_s.argmax()) + 1
    count = min(2 * after, len(rows) - k)
    if gaps_s[k - 1] < least_gap_s or k < before or count < after:
        return None
    miss_sd = miss_standard_deviations(t_s, rows, range(k, k + 1), before, count)
    return k if miss_sd[0] > break_sd else None


def _break_of_light(rows: Float64, count: int, least_step: float) -> int | None:
    """The place at which the light changes most, where all but one detection before and after it agree on that.

    A change from dark to bright for good counts as well. What passes from a window to a wall has such steps, too: the
    track before a break is judged as well as that after.
    """
    if len(rows) < 2 * count:
        return None
    contrast = rows[:, CONTRAST]
    light = np.log(np.maximum(np.abs(contrast) * rows[:, AREA], 1.0))
    steps = np.maximum(_lasting_steps(light, count, least_step), _lasting_steps(np.sign(contrast), count, 1.0))
    k = int(steps.argmax())
    return count + k if steps[k] > 0.0 else None


def _lasting_steps(values: Float64, count: int, least_step: float) -> Float64:
    """Differences of means before and after each place; 0 where medians differ by less or single values overlap."""
    ordered = np.sort(sliding_window_view(values, count), axis=1)
    former, later = ordered[:-count], ordered[count:]
    apart = np.maximum(later[:, 1] - former[:, -2], former[:, 1] - later[:, -2])
    middle_step = np.abs(former[:, count // 2] - later[:, count // 2])
    steps = np.abs(former.mean(axis=1) - later.mean(axis=1))
    return np.where((apart > 0.0) & (middle_step > least_step), steps, 0.0)


def miss_standard_deviations(
    t_s: Float64, rows: Float64, places: range, before: int, after: int, *, compiled: bool = AVAILABLE
) -> Float64:
    """Return by how many standard deviations the detections before each place miss the parabola of those after it.

    Args:
        t_s: ``(n,)`` instants.
        rows: ``(n, 8)`` the detections.
        places: numbers of detections, one after the other.
        before: how many detections before a place are compared.
        after: how many from it on have the parabola.
        compiled: in C, or in NumPy.
    """
    size_px = math.sqrt(float(np.sort(rows[:, AREA])[len(rows) // 2]))
    # error of the extrapolation from detections good to half a pixel and a tenth of the size
    unit_px = 1.0 + 0.2 * size_px
    if not compiled:
        return _misses_in_numpy(t_s, rows, places, before, after) / unit_px
    arrays = (np.ascontiguousarray(t_s), np.ascontiguousarray(rows), np.empty(2 * before), np.empty(len(places)))
    instants, detections, scratch, miss = map(pointer, arrays)
    track = ffi.new("TrackRows *", (instants, detections, unit_px, _RIDGE))
    lib.edgecv_parabola_misses(track, places.start, len(places), before, after, scratch, miss)
    return arrays[3]


def _misses_in_numpy(t_s: Float64, rows: Float64, places: range, before: int, after: int) -> Float64:
    later = np.array(places)[:, None] + np.arange(after)
    uv = rows[:, X : Y + 1]
    former = later[:, :1] - np.arange(before, 0, -1)
    start = t_s[later[:, :1]]
    basis, extrapolated = _powers(t_s[later] - start), _powers(t_s[former] - start)
    transposed = np.swapaxes(basis, 1, 2)
    inverse = np.linalg.inv(transposed @ basis + _RIDGE * np.eye(3))
    parabola = inverse @ (transposed @ uv[later])
    off = uv[former] - extrapolated @ parabola
    miss = _middle(np.hypot(off[..., 0], off[..., 1]))
    spread = np.sqrt(1.0 + (extrapolated @ inverse * extrapolated).sum(axis=2))
    return np.asarray(miss / _middle(spread))


def _middle(values: Float64) -> Float64:
    """The median of each row, cheaper than NumPy's; the upper one where there are two."""
    return np.asarray(np.sort(values, axis=1)[:, values.shape[1] // 2])


def _powers(t_s: Float64) -> Float64:
    return np.stack([t_s * t_s, t_s, np.ones_like(t_s)], axis=-1)
