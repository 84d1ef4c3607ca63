"""Data association: gates on predicted position and appearance, then the cheapest assignment overall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edgecv.detection.detection import AREA, CONTRAST, H, W, X, Y
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
_FORBIDDEN = 1e6  # dearer than any match: as many matches as there can be


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predicted tracks.

    Attributes:
        position: ``(n, 2) float64`` pixels.
        variance: ``(n, 2)`` pixels², of the predictions alone.
        log_area: ``(n,)`` recent area of each, log px².
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
    """``(m, 2)`` pixels²: error of the positions of blobs ``(m, 8)``."""
    return np.asarray(
        np.square(settings.position_sd_px + settings.position_sd_per_size * detections[:, W : H + 1]), np.float64
    )


def associate(
    predictions: Predictions,
    detections: Float64,
    variance: Float64,
    settings: TrackingSettings,
    bonus: Float64 | None = None,
) -> Matches:
    """Assign detections to tracks one to one (Hungarian method, Kuhn 1955).

    Args:
        predictions: of ``n`` tracks.
        detections: ``(m, 8)``, columns as in :data:`~edgecv.detection.detection.COLUMNS`.
        variance: ``(n, m, 2)`` or ``(1, m, 2)`` pixels², of the detections' positions.
        settings: gate and costs of a change of appearance.
        bonus: ``(n,)`` log units by which a track may be the worse explanation and still be chosen.

    Returns:
        Matches in order of track. A change of size or brightness costs as much as a displacement of the same
        improbability.
    """
    s, n, m = settings, len(predictions.position), len(detections)
    if not n or not m:
        none = np.zeros(0, np.intp)
        return Matches(none, none, np.zeros(0))
    total = predictions.variance[:, None, :] + variance
    innovation = detections[None, :, X : Y + 1] - predictions.position[:, None, :]
    squared = innovation * innovation / total
    distance = squared[..., 0] + squared[..., 1]
    change = (np.log(detections[:, AREA])[None] - predictions.log_area[:, None]) / s.log_area_sd
    is_flipped = detections[None, :, CONTRAST] * predictions.contrast[:, None] < 0
    dissimilarity = change * change + s.contrast_flip_cost * is_flipped
    rows, columns = np.nonzero((distance < s.gate) & (dissimilarity < s.max_dissimilarity))
    if not len(rows):
        return Matches(rows, columns, np.zeros(0))
    spread = total[rows, columns]
    density = -0.5 * (
        distance[rows, columns] + np.log(spread[:, 0] * spread[:, 1]) + dissimilarity[rows, columns]
    ) - np.log(2.0 * np.pi)
    if len(set(rows.tolist())) == len(rows) and len(set(columns.tolist())) == len(columns):
        return Matches(rows, columns, density)  # no track or detection is contested
    cost, plain = np.full((n, m), _FORBIDDEN), np.zeros((n, m))
    cost[rows, columns] = -density if bonus is None else -density - bonus[rows]
    plain[rows, columns] = density
    tracks, chosen = linear_sum_assignment(cost)
    valid = cost[tracks, chosen] < _FORBIDDEN
    tracks, chosen = tracks[valid], chosen[valid]
    return Matches(tracks, chosen, plain[tracks, chosen])
