"""How often a thing could be seen at all: matched boxes at its true place in the decoded video.

A throw that no method could see says nothing of a detector, so recall is also counted over those that could be seen. A
*sighting* is a frame in which the mean over a box of the object's own size, at its true place, differs from the
temporal median of the same box within a second before and after by more than 5 of its own standard deviations there.
Frames in which the object itself covers the box are left out of both.

The same measure beside the path says how often noise, weather or leaves alone do as much; the threshold of an event
rises until they do in less than 3 % of frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.truth import TruthEvent

Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]

SIGNIFICANT_SD = 5.0
"""Standard deviations that make a sighting: what a detector needs that looks at every pixel of every frame."""
FEWEST_SIGHTINGS = 12
"""Sightings that make a throw visible: half a second at 25 frames a second; a parabola's bend needs as many."""
FALSE_SHARE = 0.03
"""Largest share of places beside the path that may look like a sighting."""
_REFERENCE_S = 1.0
_FEWEST_REFERENCES = 8
"""Frames without the object that a median and a deviation need; what stays as long cannot be told from a wall."""
_LEAST_NOISE = 0.3
"""Grey levels: deviation of rounding to whole numbers (1 / sqrt 12); a still region of H.264 has less."""
_SEARCH_PX, _SEARCH_HAND_MADE_PX = 2, 5
"""Around the true place: drawn truth is exact up to blur and the codec's block motion, marked truth to 5 px."""
_WIDEST_PX = 24
"""Pixels of a box a side; of a larger one every second, third … pixel is read, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What could be seen of an event.

    Attributes:
        sightings: frames in which it stands out at its true place.
        median_snr: median over its frames of the difference in standard deviations; None where none was measured.
        threshold_sd: standard deviations asked for: 5, or more where as much happens beside the path.
        false_share: share of the places beside the path above 5 standard deviations; None where none was measured.
    """

    sightings: int
    median_snr: float | None
    threshold_sd: float
    false_share: float | None

    @property
    def visible(self) -> bool:
        """Whether there are at least 12 sightings."""
        return self.sightings >= FEWEST_SIGHTINGS


@dataclass(slots=True, eq=False)
class _Place:
    """One box in one frame, with the same box in the frames around it."""

    event: int
    beside: bool
    frame: int
    t_s: float
    rows: slice
    columns: slice
    window: tuple[int, int]  # rows and columns of the box among those that are read
    own: UInt8 | None = None
    references: list[UInt8] = field(default_factory=list)

    def significance(self) -> float | None:
        """The largest difference around the place, in standard deviations; None with too little to compare."""
        if self.own is None or len(self.references) < _FEWEST_REFERENCES:
            return None
        means = _box_means(np.stack([self.own, *self.references]), self.window)
        noise = np.maximum(means[1:].std(axis=0), _LEAST_NOISE)
        return float((np.abs(means[0] - np.median(means[1:], axis=0)) / noise).max())


class SightingCounter:
    """Takes a video's frames one after the other and keeps small patches of the last two seconds alone.

    Args:
        events: of the video.
        size: ``(width, height)`` of the picture, pixels.
    """

    def __init__(self, events: Sequence[TruthEvent], size: tuple[int, int]) -> None:
        self._paths = [event.path for event in events]
        self._significances: list[tuple[list[float], list[float]]] = [([], []) for _ in events]
        places = [place for n, event in enumerate(events) for place in _places(n, event, size)]
        self._waiting = sorted(places, key=lambda place: place.t_s, reverse=True)
        self._open: list[_Place] = []

    def add(self, frame: Frame) -> None:
        """Take the next frame; its picture is not needed afterwards."""
        if not self._waiting and not self._open:
            return
        while self._waiting and self._waiting[-1].t_s <= frame.t_s + _REFERENCE_S:
            self._open.append(self._waiting.pop())
        boxes = [_box_at(path, frame) for path in self._paths]
        still_open = []
        for place in self._open:
            if frame.t_s > place.t_s + _REFERENCE_S:
                self._close(place)
                continue
            still_open.append(place)
            if frame.index == place.frame:
                place.own = frame.luma[place.rows, place.columns].copy()
            elif not _covers(boxes[place.event], place):
                place.references.append(frame.luma[place.rows, place.columns].copy())
        self._open = still_open

    def results(self) -> list[Visibility]:
        """What could be seen of each event, once the video is over."""
        for place in self._open:
            self._close(place)
        self._open = []
        return [_visibility(own, beside) for own, beside in self._significances]

    def _close(self, place: _Place) -> None:
        significance = place.significance()
        if significance is not None:
            self._significances[place.event][place.beside].append(significance)


