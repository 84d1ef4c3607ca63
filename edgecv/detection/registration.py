"""Camera motion and brightness of a frame against the background: the NumPy form of edgecv/native/registration.c.

Lucas & Kanade (1981) at a few thousand textured points: shift, roll and zoom, with gain and offset, and robust weights
so that moving trees and people do not pull the estimate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.planes import UNIT, Int16, Registration

Int32 = NDArray[np.int32]
_EDGE = 4


def textured_points(mean: Int16, cell: int, min_gradient: float) -> Int32:
    """Return ``(n, 2) int32`` ``(x, y)``: the steepest point of each cell with a larger gradient, levels."""
    wide = mean.astype(np.int32)
    steep = np.zeros_like(wide)
    steep[1:-1, 1:-1] = np.abs(wide[1:-1, 2:] - wide[1:-1, :-2]) + np.abs(wide[2:, 1:-1] - wide[:-2, 1:-1])
    h, w = mean.shape
    points = []
    for y in range(_EDGE, h - _EDGE - cell + 1, cell):
        for x in range(_EDGE, w - _EDGE - cell + 1, cell):
            part = steep[y : y + cell, x : x + cell]
            best = int(np.argmax(part))
            if part.flat[best] > int(2.0 * min_gradient * UNIT):
                points.append((x + best % cell, y + best // cell))
    return np.array(points, np.int32).reshape(-1, 2)


def register(
    frame: Int32, mean: Int16, points: Int32, start: Registration, rounds: int, *, turning: bool = False
) -> Registration:
    """Return the motion and brightness that make ``frame(x + d) = gain * background(x) + offset`` at the points.

    Args:
        frame: ``(h, w) int32``, 1/128 grey level.
        mean: ``(h, w) int16`` background, same unit.
        points: ``(n, 2)`` from :func:`textured_points`.
        start: where to begin; what the points do not show stays as it was.
        rounds: most steps.
        turning: whether it may have turned and come nearer; else roll and zoom are none.
    """
    x, y = points[:, 0], points[:, 1]
    background = mean.astype(np.float64) / UNIT
    ref = background[y, x]
    gx = 0.5 * (background[y, x + 1] - background[y, x - 1])
    gy = 0.5 * (background[y + 1, x] - background[y - 1, x])
    where = points.astype(np.float64)
    centre = 0.5 * (np.array(mean.shape[::-1]) - 1.0)
    radius = float(np.hypot(*centre))
    right, down = ((where - centre) / radius).T
    jacobian = np.column_stack(
        [gx, gy, gy * right - gx * down, gx * right + gy * down, 128.0 - ref, np.full(len(points), -1.0)]
    )
    dx, dy, gain, offset, scale = start.dx, start.dy, start.gain, start.offset, start.residual
    corner_sd = start.corner_sd
    roll, zoom = start.roll * radius, start.zoom * radius  # pixels at a corner
    # of roll and zoom around none: points on one side of a picture do not tell them from a shift
    turn = 1.0 if turning else 1e-6
    prior = np.diag(4.0 / np.square([3.0, 3.0, turn, turn, 0.1, 10.0]))
    for _ in range(rounds):
        moved = np.column_stack([dx + zoom * right - roll * down, dy + roll * right + zoom * down])
        residual = _bilinear(frame, where + moved) - gain * ref - offset
        cut = 2.0 * max(scale, 0.7)
        weight = 1.0 / (1.0 + np.square(residual / cut))
        if len(points):
            scale = float(np.minimum(np.abs(residual), 3.0 * cut).mean())
        normal = jacobian.T @ (jacobian * weight[:, None]) + prior
        # the mean of the sizes of Gaussian residuals is 0.8 of their deviation
        corner_sd = 1.25 * scale / float(np.sqrt(min(normal[2, 2], normal[3, 3])))
        pull = prior @ np.array([0.0, 0.0, roll, zoom, 0.0, 0.0])
        change = np.linalg.solve(normal, -jacobian.T @ (weight * residual) - pull)
        dx, dy, roll, zoom = dx + change[0], dy + change[1], roll + change[2], zoom + change[3]
        gain += change[4]
        offset += change[5] - 128.0 * change[4]
        if np.square(change[:4]).sum() < 4e-4:
            break
    turned = (float(roll / radius), float(zoom / radius))
    return Registration(float(dx), float(dy), *turned, float(gain), float(offset), scale, corner_sd)


def _bilinear(frame: Int32, where: NDArray[np.float64]) -> NDArray[np.float64]:
    h, w = frame.shape
    x, y = where.T
    c, r = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    a, b = x - c, y - r
    left, right = np.clip(c, 0, w - 1), np.clip(c + 1, 0, w - 1)
    top, low = np.clip(r, 0, h - 1), np.clip(r + 1, 0, h - 1)
    upper = (1.0 - a) * frame[top, left] + a * frame[top, right]
    lower = (1.0 - a) * frame[low, left] + a * frame[low, right]
    return np.asarray(((1.0 - b) * upper + b * lower) / UNIT, np.float64)
