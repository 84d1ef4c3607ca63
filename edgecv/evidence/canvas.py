"""Ink for evidence pictures: lines, rings and text that stay readable on any wall and at any size of picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.incidents.record import TrackPointRecord

Picture = NDArray[np.uint8]
"""``(h, w, 3) uint8``, BGR."""
Colour = tuple[int, int, int]
"""Blue, green, red."""
Points = NDArray[np.float64]
"""``(n, 2) float64``, x and y in pixels."""

DARK: Colour = (24, 18, 12)
WHITE: Colour = (255, 255, 255)
PATH: Colour = (0, 200, 255)
ORIGIN: Colour = (90, 70, 255)
FLOOR: Colour = (235, 215, 90)

_SUBPIXEL_BITS = 4
_MOST_RINGS = 40  # on one path: more make a tube of it


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels, ``x0 <= x < x1``."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.y1 - self.y0

    def within(self, picture: NDArray[np.uint8]) -> bool:
        """True where the whole box lies in the picture."""
        return self.x0 >= 0 and self.y0 >= 0 and self.x1 <= picture.shape[1] and self.y1 <= picture.shape[0]

    def grown(self, by: int) -> Box:
        """The box with a margin around it."""
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def clipped(self, picture: NDArray[np.uint8]) -> Box:
        """The part of the box in the picture; empty boxes have ``x1 <= x0``."""
        return Box(max(self.x0, 0), max(self.y0, 0), min(self.x1, picture.shape[1]), min(self.y1, picture.shape[0]))

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """View of the box's pixels; the box must lie within the picture."""
        return picture[self.y0 : self.y1, self.x0 : self.x1]


class Occupancy:
    """What is already drawn where: the path (never to be covered) and everything else (better not)."""

    _SOFT, _HARD = 1, 255

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._mask = np.zeros(shape[:2], np.uint8)

    def add_path(self, points: Points, width_px: float) -> None:
        """Reserve a polyline ``(n, 2)`` and the room around it."""
        thickness = max(1, round(width_px))
        cv2.polylines(self._mask, [np.round(points).astype(np.int32)], False, self._HARD, thickness)

    def add_box(self, box: Box) -> None:
        """Note that something is drawn there."""
        inside = box.clipped(self._mask)
        if inside.width > 0 and inside.height > 0:
            np.maximum(inside.of(self._mask), self._SOFT, out=inside.of(self._mask))

    def hides_path(self, box: Box) -> bool:
        """True where something drawn there would cover the path."""
        return bool((box.clipped(self._mask).of(self._mask) == self._HARD).any())

    def cost(self, box: Box) -> float:
        """How bad it is to draw there: 0 where nothing is."""
        covered = box.clipped(self._mask).of(self._mask)
        return float(covered.sum(dtype=np.int64)) / max(1, covered.size)


def unit_of(picture: Picture) -> float:
    """Width of a fine line for this size of picture, pixels: 1 at 480 lines, 4.5 at 4K."""
    return max(1.0, _shorter_side(picture) / 480.0)


def text_height_of(picture: Picture) -> int:
    """Height of capital letters for this size of picture, pixels."""
    return max(10, round(0.021 * _shorter_side(picture)))


def ascii_of(text: str) -> str:
    """What the fonts that every OpenCV has can write; accents are dropped, other letters become ``?``."""
    plain = unicodedata.normalize("NFKD", text)
    base = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "?" for c in base)


