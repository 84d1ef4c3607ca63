"""Backward extension: detections before a track began, too weak to have started it.

The track's motion is run backwards in time: compiled where that was built, else as the reference does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.native import AVAILABLE, ffi, lib
from edgecv.tracking.association import Predictions, associate, position_variance
from edgecv.tracking.motion_model import compiled_motion_model
from edgecv.tracking.reference_kalman import ReferenceKalman
from edgecv.tracking.scan import Hit, Scan, scan_array
from edgecv.tracking.settings import TrackingSettings


def earlier_hits(
    hits: Sequence[Hit],
    scans: Sequence[Scan],
    height_px: int,
    max_gap_s: float,
    settings: TrackingSettings,
    compiled: bool = AVAILABLE,
) -> list[Hit]:
    """Return detections before a track's first that continue its motion backwards, oldest first.

    Args:
        hits: the track's detections, oldest first.
        scans: oldest first.
        height_px: height of the picture.
        max_gap_s: longest time without a detection.
        settings: the tracker's.
        compiled: whether to use the compiled part; by default, where it is available.
    """
    if not compiled:
        return earlier_hits_in_numpy(hits, scans, height_px, max_gap_s, settings)
    first_s = hits[0][0].t_s
    before, beginning = [scan for scan in scans if scan.t_s < first_s], hits[: settings.extension_points]
    earlier = ffi.new("int32_t[]", 2 * len(before))
    count = lib.edgecv_extend_backward(
        scan_array([*before, *(scan for scan, _ in beginning)]),
        len(before),
        [row for _, row in beginning],
        len(beginning),
        compiled_motion_model(settings, height_px),
        max_gap_s,
        earlier,
    )
    return [(before[earlier[2 * i]], earlier[2 * i + 1]) for i in range(count - 1, -1, -1)]


def earlier_hits_in_numpy(
    hits: Sequence[Hit], scans: Sequence[Scan], height_px: int, max_gap_s: float, settings: TrackingSettings
) -> list[Hit]:
    """The reference of :func:`earlier_hits`."""
    s, first_s = settings, hits[0][0].t_s
    kalman, t_s = _motion_backwards(hits[: s.extension_points], height_px, s), first_s
    first = hits[0][0].detections[hits[0][1]]
    log_area, contrast, last_s = float(np.log(first[AREA])), float(first[CONTRAST]), first_s
    earlier: list[Hit] = []
    p, score, best_score, best_count = s.detection_probability, 0.0, 0.0, 0
    for scan in reversed(scans):
        if scan.t_s >= first_s:
            continue
        if last_s - scan.t_s > max_gap_s:
            break
        kalman.predict(scan.t_s - t_s)
        t_s = scan.t_s
        # a miss costs the same as forwards; detections beyond the best score are clutter rather than the object
        score += float(np.log(1.0 - p))
        match = _match(kalman, scan, log_area, contrast, s)
        if match is None:
            continue
        row, log_density = match
        detection = scan.detections[row]
        kalman.update(detection[X : Y + 1], position_variance(detection[None], s)[0])
        log_area, contrast, last_s = float(np.log(detection[AREA])), float(detection[CONTRAST]), scan.t_s
        earlier.append((scan, row))
        score += log_density - float(np.log(scan.clutter[row])) + float(np.log(p) - np.log(1.0 - p))
        if score > best_score:
            best_score, best_count = score, len(earlier)
    return earlier[:best_count][::-1]


def _motion_backwards(hits: Sequence[Hit], height_px: int, settings: TrackingSettings) -> ReferenceKalman:
    """The filter at the first of these detections, after all later ones."""
    kalman, t_s = ReferenceKalman(height_px, settings), None
    for scan, row in reversed(hits):
        detection = scan.detections[row]
        position, variance = detection[X : Y + 1], position_variance(detection[None], settings)[0]
        if t_s is None:
            kalman.start(position, variance)
        else:
            kalman.predict(scan.t_s - t_s)
            kalman.update(position, variance)
        t_s = scan.t_s
    return kalman


def _match(
    kalman: ReferenceKalman, scan: Scan, log_area: float, contrast: float, settings: TrackingSettings
) -> tuple[int, float] | None:
    """Row and log density of the detection that continues the motion best; None where clutter explains it better."""
    if not len(scan.detections):
        return None
    # a detection of another track is this object's only where this object is predicted, not merely near
    distance = np.hypot(*(scan.detections[:, X : Y + 1] - kalman.position).T)
    free = np.flatnonzero(~scan.assigned | (distance < settings.same_object_px + np.exp(0.5 * log_area)))
    detections = scan.detections[free]
    predictions = Predictions(
        kalman.position[None], kalman.position_variance[None], np.array([log_area]), np.array([contrast])
    )
    matches = associate(predictions, detections, position_variance(detections, settings)[None], settings)
    if not len(matches.detections):
        return None
    row, log_density = int(free[matches.detections[0]]), float(matches.log_density[0])
    return None if log_density < np.log(scan.clutter[row]) else (row, log_density)
