"""Which detection belongs to which track: gate on predicted position, then the cheapest assignment overall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edgecv.detection.detection import Detection

Float64 = NDArray[np.float64]
_NOT_ALLOWED = 1e6


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a track is expected.

    Attributes:
        position: ``(2,) float64`` pixels.
        covariance: ``(2, 2) float64`` pixels², of the prediction alone.
        velocity: ``(2,) float64`` pixels/s.
        area_px: recent area of the thing.
        contrast: recent contrast, grey levels.
    """

    position: Float64
    covariance: Float64
    velocity: Float64
    area_px: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Match:
    """An assignment: track number, detection number and the log density of the detection under the prediction."""

    track: int
    detection: int
    log_density: float


def associate(
    predictions: Sequence[Prediction],
    detections: Sequence[Detection],
    noise: Sequence[tuple[float, float]],
    gate: float,
    timing_sd_s: float = 0.0,
) -> list[Match]:
    """Assign detections to tracks one to one (Hungarian method, Kuhn 1955).

    Args:
        predictions: one a track.
        detections: this frame's blobs.
        noise: standard deviation of each detection's position in x and y, pixels.
        gate: largest squared Mahalanobis distance allowed.
        timing_sd_s: uncertainty of the instant the frame was taken at.

    Returns:
        Matches in order of track number. A change of size or brightness costs as much as a displacement of the same
        improbability: a box that turns changes its area by a factor of two and may even change from dark to bright.
    """
    if not predictions or not detections:
        return []
    where = np.array([[d.x_px, d.y_px] for d in detections])
    area = np.log(np.array([d.area_px for d in detections]))
    contrast = np.array([d.contrast for d in detections])
    variance = np.square(np.array(noise))
    cost = np.full((len(predictions), len(detections)), _NOT_ALLOWED)
    density = np.zeros_like(cost)
    for i, prediction in enumerate(predictions):
        motion = prediction.velocity * timing_sd_s
        sxx = prediction.covariance[0, 0] + variance[:, 0] + motion[0] ** 2
        syy = prediction.covariance[1, 1] + variance[:, 1] + motion[1] ** 2
        sxy = prediction.covariance[0, 1] + motion[0] * motion[1]
        determinant = sxx * syy - sxy * sxy
        dx, dy = where[:, 0] - prediction.position[0], where[:, 1] - prediction.position[1]
        distance = (syy * dx * dx - 2.0 * sxy * dx * dy + sxx * dy * dy) / determinant
        log_density = -0.5 * distance - 0.5 * np.log(determinant) - np.log(2.0 * np.pi)
        resemblance = np.square((area - np.log(prediction.area_px)) / 0.8)
        resemblance += np.where(contrast * prediction.contrast < 0, 2.0, 0.0)
        allowed = (distance < gate) & (resemblance < 16.0)
        cost[i, allowed] = (-log_density + 0.5 * resemblance)[allowed]
        density[i] = log_density - 0.5 * resemblance
    rows, columns = linear_sum_assignment(cost)
    return [
        Match(int(i), int(j), float(density[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if cost[i, j] < _NOT_ALLOWED
    ]
