"""The NumPy form of edgecv/native/tracks.c: what a frame tells of the tracks being followed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.tracking.active_tracks import TRACK, LiveTracks
from edgecv.tracking.association import Predictions, associate, position_variance
from edgecv.tracking.detection_frames import SeenFrame
from edgecv.tracking.initiator import Triplet
from edgecv.tracking.kalman_bank import FilterBank
from edgecv.tracking.settings import TrackingSettings

Pairs = list[tuple[int, int]]
"""Track and row of the detection that it was given."""

FROM_BEST = 15.0
"""Log units a track may lose before it is no longer the thing that it was."""

_FORGETS = 0.3  # of recent area and contrast, a sighting


def follow_in_numpy(
    live: LiveTracks, seen: SeenFrame, dt_s: float, timing_sd_s: float, height_px: int, settings: TrackingSettings
) -> Pairs:
    """Do what :meth:`~edgecv.tracking.filter_step.Follower.follow` does, all but appending the sightings."""
    s, table = settings, live.table
    bank = FilterBank(height_px, s)
    bank.state, bank.covariance = live.state, live.covariance
    bank.predict(dt_s)
    table["score"] += np.log(1.0 - s.detection_probability)
    timing = np.square(bank.velocity * timing_sd_s)
    variance = position_variance(seen.detections, s)[None] + timing[:, None]
    # a newcomer born beside an object must explain its sightings better than the object's own track to take them
    preference = np.where(table["count"] >= s.min_points, s.established_bonus, 0.0)
    expected = Predictions(bank.position, bank.position_variance, table["log_area"], table["contrast"])
    matches = associate(expected, seen.detections, variance, s.gate, preference)
    tracks, rows = matches.tracks, matches.detections
    detections = seen.detections[rows]
    bank.update(tracks, detections[:, X : Y + 1], variance[tracks, rows])
    table["state"], table["covariance"] = bank.state, bank.covariance
    p = s.detection_probability
    table["score"][tracks] += matches.log_density - np.log(seen.density[rows]) + np.log(p) - np.log(1.0 - p)
    table["best_score"] = np.maximum(table["best_score"], table["score"])
    table["log_area"][tracks] += _FORGETS * (np.log(detections[:, AREA]) - table["log_area"][tracks])
    table["contrast"][tracks] += _FORGETS * (detections[:, CONTRAST] - table["contrast"][tracks])
    table["last_s"][tracks] = seen.t_s
    table["count"][tracks] += 1
    seen.taken[rows] = True
    return list(zip(tracks.tolist(), rows.tolist(), strict=True))


def begin_in_numpy(
    recent: Sequence[SeenFrame], triplets: Sequence[Triplet], height_px: int, settings: TrackingSettings
) -> NDArray[np.void]:
    """Return ``(n,)`` tracks that begin with three sightings each, and mark those; arguments as for ``begin``."""
    table = np.zeros(len(triplets), TRACK)
    table["count"] = 3
    for row, triplet in zip(table, triplets, strict=True):
        bank, last_s = FilterBank(height_px, settings), 0.0
        seen = np.array([recent[age].detections[place] for age, place in triplet])
        variance = position_variance(seen, settings)
        for k, (age, place) in enumerate(triplet):
            where = seen[k : k + 1, X : Y + 1]
            if k == 0:
                bank.start(where, variance[:1])
            else:
                bank.predict(recent[age].t_s - last_s)
                bank.update(np.zeros(1, np.intp), where, variance[k : k + 1])
            last_s = recent[age].t_s
            recent[age].taken[place] = True
        row["state"], row["covariance"], row["last_s"] = bank.state[0], bank.covariance[0], last_s
        row["log_area"], row["contrast"] = np.log(seen[:, AREA]).mean(), seen[:, CONTRAST].mean()
    return table


def over_in_numpy(
    live: LiveTracks, t_s: float, gap_s: float, size_px: tuple[int, int], settings: TrackingSettings
) -> NDArray[np.bool_]:
    """Return ``(n,) bool`` as :meth:`~edgecv.tracking.filter_step.Follower.over`, also where no track has ended."""
    table = live.table
    x, y = live.state[:, :, 0].T
    outside = (x < 0) | (x >= size_px[0]) | (y < 0) | (y >= size_px[1])
    silent_s = t_s - table["last_s"]
    over = (silent_s > gap_s) | (outside & (silent_s > 0))
    over |= table["score"] < np.minimum(settings.min_score, table["best_score"] - FROM_BEST)
    return np.asarray(over, np.bool_)
