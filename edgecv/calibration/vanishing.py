"""Where a building's parallel edges meet in the picture: vanishing points from line segments.

Segments by LSD (Grompone von Gioi et al. 2010, as OpenCV's), vanishing points by consensus of pairs of segments
(Fischler & Bolles 1981), refined by least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
_LEAST_SHARE = 0.018  # of the picture's shorter side, below which a segment's direction is noise
_TRIES = 600
_BENDS = tuple(float(b) for b in np.arange(-0.4, 0.11, 0.05))
_AGREE = float(np.sin(np.radians(1.2)))
_UPRIGHT_DEG = 50.0  # edges of a tower seen from its foot lean this far at most
_FEWEST = 12


@dataclass(frozen=True, slots=True, eq=False)
class VanishingPoints:
    """Of one facade, homogeneous ``(3,)`` in pixels from the principal point, in the picture without its lens.

    Attributes:
        up: where its verticals meet.
        along: where its horizontal edges meet.
        bend: the lens: a point at ``r`` half diagonals from the middle belongs at ``r / (1 + bend r²)`` (Fitzgibbon
            2001); 0 for none, negative where straight lines bulge outwards.
    """

    up: Float64
    along: Float64
    bend: float


def vanishing_points(grey: NDArray[np.uint8], bend: float | None = None) -> VanishingPoints:
    """Find the verticals' and the dominant horizontal vanishing point of a picture ``(h, w) uint8``.

    Args:
        grey: the picture.
        bend: of the lens; where None, the one that makes most edges meet.

    Raises:
        ConfigError: too few straight edges.
    """
    height, width = grey.shape
    centre = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
    half = float(np.hypot(width, height)) / 2.0
    segments = (_segments(grey) - centre) / half
    best: tuple[float, Float64, Float64, float] | None = None
    for tried in _BENDS if bend is None else (bend,):
        straight = segments / (1.0 + tried * np.square(segments).sum(axis=2, keepdims=True))
        up = _vote(straight[_lean_deg(straight) < _UPRIGHT_DEG])
        if up is None:
            raise ConfigError(calibration.NO_UPRIGHTS())
        rest = straight[(_off(straight, up[0]) > 2.0 * _AGREE) & (_lean_deg(straight) > 90.0 - _UPRIGHT_DEG)]
        along = _vote(rest)
        if along is None:
            raise ConfigError(calibration.NO_LEVELS())
        if best is None or up[1] + along[1] > best[0]:
            best = up[1] + along[1], up[0], along[0], tried
    assert best is not None
    _, up_point, along_point, best_bend = best
    scale = np.array([half, half, 1.0])
    return VanishingPoints(up_point * scale, along_point * scale, best_bend)


def _segments(grey: NDArray[np.uint8]) -> Float64:
    """Line segments ``(n, 2, 2)``, pixels, long enough to have a direction."""
    detected = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if detected is None:
        return np.zeros((0, 2, 2))
    segments = np.asarray(detected, np.float64).reshape(-1, 2, 2)
    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    return np.asarray(segments[length > _LEAST_SHARE * min(grey.shape)], np.float64)


def _off(segments: Float64, point: Float64) -> Float64:
    """Sine ``(n,)`` of the angle between each segment and the way from its middle to a homogeneous point."""
    middle = segments.mean(axis=1)
    way = point[:2] - middle * point[2]
    direction = segments[:, 1] - segments[:, 0]
    cross = way[:, 0] * direction[:, 1] - way[:, 1] * direction[:, 0]
    reach = np.linalg.norm(way, axis=1) * np.linalg.norm(direction, axis=1)
    return np.asarray(np.abs(cross) / np.maximum(reach, 1e-12), np.float64)


def _lines(segments: Float64) -> Float64:
    ends = np.concatenate([segments, np.ones((*segments.shape[:2], 1))], axis=2)
    lines = np.cross(ends[:, 0], ends[:, 1])
    return np.asarray(lines / np.linalg.norm(lines[:, :2], axis=1, keepdims=True), np.float64)


def _lean_deg(segments: Float64) -> Float64:
    direction = np.abs(segments[:, 1] - segments[:, 0])
    return np.asarray(np.degrees(np.arctan2(direction[:, 0], direction[:, 1])), np.float64)


def _vote(segments: Float64) -> tuple[Float64, float] | None:
    """The point that the greatest length of segments runs towards, and that length."""
    if len(segments) < _FEWEST:
        return None
    rng = np.random.default_rng(0)
    lines = _lines(segments)
    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    a, b = rng.choice(len(lines), (2, _TRIES), p=length / length.sum())
    points = np.cross(lines[a], lines[b])
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    points = points[norms[:, 0] > 1e-6] / norms[norms[:, 0] > 1e-6]
    if not len(points):
        return None
    support = np.array([float(length[_off(segments, point) < _AGREE].sum()) for point in points])
    best = points[int(np.argmax(support))]
    for _ in range(4):
        near = _off(segments, best) < _AGREE
        if near.sum() < _FEWEST // 2:
            return None
        # the point nearest to all the lines: each measured at its own middle, long ones count more
        middle = segments[near].mean(axis=1)
        reach = np.linalg.norm(best[:2] - middle * best[2], axis=1)
        rows = lines[near] * (length[near] / np.maximum(reach, 1e-6))[:, None]
        best = np.linalg.svd(rows)[2][-1]
    best = best / np.linalg.norm(best)
    return np.asarray(best, np.float64), float(length[_off(segments, best) < _AGREE].sum())