def wrap(text: str, characters: int, most_lines: int) -> list[str]:
    """Break text into lines; what does not fit ends in dots."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= characters:
            lines[-1] += " " + word
        else:
            lines.append(word)
    lines = [line if len(line) <= characters else line[: characters - 2] + ".." for line in lines]
    if len(lines) > most_lines:
        lines = lines[:most_lines]
        lines[-1] = lines[-1][: characters - 2].rstrip(" ,:;") + ".."
    return lines


def text_mask(lines: Sequence[str], height_px: int) -> NDArray[np.uint8]:
    """Coverage ``(h, w) uint8`` of lines of ASCII text with capitals ``height_px`` high, cropped to its ink."""
    scale = height_px / 21.0  # capitals of FONT_HERSHEY_SIMPLEX are 21 px high at scale 1
    thickness = max(1, round(height_px / 9))
    step = round(1.75 * height_px)
    widths = [cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)[0][0] for line in lines]
    mask = np.zeros((step * (len(lines) + 1), max(widths, default=0) + 4 * height_px), np.uint8)
    for row, line in enumerate(lines):
        place = (height_px, step * (row + 1))
        cv2.putText(mask, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(mask)
    return mask[y : y + h, x : x + w]


def stamp(picture: Picture, mask: NDArray[np.uint8], x: int, y: int, colour: Colour, halo_px: int) -> None:
    """Paint text coverage with its upper left corner at ``(x, y)``, on a dark halo; parts outside are cut off."""
    padded = np.pad(mask, halo_px + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * halo_px + 1, 2 * halo_px + 1))
    halo = cv2.dilate(padded, kernel)
    place = Box(x - halo_px - 1, y - halo_px - 1, x - halo_px - 1 + padded.shape[1], y - halo_px - 1 + padded.shape[0])
    inside = place.clipped(picture)
    if inside.width <= 0 or inside.height <= 0:
        return
    rows = slice(inside.y0 - place.y0, inside.y1 - place.y0)
    columns = slice(inside.x0 - place.x0, inside.x1 - place.x0)
    area = inside.of(picture)
    for coverage, ink in ((halo, DARK), (padded, colour)):
        share = coverage[rows, columns, None].astype(np.float32) / 255.0
        area[:] = np.round(area * (1.0 - share) + np.array(ink, np.float32) * share).astype(np.uint8)


def line(picture: Picture, a: Sequence[float], b: Sequence[float], colour: Colour, width: float) -> None:
    """A line with a dark edge."""
    for ink, thickness in ((DARK, width + 2.0 * max(1.0, 0.6 * width)), (colour, width)):
        cv2.line(picture, _fixed(a), _fixed(b), ink, max(1, round(thickness)), cv2.LINE_AA, _SUBPIXEL_BITS)


def ring(picture: Picture, centre: Sequence[float], radius: float, colour: Colour, width: float) -> None:
    """A circle with a dark edge."""
    for ink, thickness in ((DARK, width + 2.0 * max(1.0, 0.6 * width)), (colour, width)):
        size = round(radius * (1 << _SUBPIXEL_BITS))
        cv2.circle(picture, _fixed(centre), size, ink, max(1, round(thickness)), cv2.LINE_AA, _SUBPIXEL_BITS)


def cross_hair(picture: Picture, at: Sequence[float], gap: float, arm: float, width: float) -> None:
    """Four arms around a point that leave the point itself open."""
    x, y = at
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        start = (x + gap * dx, y + gap * dy)
        line(picture, start, (x + (gap + arm) * dx, y + (gap + arm) * dy), ORIGIN, width)


def dashes(points: Points, dash_px: float, gap_px: float) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Cut a polyline ``(n, 2)`` into dashes."""
    if len(points) < 2:
        return
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    starts = np.arange(0.0, along[-1], dash_px + gap_px)
    for start in starts:
        ends = np.array([start, min(start + dash_px, along[-1])])
        x, y = np.interp(ends, along, points[:, 0]), np.interp(ends, along, points[:, 1])
        yield (float(x[0]), float(y[0])), (float(x[1]), float(y[1]))


def centres_of(track: Sequence[TrackPointRecord]) -> Points:
    """Centres ``(n, 2)`` of the sightings, pixels."""
    return np.array([(p.x, p.y) for p in track], np.float64).reshape(-1, 2)


def spaced(centres: Points, distance_px: float, start: int = 0) -> Points:
    """Of sightings ``(n, 2)``: number ``start`` and, out from it, each at least ``distance_px`` from the last."""
    if not len(centres):
        return centres
    length = float(np.hypot(*np.diff(centres, axis=0).T).sum()) if len(centres) > 1 else 0.0
    distance_px = max(distance_px, length / _MOST_RINGS)
    ringed = {start}
    for direction in (range(start - 1, -1, -1), range(start + 1, len(centres))):
        last = centres[start]
        for index in direction:
            if float(np.hypot(*(centres[index] - last))) >= distance_px:
                last = centres[index]
                ringed.add(index)
    return centres[sorted(ringed)]


def near(picture: Picture, points: Points) -> Points:
    """Points ``(n, 2)``, those far outside pulled in towards the picture, so that drawing to them stays cheap."""
    height, width = picture.shape[:2]
    offset = np.asarray(points, np.float64) - (width / 2.0, height / 2.0)
    distance = np.hypot(*offset.T)
    limit = 2.0 * (width + height)
    pulled: Points = offset * (limit / np.maximum(distance, limit))[:, None] + (width / 2.0, height / 2.0)
    return pulled


def _shorter_side(picture: Picture) -> int:
    height, width = picture.shape[:2]
    return int(min(height, width))


def _fixed(point: Sequence[float]) -> tuple[int, int]:
    """OpenCV's fixed-point coordinates; held near the picture, where its integers cannot overflow."""
    limit = 1 << 14
    x, y = (max(-limit, min(limit, float(value))) for value in point[:2])
    return round(x * (1 << _SUBPIXEL_BITS)), round(y * (1 << _SUBPIXEL_BITS))
