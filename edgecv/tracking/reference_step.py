"""One scan's work on the active tracks in NumPy and filterpy, as edgecv/native/filter_step.c does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.tracking.active_tracks import TRACK, ActiveTracks
from edgecv.tracking.association import Predictions, associate, position_variance
from edgecv.tracking.reference_initiator import Triplet
from edgecv.tracking.reference_kalman import ReferenceKalman
from edgecv.tracking.scan import Scan
from edgecv.tracking.settings import TrackingSettings

Pairs = list[tuple[int, int]]
"""Track, and row of the detection that is assigned to it."""


class ReferenceStep:
    """Predicts, associates and updates; begins tracks and says which have ended.

    Args:
        picture_size_px: width and height.
        settings: the tracker's.
    """

    def __init__(self, picture_size_px: tuple[int, int], settings: TrackingSettings) -> None:
        self._settings, self._size = settings, picture_size_px
        self._kalman = ReferenceKalman(picture_size_px[1], settings)

    def step(self, active: ActiveTracks, scan: Scan, dt_s: float, timing_sd_s: float) -> Pairs:
        """See :meth:`~edgecv.tracking.filter_step.TrackFilter.step`; detections are not appended to the tracks."""
        s, table, kalman = self._settings, active.table, self._kalman
        for row in table:
            kalman.load(row["state"], row["covariance"])
            kalman.predict(dt_s)
            row["state"], row["covariance"] = kalman.state, kalman.covariance
        p = s.detection_probability
        table["score"] += np.log(1.0 - p)
        timing = np.square(active.state[:, :, 1] * timing_sd_s)
        variance = position_variance(scan.detections, s)[None] + timing[:, None]
        # a newcomer born beside an object must explain its detections better than the object's own track to take them
        bonus = np.where(table["count"] >= s.min_points, s.established_bonus, 0.0)
        predictions = Predictions(
            active.state[:, :, 0], active.covariance[:, :, 0, 0], table["log_area"], table["contrast"]
        )
        matches = associate(predictions, scan.detections, variance, s, bonus)
        tracks, rows = matches.tracks, matches.detections
        detections = scan.detections[rows]
        for track, row, detection in zip(tracks, rows, detections, strict=True):
            kalman.load(table["state"][track], table["covariance"][track])
            kalman.update(detection[X : Y + 1], variance[track, row])
            table["state"][track], table["covariance"][track] = kalman.state, kalman.covariance
        table["score"][tracks] += matches.log_density - np.log(scan.clutter[rows]) + np.log(p) - np.log(1.0 - p)
        table["best_score"] = np.maximum(table["best_score"], table["score"])
        table["log_area"][tracks] += s.feature_rate * (np.log(detections[:, AREA]) - table["log_area"][tracks])
        table["contrast"][tracks] += s.feature_rate * (detections[:, CONTRAST] - table["contrast"][tracks])
        table["last_s"][tracks] = scan.t_s
        table["count"][tracks] += 1
        scan.assigned[rows] = True
        return list(zip(tracks.tolist(), rows.tolist(), strict=True))

    def begin(self, scans: Sequence[Scan], triplets: Sequence[Triplet]) -> NDArray[np.void]:
        """Return ``(n,)`` tracks of three detections each, and mark those; scans newest first."""
        table = np.zeros(len(triplets), TRACK)
        table["count"] = 3
        for track, triplet in zip(table, triplets, strict=True):
            detections = np.array([scans[age].detections[row] for age, row in triplet])
            positions, variance = detections[:, X : Y + 1], position_variance(detections, self._settings)
            self._kalman.start(positions[0], variance[0])
            last_s = scans[triplet[0][0]].t_s
            for k in (1, 2):
                t_s = scans[triplet[k][0]].t_s
                self._kalman.predict(t_s - last_s)
                self._kalman.update(positions[k], variance[k])
                last_s = t_s
            for age, row in triplet:
                scans[age].assigned[row] = True
            track["state"], track["covariance"] = self._kalman.state, self._kalman.covariance
            track["last_s"] = last_s
            track["log_area"], track["contrast"] = np.log(detections[:, AREA]).mean(), detections[:, CONTRAST].mean()
        return table

    def ended(self, active: ActiveTracks, t_s: float, max_gap_s: float) -> NDArray[np.bool_]:
        """Return ``(n,) bool`` as :meth:`~edgecv.tracking.filter_step.TrackFilter.ended`, also where none has."""
        s, table = self._settings, active.table
        x, y = active.state[:, :, 0].T
        is_outside = (x < 0) | (x >= self._size[0]) | (y < 0) | (y >= self._size[1])
        gap_s = t_s - table["last_s"]
        ended = (gap_s > max_gap_s) | (is_outside & (gap_s > 0))
        ended |= table["score"] < np.minimum(s.min_score, table["best_score"] - s.max_score_loss)
        return np.asarray(ended, np.bool_)
