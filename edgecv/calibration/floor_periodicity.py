"""What repeats on a facade: its floors, found by how well the rectified picture agrees with itself shifted upwards.

Each upright strip of the picture has its own spacing of floors in pixels: parts of a building that stand back show them
closer together. The spacing that most strips share belongs to the facade.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_opening

from edgecv.calibration.rectify import Rectified
from edgecv.errors import ConfigError
from edgecv.messages import calibration

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
_STRIP = 8  # columns of the rectified picture
_CLOSEST, _FEWEST = 24, 3.0  # pixels from floor to floor; floors that must be seen
_ALIKE = 0.25  # correlation from which a strip repeats
_SAME_PITCH = 0.015
_DEEPEST = 0.18  # parts of one building differ in spacing by this share at most
_OTHER_PLANE = 0.3  # of the strongest plane's strips, from which another is worth mentioning
_SLACK = 0.06  # of a floor, that the next row may be off
_ROW_ALIKE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Repetition:
    """One plane of a building with equal floors.

    Attributes:
        pitch: pixels of the rectified picture from floor to floor.
        columns: ``(w,) bool``, which columns belong to it.
        share: how much of the picture's width repeats like that.
    """

    pitch: float
    columns: Bool
    share: float


@dataclass(frozen=True, slots=True)
class Rows:
    """Where floors stand: row ``k`` is at ``(first + pitch k) / (1 + bend k)``, k growing downwards.

    Attributes:
        first: pixel row of k = 0.
        pitch: pixels.
        bend: how perspective that was left over changes it.
        lowest: greatest k that was seen.
        highest: least k that was seen.
    """

    first: float
    pitch: float
    bend: float
    lowest: int
    highest: int

    def at(self, k: Float64) -> Float64:
        """Pixel rows of ``(n,)`` floors."""
        return np.asarray((self.first + self.pitch * k) / (1.0 + self.bend * k), np.float64)


def contrast_of(picture: Rectified) -> Float32:
    """The picture ``(h, w)`` with the wall taken off and its contrast made even, slightly smoothed."""
    reach = picture.grey.shape[0] / 26.0
    weight = np.maximum(cv2.GaussianBlur(picture.seen, (0, 0), reach), 1e-3)
    wall = cv2.GaussianBlur(picture.grey * picture.seen, (0, 0), reach) / weight
    apart = (picture.grey - wall) * picture.seen
    spread = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), reach) / weight)
    return np.asarray(cv2.GaussianBlur(apart / np.maximum(spread, 3.0), (0, 0), 1.8), np.float32)


def repetitions(picture: Rectified, contrast: Float32) -> list[Repetition]:
    """The planes of equal floors, strongest first.

    Raises:
        ConfigError: nothing repeats upwards.
    """
    edges = cv2.Sobel(contrast, cv2.CV_32F, 0, 1) * picture.seen
    correlation, cover = _autocorrelation(np.asarray(edges, np.float32), picture.seen)
    longest = int(picture.seen.sum(axis=0).max() / _FEWEST)
    votes = np.zeros(longest)
    for lag in range(_CLOSEST, longest):
        near = correlation[int(lag * (1 - _SAME_PITCH)) : int(lag * (1 + _SAME_PITCH)) + 2]
        votes[lag] = float((np.clip(near.max(axis=0) - _ROW_ALIKE, 0.0, 1.0) * cover).sum())
    peaks = [n for n in range(_CLOSEST, longest) if votes[n] == votes[max(0, n - 6) : n + 7].max() and votes[n] > 0]
    if not peaks:
        raise ConfigError(calibration.NO_FLOORS())
    # floors two apart agree too: the shortest that is nearly as strong
    strongest = max(votes[n] for n in peaks)
    about = next(n for n in peaks if votes[n] > 0.7 * strongest)
    low, high = int(about * (1.0 - _DEEPEST)), int(about * (1.0 + _DEEPEST)) + 1
    best = low + np.argmax(correlation[low:high], axis=0)
    repeats = (correlation[low:high].max(axis=0) > _ALIKE) & (cover > 0.15)
    weight = correlation[low:high].max(axis=0) * cover * repeats
    planes: list[Repetition] = []
    while True:
        pitches = np.arange(low, high, 0.5)
        near = np.abs(best[None, :] - pitches[:, None]) <= _SAME_PITCH * pitches[:, None] + 0.5
        strength = (near * weight).sum(axis=1)
        top = int(np.argmax(strength))
        if strength[top] * _STRIP < 0.5 * about or (planes and strength[top] < _OTHER_PLANE * planes[0].share):
            break
        planes.append(Repetition(float(pitches[top]), _columns(near[top] & repeats, about, picture), strength[top]))
        weight = np.where(near[top], 0.0, weight)
    if not planes:
        raise ConfigError(calibration.NO_FLOORS())
    return planes


def _autocorrelation(edges: Float32, visible: Float32) -> tuple[Float64, Float64]:
    """Correlation ``(h, strips)`` of each strip with itself shifted by each lag, and how much of it is seen."""
    height, width = edges.shape
    strips = width // _STRIP
    power = np.square(np.abs(np.fft.rfft(edges, 2 * height, axis=0)))
    visible_power = np.square(np.abs(np.fft.rfft(visible, 2 * height, axis=0)))
    total, count = (
        np.fft.irfft(each[:, : strips * _STRIP].reshape(len(each), strips, _STRIP).sum(axis=2), axis=0)[:height]
        for each in (power, visible_power)
    )
    enough = count > 0.1 * _STRIP * height
    mean = np.where(enough, total / np.maximum(count, 1.0), 0.0)
    energy = total[0] / np.maximum(count[0], 1.0)
    return np.asarray(mean / np.maximum(energy, 1e-9), np.float64), np.asarray(count[0] / (_STRIP * height), np.float64)


def _columns(strips: Bool, pitch: float, picture: Rectified) -> Bool:
    """Columns between strips of one plane: plain wall between two windows belongs to it too."""
    reach = int(0.5 * pitch / _STRIP) | 1
    padded = np.pad(strips, 2 * reach)
    whole = binary_opening(binary_closing(padded, np.ones(reach, np.bool_)), np.ones(3, np.bool_))[
        2 * reach : -2 * reach
    ]
    columns = np.zeros(picture.grey.shape[1], np.bool_)
    columns[: len(whole) * _STRIP] = np.repeat(whole, _STRIP)
    return columns


def find_rows(picture: Rectified, contrast: Float32, plane: Repetition) -> Rows:
    """Follow the floors of one plane up and down, each row compared with those before it.

    Raises:
        ConfigError: fewer than four rows.
    """
    edges = np.asarray(cv2.Sobel(contrast, cv2.CV_32F, 0, 1) * picture.seen, np.float32)[:, plane.columns]
    visible = picture.seen[:, plane.columns]
    pitch = round(plane.pitch)
    full_rows = np.flatnonzero(visible.mean(axis=1) > 0.6)
    if len(full_rows) < _FEWEST * plane.pitch:
        raise ConfigError(calibration.NO_FLOORS())
    start = int(np.median(full_rows)) - pitch // 2
    matches = [(0, float(start), 1.0)]
    for way in (1, -1):
        matches += _follow_rows(edges, visible, start, plane.pitch, way)
    k, y, correlation = np.array(sorted(matches), np.float64).T
    if len(k) < 4:
        raise ConfigError(calibration.NO_FLOORS())
    equations = np.stack([np.ones_like(k), k, -k * y], axis=1) * correlation[:, None]
    first, spacing, bend = np.linalg.lstsq(equations, y * correlation, rcond=None)[0]
    return Rows(float(first), float(spacing), float(bend), int(k.max()), int(k.min()))


def _follow_rows(
    edges: Float32, visible: Float32, start: int, pitch: float, way: int
) -> list[tuple[int, float, float]]:
    """Rows ``(k, y, correlation)`` one way from a start, until two in a row are missing."""
    size = round(pitch)
    pattern, pattern_visible = edges[start : start + size].copy(), visible[start : start + size].copy()
    matches: list[tuple[int, float, float]] = []
    at, step, missing, k = float(start), pitch, 0, 0
    while missing < 2:
        k += way
        expected = at + way * step
        if not 0.0 <= expected <= len(edges) - size:
            break
        tried = np.arange(int(expected - _SLACK * pitch), int(expected + _SLACK * pitch) + 2)
        correlation = np.array([_correlation(pattern, pattern_visible, edges, visible, int(y)) for y in tried])
        best = int(np.argmax(correlation))
        if correlation[best] < _ROW_ALIKE:
            missing, at = missing + 1, expected
            continue
        exact = tried[best] + _peak(correlation, best)
        step = 0.7 * step + 0.3 * abs(exact - at) if missing == 0 else step
        missing, at = 0, float(exact)
        matches.append((k, at, float(correlation[best])))
        y = min(max(round(at), 0), len(edges) - size)
        pattern = 0.6 * pattern + 0.4 * edges[y : y + size]
        pattern_visible = np.maximum(pattern_visible, visible[y : y + size])
    return matches


def _correlation(pattern: Float32, pattern_visible: Float32, edges: Float32, visible: Float32, y: int) -> float:
    if not 0 <= y <= len(edges) - len(pattern):
        return -1.0
    part, weight = edges[y : y + len(pattern)], pattern_visible * visible[y : y + len(pattern)]
    if weight.mean() < 0.4:
        return -1.0
    norm = float((pattern * pattern * weight).sum() * (part * part * weight).sum())
    return float((pattern * part * weight).sum() / np.sqrt(max(norm, 1e-9)))


def _peak(values: Float64, n: int) -> float:
    """Place of a maximum between samples, by a parabola through it and its neighbours."""
    if not 0 < n < len(values) - 1:
        return 0.0
    before, at, after = values[n - 1], values[n], values[n + 1]
    return float(0.5 * (before - after) / min(before - 2.0 * at + after, -1e-9))
