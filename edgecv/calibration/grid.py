"""The window grid: floors laid over each other show the windows they share, and each window is then looked for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, gaussian_filter1d, label

from edgecv.calibration.floor_periodicity import Repetition, Rows
from edgecv.calibration.rectify import Rectified
from edgecv.errors import ConfigError
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]
_FLOOR_PX = 64  # of a floor, once rows are laid over each other
_EDGE = 0.3  # of the strongest columns' edges, from which a column is a window's
_NARROWEST, _WIDEST = 0.12, 2.5  # of a window, in floor heights
_MATCH_CORRELATION = 0.5  # correlation from which a window is taken as seen
_SEARCH = (0.12, 0.12)  # of a floor height: how far across and upwards a window may be from where it is expected
_MORE_ROWS = 3  # looked for beyond those that were followed
_LEAST_CELLS = 8
_LEAST_OF_ROW = 0.3
_UNUSUAL = 0.12  # of a floor height, that a column's sill or head may be above or below the others'


@dataclass(frozen=True, slots=True, eq=False)
class WindowGrid:
    """Windows found in a picture; row 0 is the lowest.

    Attributes:
        pixels: ``(rows, columns, 2)`` where each window's middle is in the camera's picture; NaN where it is hidden,
            or where its column stands out before the others.
        across: ``(columns, 2)`` left and right edge in floor heights, from the left edge of the first.
        upwards: ``(columns, 2)`` sill and head in floor heights above the usual sill.
        focal_px: focal length that the rectified picture was made with.
        distortion: its lens, OpenCV's five numbers.
    """

    pixels: Float64
    across: Float64
    upwards: Float64
    focal_px: float
    distortion: tuple[float, ...]


def find_grid(picture: Rectified, contrast: Float32, plane: Repetition, rows: Rows) -> WindowGrid:
    """Find the windows of one plane.

    Raises:
        ConfigError: no windows stand out, or too few of them.
    """
    numbers = np.arange(rows.highest - _MORE_ROWS, rows.lowest + _MORE_ROWS + 1)
    y = rows.at(np.arange(len(numbers) * _FLOOR_PX) / _FLOOR_PX + numbers[0])
    columns, lines = np.meshgrid(np.arange(contrast.shape[1], dtype=np.float32), y.astype(np.float32))
    stacked = np.asarray(cv2.remap(contrast, columns, lines, cv2.INTER_LINEAR, borderValue=0.0), np.float32)
    visible = cv2.remap(picture.seen, columns, lines, cv2.INTER_LINEAR, borderValue=0.0) > 0.9
    inner = slice(_MORE_ROWS * _FLOOR_PX, -_MORE_ROWS * _FLOOR_PX)
    floor = _median(stacked[inner], visible[inner])
    boxes = _window_boxes(floor, plane)
    if not boxes:
        raise ConfigError(calibration.FEW_WINDOWS())
    across_px = _FLOOR_PX / plane.pitch
    centres = np.full((len(numbers), len(boxes), 2), np.nan)
    for c, (left, right, head, sill) in enumerate(boxes):
        middle_x, middle_y = (left + right) / 2.0, (head + sill) / 2.0
        for r in range(len(numbers)):
            moved = _match_window(floor, stacked, visible, (left, right, head, sill), r, 1.0 / across_px)
            if moved is not None:
                at = rows.at(np.array([numbers[0] + r + (middle_y + moved[1]) / _FLOOR_PX]))
                centres[r, c] = picture.pixels(np.array([middle_x + moved[0]]), at)[0]
    edges = np.array([[left, right] for left, right, _, _ in boxes], np.float64) / plane.pitch
    spans = np.array([[sill, head] for *_, head, sill in boxes], np.float64)
    spans -= _tilt(edges.mean(axis=1), spans.mean(axis=1))[:, None]
    usual = np.median(spans, axis=0)
    heights = (usual[0] - spans) / _FLOOR_PX
    # balconies and machines stand out before the plane: their columns are known, their pixels tell nothing of it
    odd = np.abs(spans - usual).max(axis=1) > _UNUSUAL * _FLOOR_PX
    centres[:, odd] = np.nan
    # a roof's edge or a shop's front may look like a window or two
    full = np.flatnonzero(np.isfinite(centres[..., 0]).mean(axis=1) >= _LEAST_OF_ROW)
    if np.isfinite(centres[..., 0]).sum() < _LEAST_CELLS or len(full) < 3:
        raise ConfigError(calibration.FEW_WINDOWS())
    centres = centres[full[0] : full[-1] + 1][::-1]
    camera = picture.camera
    return WindowGrid(
        centres, edges - edges[0, 0], heights, camera.focal_px, tuple(float(k) for k in camera.distortion)
    )


def _tilt(across: Float64, height: Float64) -> Float64:
    """What a row's slope in the rectified picture adds to each column: by the median slope of pairs (Theil 1950).

    A row of windows is level, its picture only as level as the vanishing points are right.
    """
    if len(across) < 3:
        return np.zeros(len(across))
    i, j = np.triu_indices(len(across), 1)
    slope = float(np.median((height[j] - height[i]) / (across[j] - across[i])))
    return np.asarray(slope * (across - np.median(across)), np.float64)


def _median(stacked: Float32, visible: NDArray[np.bool_]) -> Float32:
    """One floor ``(64, w)``: what most floors show at that place; 0 where too few are seen."""
    floors = np.where(visible, stacked, np.nan).reshape(-1, _FLOOR_PX, stacked.shape[1])
    enough = np.isfinite(floors).sum(axis=0) >= 3
    floors[:, ~enough] = 0.0
    return np.asarray(np.nanmedian(floors, axis=0), np.float32)


def _window_boxes(floor: Float32, plane: Repetition) -> list[tuple[int, int, int, int]]:
    """Boxes ``(left, right, head, sill)`` in pixels of the laid floor; head and sill may lie beyond its ends."""
    endless = np.concatenate([floor] * 3)
    level, upright = (
        np.abs(cv2.Sobel(endless, cv2.CV_32F, *order)[_FLOOR_PX : 2 * _FLOOR_PX]) for order in ((0, 1), (1, 0))
    )
    strength = gaussian_filter1d(np.where(plane.columns, level.mean(axis=0), 0.0), 1.0)
    strong = float(np.percentile(strength[plane.columns], 97.0))
    runs, count = label(binary_closing(strength > _EDGE * strong, np.ones(max(3, int(0.06 * plane.pitch)), np.bool_)))
    boxes = []
    for n in range(1, count + 1):
        inside = np.flatnonzero(runs == n)
        left, right = int(inside[0]), int(inside[-1]) + 1
        if not _NARROWEST * plane.pitch < right - left < _WIDEST * plane.pitch:
            continue
        # a window's sides and mullions are upright edges, which the wall above and below it has not
        head, sill = _span(upright[:, max(0, left - 2) : right + 2].mean(axis=1))
        if 0.15 * _FLOOR_PX < sill - head < 0.92 * _FLOOR_PX:
            boxes.append((left, right, head, sill))
    if not boxes:
        return []
    # rows are counted where each column's floor begins: the same floor for all of them
    usual = float(np.median([(head + sill) / 2.0 for *_, head, sill in boxes]))
    shifted = []
    for left, right, head, sill in boxes:
        turn = round((usual - (head + sill) / 2.0) / _FLOOR_PX) * _FLOOR_PX
        shifted.append((left, right, head + turn, sill + turn))
    return shifted


def _span(edges: Float64) -> tuple[int, int]:
    """Head and sill of a column: what is not the longest quiet stretch of its floor, which has no ends."""
    smooth = gaussian_filter1d(edges, 1.0, mode="wrap")
    smooth -= smooth.min()
    loud = smooth > _EDGE * float(np.percentile(smooth, 90.0))
    twice = np.concatenate([loud, loud])
    quiet, count = label(~twice)
    if count == 0:
        return 0, 0
    longest = max(range(1, count + 1), key=lambda n: min(int((quiet == n).sum()), len(edges)))
    gap = np.flatnonzero(quiet == longest)
    head = int(gap[-1]) + 1
    return head % len(edges), head % len(edges) + len(edges) - min(len(gap), len(edges))


def _match_window(
    floor: Float32, stacked: Float32, visible: NDArray[np.bool_], box: tuple[int, int, int, int], row: int, wide: float
) -> tuple[float, float] | None:
    """How far ``(across, down)`` in pixels of ``laid`` a window is from where it is expected; None if not seen."""
    left, right, head, sill = box
    frame = max(2, int(0.1 * _FLOOR_PX))
    x0, x1 = max(0, left - int(frame * wide)), min(stacked.shape[1], right + int(frame * wide))
    pattern = np.take(floor, np.arange(head - frame, sill + frame), axis=0, mode="wrap")[:, x0:x1]
    dx, dy = max(1, int(_SEARCH[0] * _FLOOR_PX * wide)), int(_SEARCH[1] * _FLOOR_PX)
    top, bottom = row * _FLOOR_PX + head - frame - dy, row * _FLOOR_PX + sill + frame + dy
    if top < 0 or bottom > len(stacked) or x0 - dx < 0 or x1 + dx > stacked.shape[1]:
        return None
    if visible[top + dy : bottom - dy, x0:x1].mean() < 0.95:
        return None
    correlation = cv2.matchTemplate(
        np.ascontiguousarray(stacked[top:bottom, x0 - dx : x1 + dx]), pattern, cv2.TM_CCOEFF_NORMED
    )
    y, x = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    if correlation[y, x] < _MATCH_CORRELATION:
        return None
    return float(x - dx) + _peak(np.asarray(correlation[y], np.float32), int(x)), float(y - dy) + _peak(
        np.asarray(correlation[:, x], np.float32), int(y)
    )


def _peak(values: Float32, n: int) -> float:
    if not 0 < n < len(values) - 1:
        return 0.0
    before, at, after = (float(v) for v in values[n - 1 : n + 2])
    return 0.5 * (before - after) / min(before - 2.0 * at + after, -1e-9)
