"""Sightings before a track began, too weak to have started it: found by running its motion backwards in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.tracking.association import Predictions, associate, position_variance
from edgecv.tracking.bank import FilterBank
from edgecv.tracking.live import Hit, SeenFrame
from edgecv.tracking.settings import TrackingSettings

_LEARN_FROM = 15  # sightings that tell the motion at the beginning
_ONLY = np.zeros(1, np.intp)


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
        predictions = Predictions(bank.position, bank.position_variance, np.array([log_area]), np.array([contrast]))
        variance = position_variance(frame.detections, settings)
        matches = associate(predictions, frame.detections, variance[None], settings.gate)
        if not len(matches.detections):
            continue
        row = int(matches.detections[0])
        if matches.log_density[0] < np.log(frame.density[row]):  # more likely clutter than the thing itself
            continue
        bank.update(_ONLY, frame.detections[row : row + 1, X : Y + 1], variance[row : row + 1])
        log_area, contrast = float(np.log(frame.detections[row, AREA])), float(frame.detections[row, CONTRAST])
        last_s = frame.t_s
        found.append((frame, row))
        score += float(matches.log_density[0] - np.log(frame.density[row]) + np.log(p) - np.log(1.0 - p))
        if score > best:
            best, kept = score, len(found)
    return found[:kept][::-1]
