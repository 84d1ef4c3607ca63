"""The object at every instant in one picture, as under a stroboscope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from edgecv.evidence.canvas import WHITE, Picture, stamp, text_height_of, text_mask, unit_of
from edgecv.incidents.record import TrackPointRecord

_SAMPLES = 9  # an odd few: the object covers any pixel in far fewer than half of them
_GROWN = 1.6  # the box is grown: a blob's edge misses the object's blurred rim
_DIFFERENCE = 10.0  # grey levels from the background that count as the object, well over a camera's noise
_LABEL_EVERY_S = 0.5
_CLOCK_S = 0.002  # containers round times to the millisecond
_FARTHEST_S = 1.0  # no camera takes fewer pictures

_Crop = tuple[float, int, int, Picture]
"""Distance in time from the sighting, left, top, pixels."""


class ColourFrame(Protocol):
    """A picture that need not be there in colours yet, such as :class:`edgecv.capture.LazyBgrFrame`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, 3."""

    def whole(self) -> Picture:
        """All of it, ``(h, w, 3) uint8`` BGR."""

    def part(self, left: int, top: int, right: int, bottom: int) -> Picture:
        """Some of it."""


def strobe_picture(frames: Iterable[tuple[float, ColourFrame]], track: Sequence[TrackPointRecord]) -> Picture:
    """Paste the object of every sighting into one background.

    The background is the median of at most nine frames spread over the time given; each sighting shows the pixels of
    its grown box that differ from it, from the frame nearest in time and within half a frame of the sighting. At most
    18 frames are held at once, however many are given, and no more than nine turned into colours.

    Args:
        frames: time in seconds (the track's clock, increasing) and picture.
        track: the sightings, pixels and seconds.

    Returns:
        ``(h, w, 3) uint8``, BGR.

    Raises:
        ValueError: there are no frames, or a frame's size differs from the first's.
    """
    samples: list[ColourFrame] = []
    crops: dict[int, _Crop] = {}
    times_s: list[float] = []
    every = 1
    before: tuple[float, ColourFrame] | None = None
    for count, (t, frame) in enumerate(frames):
        if samples and frame.shape != samples[0].shape:
            raise ValueError(f"strobe picture: the frame at {t:.3f} s is {frame.shape}, the first {samples[0].shape}")
        times_s.append(t)
        if count % every == 0:
            samples.append(frame)
            if len(samples) > 2 * _SAMPLES - 2:
                samples, every = samples[::2], 2 * every
        _keep_crops(crops, before, (t, frame), track)
        before = (t, frame)
    _keep_crops(crops, before, None, track)
    if not samples:
        raise ValueError("strobe picture: no frames were given; pass the frames around the incident")
    background = _median(samples)
    picture = background.copy()
    half_frame_s = _half_frame_s(times_s)
    for index, held in sorted(crops.items()):
        if held[0] <= half_frame_s:
            _paste(picture, background, held, track[index])
    return picture


def label_times(picture: Picture, track: Sequence[TrackPointRecord]) -> Picture:
    """Write the seconds since the first sighting, about every half second, on the side of the path with more room.

    Where it hardly moved in half a second, the next label that has room follows.

    Args:
        picture: what :func:`strobe_picture` gave, or a blurred copy of it.
        track: the sightings.

    Returns:
        ``(h, w, 3) uint8``, BGR; a copy.
    """
    labelled = picture.copy()
    if not track:
        return labelled
    unit, height = unit_of(picture), max(9, round(0.8 * text_height_of(picture)))
    start = next_label_s = track[0].t
    last_top = -float("inf")
    for point in track:
        if point.t < next_label_s - _CLOCK_S:
            continue
        next_label_s = point.t + _LABEL_EVERY_S - _CLOCK_S
        mask = text_mask([f"{point.t - start:.1f} s"], height)
        gap = _GROWN * point.w / 2 + 8 * unit
        left = point.x + gap if point.x < picture.shape[1] / 2 else point.x - gap - mask.shape[1]
        top = min(max(point.y - mask.shape[0] / 2, 3 * unit), picture.shape[0] - mask.shape[0] - 3 * unit)
        if abs(top - last_top) < mask.shape[0] + 2 * unit:
            continue
        last_top = top
        stamp(labelled, mask, round(left), round(top), WHITE, max(1, round(1.5 * unit)))
    return labelled


def _half_frame_s(times_s: list[float]) -> float:
    """Half the shortest step: frames may be left out between the given ones, but a step is never too short."""
    steps = [b - a for a, b in pairwise(times_s) if b - a > 2 * _CLOCK_S]
    return max(min(steps, default=0.0) / 2.0, _CLOCK_S)


def _keep_crops(
    crops: dict[int, _Crop],
    before: tuple[float, ColourFrame] | None,
    after: tuple[float, ColourFrame] | None,
    track: Sequence[TrackPointRecord],
) -> None:
    """Hold the boxes of the sightings between two frames that follow on one another, each from the nearer frame."""
    for index, point in enumerate(track):
        if (before is not None and point.t <= before[0]) or (after is not None and point.t > after[0]):
            continue
        sides = [(abs(point.t - t), frame) for t, frame in (side for side in (before, after) if side is not None)]
        if not sides:
            continue
        distance_s, frame = min(sides, key=lambda side: side[0])
        if distance_s > _FARTHEST_S:
            continue
        height, width = frame.shape[:2]
        half_w, half_h = _GROWN * point.w / 2 + 3, _GROWN * point.h / 2 + 3
        left, right = max(int(point.x - half_w), 0), min(int(point.x + half_w) + 1, width)
        top, bottom = max(int(point.y - half_h), 0), min(int(point.y + half_h) + 1, height)
        if left < right and top < bottom:
            crops[index] = (distance_s, left, top, frame.part(left, top, right, bottom))


def _median(samples: list[ColourFrame]) -> Picture:
    """Per-pixel median of at most nine of the samples, a band of rows at a time to bound the memory."""
    chosen = [samples[i].whole() for i in np.unique(np.linspace(0, len(samples) - 1, _SAMPLES).round().astype(int))]
    background: Picture = np.empty_like(chosen[0])
    for top in range(0, background.shape[0], 128):
        band = [s[top : top + 128].copy() for s in chosen]
        middle = len(band) // 2  # the lower or upper middle of an even few: a value that was really seen
        # selection by pairwise minima and maxima, many bytes at a time: ten times faster than partition
        for i in range(middle + 1):
            for j in range(i + 1, len(band)):
                low = np.minimum(band[i], band[j])
                np.maximum(band[i], band[j], out=band[j])
                band[i] = low
        background[top : top + 128] = band[middle]
    return background


def _paste(picture: Picture, background: Picture, held: _Crop, point: TrackPointRecord) -> None:
    """Lay a crop over the picture where it differs from the background, with soft edges."""
    _, left, top, crop = held
    h, w = crop.shape[:2]
    place = (slice(top, top + h), slice(left, left + w))
    difference = np.abs(crop.astype(np.int16) - background[place].astype(np.int16)).max(axis=2).astype(np.float32)
    mask = cv2.GaussianBlur(np.clip((difference - _DIFFERENCE / 2) / _DIFFERENCE, 0, 1), (0, 0), 1.0)
    soft = np.minimum(1.6 * mask, 1.0) * _soft_rim(held, point)
    mixed = soft[..., None] * crop + (1 - soft[..., None]) * picture[place]
    picture[place] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _soft_rim(held: _Crop, point: TrackPointRecord) -> npt.NDArray[np.float32]:
    """Weight ``(h, w) float32`` of a crop that falls to 0 at the grown box's rim, so that no box edge shows."""
    _, left, top, crop = held
    rows, columns = np.mgrid[0 : crop.shape[0], 0 : crop.shape[1]].astype(np.float32)
    dx = (columns + left - point.x) / (_GROWN * point.w / 2 + 3)
    dy = (rows + top - point.y) / (_GROWN * point.h / 2 + 3)
    radius = np.maximum(np.abs(dx), np.abs(dy))
    weight: npt.NDArray[np.float32] = np.clip((1.0 - radius) * 4, 0, 1).astype(np.float32)
    return weight
