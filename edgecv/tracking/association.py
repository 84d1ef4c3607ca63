"""Which detection belongs to which track: gate on predicted position, then the cheapest assignment overall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edgecv.detection.detection import AREA, CONTRAST, H, W, X, Y
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
_NOT_ALLOWED = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Where tracks are expected.

    Attributes:
        position: ``(n, 2) float64`` pixels.
        variance: ``(n, 2)`` pixels², of the predictions alone.
        log_area: ``(n,)`` recent area of each thing, log px².
        contrast: ``(n,)`` recent contrast, grey levels.
    """

    position: Float64
    variance: Float64
    log_area: Float64
    contrast: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Assignments: ``(k,)`` rows of the tracks and of the detections, and the log density of each."""

    tracks: NDArray[np.intp]
    detections: NDArray[np.intp]
    log_density: Float64


def position_variance(detections: Float64, settings: TrackingSettings) -> Float64:
    """``(m, 2)`` pixels²: how well blobs ``(m, 8)`` tell where their things are."""
    return np.asarray(
        np.square(settings.position_sd_px + settings.position_sd_per_size * detections[:, W : H + 1]), np.float64
    )


def associate(
    predictions: Predictions, detections: Float64, variance: Float64, gate: float, preference: Float64 | None = None
) -> Matches:
    """Assign detections to tracks one to one (Hungarian method, Kuhn 1955).

    Args:
        predictions: of ``n`` tracks.
        detections: ``(m, 8)``, columns as in :data:`~edgecv.detection.detection.COLUMNS`.
        variance: ``(n, m, 2)`` or ``(1, m, 2)`` pixels², of the detections' positions.
        gate: largest squared Mahalanobis distance allowed.
        preference: ``(n,)`` log units by which a track may be the worse explanation and still be chosen.

    Returns:
        Matches in order of track. A change of size or brightness costs as much as a displacement of the same
        improbability: a box that turns changes its area by a factor of two and may even change from dark to bright.
    """
    n, m = len(predictions.position), len(detections)
    if not n or not m:
        none = np.zeros(0, np.intp)
        return Matches(none, none, np.zeros(0))
    total = predictions.variance[:, None, :] + variance
    offset = detections[None, :, X : Y + 1] - predictions.position[:, None, :]
    ratio = offset * offset / total
    distance = ratio[..., 0] + ratio[..., 1]
    change = (np.log(detections[:, AREA])[None] - predictions.log_area[:, None]) / 0.8
    resemblance = change * change + 2.0 * (detections[None, :, CONTRAST] * predictions.contrast[:, None] < 0)
    allowed = (distance < gate) & (resemblance < 16.0)
    rows, columns = np.nonzero(allowed)
    if not len(rows):
        return Matches(rows, columns, np.zeros(0))
    spread = total[rows, columns]
    density = -0.5 * (
        distance[rows, columns] + np.log(spread[:, 0] * spread[:, 1]) + resemblance[rows, columns]
    ) - np.log(2.0 * np.pi)
    if len(set(rows.tolist())) == len(rows) and len(set(columns.tolist())) == len(columns):
        return Matches(rows, columns, density)  # nobody competes
    cost, plain = np.full((n, m), _NOT_ALLOWED), np.zeros((n, m))
    cost[rows, columns] = -density if preference is None else -density - preference[rows]
    plain[rows, columns] = density
    tracks, chosen = linear_sum_assignment(cost)
    valid = cost[tracks, chosen] < _NOT_ALLOWED
    tracks, chosen = tracks[valid], chosen[valid]
    return Matches(tracks, chosen, plain[tracks, chosen])
