"""How two falls may belong to one object: seen twice, gone on after a bounce or a gap, mirrored in glass, in pieces."""

from __future__ import annotations

import numpy as np

from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import LOG_VT

MIRROR_OFFSET = 0.12  # of the picture's width: object and image are one above the other or nearly so
_TOGETHER_S = 0.8  # how well the instant of release is known; object and image, or pieces, share it
_BOUNCE_S = 0.7
"""Longest silence between the end of a fall and its bounce, splash or reappearance behind a sign."""
_SWINGS_ALIKE = 0.95
"""Correlation of what object and image swing: they differ by noise alone."""
_MIRROR_HEIGHT = 0.15
"""Of the way down: seen from below an image is lower than its object, a metre for each before the glass at most."""
_LONGEST_UNSEEN_S = 4.0
"""Longest time that a fall leads across what was not seen of it: nobody is sure of a path for longer."""
_LARGEST_PREDICTION_SD = 0.04
"""Standard deviation of a predicted row, picture heights, up to which it tells one object from the next throw."""
_MIRROR_OFFSET_M = 6.0  # of an object 5 m before the glass, seen from 30 degrees aside
_LEAST_HEIGHT_M = 3.0
"""Height above the camera, a storey, below which the ratio of two heights says nothing."""
_LARGEST_LOG_MISMATCH = 0.35
"""Logarithm by which the ratios of sizes and of heights of object and image may differ: boxes err by a seventh each,
and an image in a pane is cut by its frame."""


def belong_together(a: Fall, b: Fall) -> bool:
    """True where two falls are images, pieces or stages of one object."""
    return follows(a, b) or in_step(a, b)


def follows(a: Fall, b: Fall) -> bool:
    """One is the other seen twice, or goes on where the other was or ended."""
    first, second = _in_order(a, b)
    on = _starts_on(first, second) or _bounces_off(first, second)
    return on or same_place(first, second) or _leads_through(first, second)


def in_step(a: Fall, b: Fall) -> bool:
    """They are object and image, or pieces that fly side by side."""
    first, second = _in_order(a, b)
    if "sinking" in (a.fit.model, b.fit.model):
        return swings_together(first, second)
    return _same_motion(first, second) or (_mirrors(first, second) and _is_as_far_as_high(first, second))


def same_place(a: Fall, b: Fall) -> bool:
    """They are one object seen twice, or an object and what a codec leaves behind it."""
    return _coincide(a, b) or trails(a, b)


def trails(a: Fall, b: Fall) -> bool:
    """One runs the other's path some frames later: the ghost that temporal noise filters and codecs leave behind."""
    frame_s = a.track.frame_interval_s
    begin, end = max(a.fit.start_s, b.fit.start_s), min(a.fit.end_s, b.fit.end_s)
    if end - begin < 5.0 * frame_s:
        return False
    t = np.linspace(begin, end, 12)
    trailing = b.fit.pixels_at(t)
    tolerance = 2.0 + 0.5 * max(a.path.size_px, b.path.size_px)
    lags = (-3, -2, -1, 1, 2, 3)
    distances = (np.linalg.norm(a.fit.pixels_at(t + lag * frame_s) - trailing, axis=1) for lag in lags)
    return any(float(np.median(distance)) < tolerance for distance in distances)


def _in_order(a: Fall, b: Fall) -> tuple[Fall, Fall]:
    # of two that begin at one instant, the same one comes first whichever is asked about
    first, second = ((f.fit.start_s, f.fit.end_s, f.path.size_px, *f.path.uv_px[0]) for f in (a, b))
    return (a, b) if first <= second else (b, a)


def _coincide(a: Fall, b: Fall) -> bool:
    """Both are in one place at one time: the same object followed twice."""
    begin, end = max(a.fit.start_s, b.fit.start_s), min(a.fit.end_s, b.fit.end_s)
    if end <= begin:
        return False
    t = np.linspace(begin, end, 12)
    distances = np.linalg.norm(a.fit.pixels_at(t) - b.fit.pixels_at(t), axis=1)
    return float(np.median(distances)) < 2.0 * max(a.path.size_px, b.path.size_px)


def _released_together(a: Fall, b: Fall) -> bool:
    """Both were at rest at the same instant, as far as their speeds tell, whenever each came into sight."""
    earliest, latest = zip(*(_at_rest_s(fall) for fall in (a, b)), strict=True)
    return bool(max(earliest) - min(latest) < _TOGETHER_S)