def _visibility(own: Sequence[float], beside: Sequence[float]) -> Visibility:
    elsewhere = np.array(beside, np.float64)
    threshold = max(SIGNIFICANT_SD, float(np.quantile(elsewhere, 1.0 - FALSE_SHARE))) if beside else SIGNIFICANT_SD
    return Visibility(
        sightings=sum(value > threshold for value in own),
        median_snr=float(np.median(own)) if own else None,
        threshold_sd=threshold,
        false_share=float((elsewhere > SIGNIFICANT_SD).mean()) if beside else None,
    )


def _places(number: int, event: TruthEvent, size: tuple[int, int]) -> Iterator[_Place]:
    """The event's own places, and two beside each of them, across its way."""
    search = _SEARCH_HAND_MADE_PX if event.contrast is None else _SEARCH_PX
    path = event.path
    ways = np.gradient(path.xywh[:, :2], axis=0) if len(path.frames) > 1 else np.array([[0.0, 1.0]])
    for frame, t_s, (x, y, w, h), way in zip(
        path.frames.tolist(), path.t_s.tolist(), path.xywh.tolist(), ways, strict=True
    ):
        length = float(np.hypot(*way))
        across = np.array([-way[1], way[0]]) / length if length > 1e-6 else np.array([1.0, 0.0])
        # beyond the object, its search and the blocks of the codec that it disturbs
        away = (max(w, h) + 2.0 * search + 16.0) * across
        for side in (0.0, -1.0, 1.0):
            centre = (x + side * away[0], y + side * away[1])
            place = _place(number, side != 0.0, frame, t_s, centre, (w, h), search, size)
            if place is not None:
                yield place


def _place(
    number: int,
    beside: bool,
    frame: int,
    t_s: float,
    centre: tuple[float, float],
    extent: tuple[float, float],
    search: int,
    size: tuple[int, int],
) -> _Place | None:
    """A box around ``centre`` with what is searched around it in the picture; None where the box does not fit in."""
    half_w, half_h = (max(1, round(max(side, 2.0) / 2.0)) for side in extent)
    step = max(1, -(-(2 * max(half_w, half_h) + 1) // _WIDEST_PX))
    x, y = round(centre[0]), round(centre[1])
    x0, x1, y0, y1 = x - half_w - search, x + half_w + search + 1, y - half_h - search, y + half_h + search + 1
    x0, x1, y0, y1 = max(x0, 0), min(x1, size[0]), max(y0, 0), min(y1, size[1])
    if x1 - x0 < 2 * half_w + step or y1 - y0 < 2 * half_h + step:
        return None
    window = (max(1, (2 * half_h + 1) // step), max(1, (2 * half_w + 1) // step))
    return _Place(number, beside, frame, t_s, slice(y0, y1, step), slice(x0, x1, step), window)


def _box_means(patches: UInt8, window: tuple[int, int]) -> Float64:
    """Means ``(n, rows, columns)`` over every box of ``window`` inside patches ``(n, h, w)``, by summed areas."""
    summed = np.zeros((len(patches), patches.shape[1] + 1, patches.shape[2] + 1), np.float64)
    summed[:, 1:, 1:] = patches.cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    h, w = window
    inside = summed[:, h:, w:] - summed[:, :-h, w:] - summed[:, h:, :-w] + summed[:, :-h, :-w]
    return np.asarray(inside / (h * w), np.float64)


def _box_at(path: BoxPath, frame: Frame) -> tuple[float, float, float, float] | None:
    """Left, right, top and bottom of the object in a frame, interpolated where it is hidden; None outside its time."""
    if not path.first <= frame.index <= path.last:
        return None
    x, y, w, h = path.at(np.array([frame.index]))[0].tolist()
    return x - w / 2.0, x + w / 2.0, y - h / 2.0, y + h / 2.0


def _covers(box: tuple[float, float, float, float] | None, place: _Place) -> bool:
    if box is None or place.beside:
        return False
    left, right, top, bottom = box
    rows, columns = place.rows, place.columns
    return bool(left < columns.stop and right > columns.start and top < rows.stop and bottom > rows.start)