def _at_rest_s(fall: Fall) -> tuple[float, float]:
    """Earliest and latest instant at rest, ``vt / g · atanh(v / vt)`` before it was seen, give or take 1 sd."""
    speed, sd = fall.fit.down_speed_at(fall.fit.start_s)
    terminal = float(np.exp(fall.fit.parameters[LOG_VT]))
    fast, slow = (np.clip((speed + step * sd) / terminal, -0.9, 0.9) for step in (1.0, -1.0))
    before_s = terminal / G_MPS2 * np.arctanh([fast, slow])
    # at its terminal velocity it may have been falling for long
    earliest = -np.inf if fast >= 0.9 else fall.fit.start_s - float(before_s[0])
    return earliest, fall.fit.start_s - float(before_s[1])


def _mirrors(first: Fall, second: Fall) -> bool:
    """One is the other's reflection in the facade: beside it, smaller, and as fast at the same instant.

    A vertical mirror keeps heights, so downward speeds in m/s agree at every instant, whatever the object does towards
    the camera; the image is farther away, so it is smaller and its apparent gravity less.
    """
    begin, end = second.fit.start_s, min(first.fit.end_s, second.fit.end_s)
    shorter = min(first.path.duration_s, second.path.duration_s)
    if end - begin < max(0.2, 0.3 * shorter) or not _released_together(first, second):
        return False
    t = np.linspace(begin, end, 12)
    offset = np.abs(first.fit.pixels_at(t)[:, 0] - second.fit.pixels_at(t)[:, 0])
    if float(np.median(offset)) > _mirror_offset_px(first, second):
        return False
    smaller, larger = sorted((first.path.size_px, second.path.size_px))
    if smaller > 0.9 * larger:
        return False
    middle = float(t[len(t) // 2])
    (speed_a, sd_a), (speed_b, sd_b) = first.fit.down_speed_at(middle), second.fit.down_speed_at(middle)
    return abs(speed_a - speed_b) < min(6.0, 2.0 * float(np.hypot(sd_a, sd_b)) + 0.5)


def _is_as_far_as_high(a: Fall, b: Fall) -> bool:
    """True where sizes and heights are those of one object and its image, as far as a calibration tells; else always.

    A vertical mirror keeps heights. Seen from ``d`` before the facade, an object ``s`` before it and its image are
    projected onto it at heights above the camera in the ratio ``(d - s) / (d + s)``, and so are their sizes.
    """
    camera = a.fit.view.camera
    begin, end = max(a.fit.start_s, b.fit.start_s), min(a.fit.end_s, b.fit.end_s)
    if camera is None or b.fit.view.camera is None or end <= begin:
        return True
    t = np.linspace(begin, end, 12)
    heights_m = np.stack([camera.on_facade(f.fit.pixels_at(t))[:, 1] - camera.position_m[1] for f in (a, b)])
    is_high = (heights_m > _LEAST_HEIGHT_M).all(axis=0)
    if not is_high.any():
        return True
    log_height = float(np.median(np.log(heights_m[0, is_high] / heights_m[1, is_high])))
    return abs(log_height - float(np.log(a.path.size_px / b.path.size_px))) < _LARGEST_LOG_MISMATCH


def _mirror_offset_px(a: Fall, b: Fall) -> float:
    """How far beside the one the other may be if they are object and image, or pieces, by the fits' own scale."""
    scale_px_per_m = max(a.fit.gravity_px_s2(), b.fit.gravity_px_s2()) / G_MPS2
    return min(MIRROR_OFFSET * a.track.picture_size_px[0], _MIRROR_OFFSET_M * scale_px_per_m)


def _same_motion(first: Fall, second: Fall) -> bool:
    """Both move in step: at every instant one height is the same linear function of the other.

    A vertical mirror keeps heights and instants, so object and image are in step; so are pieces that fly side by side.
    Two objects thrown at different instants are not: the later one is always slower. Half a second is too little to be
    seen in how they fall, so what is far beside is another object.
    """
    begin, end = second.fit.start_s, min(first.fit.end_s, second.fit.end_s)
    shorter = min(first.path.duration_s, second.path.duration_s)
    if end - begin < max(0.2, 0.5 * shorter) or not _released_together(first, second):
        return False
    t = np.linspace(begin, end, 24)
    (ua, va), (ub, vb) = first.fit.pixels_at(t).T, second.fit.pixels_at(t).T
    if float(np.median(np.abs(ua - ub))) > _mirror_offset_px(first, second):
        return False
    if np.ptp(va) < 10.0 or np.ptp(vb) < 10.0:
        return False
    slope, offset = np.polyfit(va, vb, 1)
    residual = float(np.sqrt(np.mean(np.square(vb - slope * va - offset))))
    return bool(0.25 < slope < 4.0 and residual < max(2.0, 0.02 * float(np.ptp(vb))))


def swings_together(first: Fall, second: Fall) -> bool:
    """One is the image of the other: both swing about a steady descent at the same instants.

    All sheets sink as fast and go with the same gusts, so being in step says nothing of them; flutter is their own, and
    a vertical mirror keeps heights.
    """
    begin, end = max(first.fit.start_s, second.fit.start_s), min(first.fit.end_s, second.fit.end_s)
    if end - begin < max(1.0, 0.5 * min(first.path.duration_s, second.path.duration_s)):
        return False
    t = np.linspace(begin, end, 64)
    (ua, va), (ub, vb) = first.fit.pixels_at(t).T, second.fit.pixels_at(t).T
    apart = [float(np.median(np.abs(a - b))) for a, b in ((ua, ub), (va, vb))]
    if apart[0] > MIRROR_OFFSET * first.track.picture_size_px[0] or apart[1] > _MIRROR_HEIGHT * np.ptp(va):
        return False
    swings = [v - np.polyval(np.polyfit(t, v, 2), t) for v in (va, vb)]
    return bool(np.corrcoef(*swings)[0, 1] > _SWINGS_ALIKE) if min(np.ptp(v) for v in swings) > 1.0 else False


def _starts_on(first: Fall, second: Fall) -> bool:
    """The second starts where the first is at that instant: a piece that came off, or the same object found twice."""
    t = second.fit.start_s
    if t > first.fit.end_s:
        return False
    expected = first.fit.pixels_at(np.array([t]))[0]
    return bool(np.linalg.norm(expected - second.path.uv_px[0]) < 15.0 + 2.0 * first.path.size_px)


def _leads_through(first: Fall, second: Fall) -> bool:
    """One's fall, carried on or back, leads through the other where and when that is: one object, unseen between.

    However long it was unseen, as long as the fit can tell where it must be: behind a sign, before a wall of its own
    colour. Two throws from one window are never in one place at one time.
    """
    if not 0.0 < second.fit.start_s - first.fit.end_s < _LONGEST_UNSEEN_S:
        return False
    return _predicts(first, second) or _predicts(second, first)


def _predicts(fall: Fall, other: Fall) -> bool:
    height = fall.track.picture_size_px[1]
    t, uv = other.path.t_s, other.path.uv_px
    sd = fall.fit.pixel_sd_at(t)
    # a prediction of half the picture predicts nothing
    if not np.isfinite(sd).all() or float(np.median(sd[:, 1])) > _LARGEST_PREDICTION_SD * height:
        return False
    tolerance = 0.01 * height + 0.5 * max(fall.path.size_px, other.path.size_px)
    off = np.abs(fall.fit.pixels_at(t) - uv) / (3.0 * sd + tolerance)
    # nearly all of it: a path that only crosses the prediction is near it for a while
    return bool(float(np.quantile(off.max(axis=1), 0.9)) < 1.0)


def _bounces_off(first: Fall, second: Fall) -> bool:
    """The second starts where and when the first ended: a bounce, a splash, or the path going on behind a sign."""
    silence = second.fit.start_s - first.fit.end_s
    if not -0.1 <= silence <= _BOUNCE_S:
        return False
    reach = 0.05 * first.track.picture_size_px[1] + 4.0 * first.path.size_px
    # what fell on had not landed, though the wind led it away from the fit
    ended_px = first.path.points[-1].detection.y_px
    if any(p.detection.y_px > ended_px + reach for p in first.after):
        return False
    ahead = first.fit.pixels_at(np.array([first.fit.end_s, second.fit.start_s]))
    return bool(np.min(np.linalg.norm(ahead - second.path.uv_px[0], axis=1)) < reach)
