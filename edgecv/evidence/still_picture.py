"""The still: one frame with the path, where it came from, and that place enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.evidence.canvas import (
    DARK,
    FLOOR,
    ORIGIN,
    PATH,
    WHITE,
    Box,
    Occupancy,
    Picture,
    Points,
    ascii_of,
    centres_of,
    cross_hair,
    dashes,
    line,
    near,
    ring,
    spaced,
    stamp,
    text_height_of,
    text_mask,
    unit_of,
    wrap,
)
from edgecv.incidents.record import Origin, TrackPointRecord

FloorLine = tuple[tuple[float, float], tuple[float, float], str]
"""Both ends of a floor's foot, pixels, and the floor's name."""

_ZOOM = 4
_STRONG_EDGE = 120  # grey levels of a Laplacian: window frames stay below, burned-in letters do not
_WORTH_TELLING = 0.005  # probability of a runner-up
_INSET_SHARES = (0.34, 0.27, 0.2)  # of the picture's shorter side, the largest that finds a free corner


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A picture being drawn on: its measures and what is already where."""

    picture: Picture
    unit: float
    text_px: int
    occupancy: Occupancy
    between: list[int]
    """First row and row after the last that the caption leaves free."""


def still_picture(
    frame_bgr: Picture,
    track: Sequence[TrackPointRecord],
    fitted_path: NDArray[np.float64] | None,
    origin: Origin,
    floor_lines: Sequence[FloorLine] = (),
    window_outline: NDArray[np.float64] | None = None,
    caption: str = "",
    frame_s: float | None = None,
) -> Picture:
    """Draw what was found on a copy of one frame.

    Args:
        frame_bgr: ``(h, w, 3) uint8``, as recorded.
        track: the sightings, in order; pixels of this frame.
        fitted_path: ``(m, 2) float64`` pixels, the fitted fall in order of time, or None.
        origin: where it came from; its pixel gets the cross-hair.
        floor_lines: feet of the floors around the origin.
        window_outline: ``(4, 2) float64`` pixels, the window it came from, or None.
        caption: one sentence; letters outside ASCII are written as ``?``.
        frame_s: time of the frame on the track's clock, so that the thing seen in it gets a ring of its own.

    Returns:
        ``(h, w, 3) uint8``.
    """
    picture = frame_bgr.copy()
    sheet = _Sheet(picture, unit_of(picture), text_height_of(picture), Occupancy(picture.shape), [0, len(picture)])
    centres = centres_of(track)
    radius = _ring_radius(track, sheet.unit)
    shown = 0 if frame_s is None or not track else min(range(len(track)), key=lambda n: abs(track[n].t - frame_s))
    ringed = spaced(centres, 2.2 * radius + 3.0 * sheet.unit, shown)
    _reserve(sheet, centres, fitted_path, origin, radius)
    _draw_floors(sheet, floor_lines, window_outline, origin)
    _draw_path(sheet, centres, ringed, fitted_path, origin, radius)
    _draw_caption(sheet, caption)
    if origin.pixel is not None:
        _draw_origin(sheet, origin, origin.pixel)
        _draw_inset(sheet, frame_bgr, ringed, radius, origin.pixel)
    return picture


def origin_label(origin: Origin) -> str:
    """The origin in a few ASCII words, as written beside the cross-hair."""
    if origin.floor is None:
        return "origin pixel; floor unknown" + (f": {ascii_of(origin.reason)}" if origin.reason else "")
    words = [f"floor {ascii_of(origin.floor_name or str(origin.floor))}"]
    window = origin.window
    if window is not None:
        # a name that ASCII cannot hold is replaced by the window's place in the row
        is_ascii = window.isascii() or origin.window_index is None
        words.append(f"window {ascii_of(window)}" if is_ascii else f"window no. {(origin.window_index or 0) + 1}")
    p = sum(c.p for c in origin.candidates if c.floor == origin.floor and window in (None, c.window))
    if p <= 0:
        return ", ".join(words)
    return ", ".join([*words, f"p {p:.2f}"]) + _runner_up(origin)


def _runner_up(origin: Origin) -> str:
    """The next likely place, where it is worth knowing."""
    alternatives = [c for c in origin.candidates if c.floor != origin.floor or origin.window not in (None, c.window)]
    second = max(alternatives, key=lambda c: c.p, default=None)
    if second is None or second.p < _WORTH_TELLING:
        return ""
    window = f" window {second.window}" if second.window is not None and second.window.isascii() else ""
    return f"; next floor {ascii_of(second.floor_name or str(second.floor))}{window}, p {second.p:.2f}"


def _ring_radius(track: Sequence[TrackPointRecord], unit: float) -> float:
    """Wide enough to leave the thing itself open, small enough to stay a mark."""
    if not track:
        return 4.0 * unit
    diagonal = float(np.median([np.hypot(p.w, p.h) for p in track]))
    return max(4.0 * unit, 0.5 * diagonal + 4.0 * unit)


def _reserve(sheet: _Sheet, centres: Points, fitted: Points | None, origin: Origin, radius: float) -> None:
    width = 2.0 * radius + 4.0 * sheet.unit
    if len(centres):
        sheet.occupancy.add_path(near(sheet.picture, centres), width)
    if fitted is not None and len(fitted):
        sheet.occupancy.add_path(near(sheet.picture, fitted), 6.0 * sheet.unit)
    if origin.pixel is not None:
        start = centres[:1] if fitted is None or not len(fitted) else np.asarray(fitted)[:1]
        sheet.occupancy.add_path(near(sheet.picture, np.concatenate([[origin.pixel], start])), 16.0 * sheet.unit)


def _draw_floors(
    sheet: _Sheet, floor_lines: Sequence[FloorLine], outline: NDArray[np.float64] | None, origin: Origin
) -> None:
    feet = sorted(floor_lines, key=lambda item: -(item[0][1] + item[1][1]))
    if origin.pixel is not None:
        for lower, upper in pairwise(feet):
            if _height_at(lower, origin.pixel[0]) >= origin.pixel[1] > _height_at(upper, origin.pixel[0]):
                _tint(sheet.picture, np.array([lower[0], lower[1], upper[1], upper[0]]), 0.16)
    height, width = sheet.picture.shape[:2]
    for a, b, name in feet:
        line(sheet.picture, a, b, FLOOR, sheet.unit)
        left = min(a, b)
        mask = text_mask([ascii_of(name)], sheet.text_px)
        x = int(np.clip(left[0] + 6 * sheet.unit, 6 * sheet.unit, max(1, width - mask.shape[1] - 4)))
        y = round(_height_at((a, b, name), x) - mask.shape[0] - 4 * sheet.unit)
        box = Box(x, y, x + mask.shape[1], y + mask.shape[0])
        if 0 <= y < height and not sheet.occupancy.hides_path(box):
            stamp(sheet.picture, mask, x, y, FLOOR, max(1, round(1.5 * sheet.unit)))
            sheet.occupancy.add_box(box)
    if outline is not None:
        _tint(sheet.picture, outline, 0.22)
        for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            line(sheet.picture, a, b, FLOOR, 1.5 * sheet.unit)


def _height_at(foot: FloorLine, x: float) -> float:
    """Height of a floor's foot in the picture at ``x``, the line being as long as needed."""
    (x0, y0), (x1, y1), _ = foot
    return y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _tint(picture: Picture, corners: NDArray[np.float64], share: float) -> None:
    outline = np.clip(np.round(corners), -16384, 16384).astype(np.int32)
    left, top, width, height = cv2.boundingRect(outline)
    around = Box(left, top, left + width, top + height).clipped(picture)
    if around.width <= 0 or around.height <= 0:
        return
    mask = np.zeros((around.height, around.width), np.uint8)
    cv2.fillPoly(mask, [outline], 255, offset=(-around.x0, -around.y0))
    inside, area = mask > 0, around.of(picture)
    tinted = np.round(np.arange(256)[:, None] * (1.0 - share) + np.array(FLOOR) * share).astype(np.uint8)
    area[inside] = tinted[area[inside], np.arange(3)]


def _draw_path(
    sheet: _Sheet, centres: Points, ringed: Points, fitted: Points | None, origin: Origin, radius: float
) -> None:
    unit = sheet.unit
    curve = centres if fitted is None or len(fitted) < 2 else np.asarray(fitted, np.float64)
    if origin.pixel is not None and len(curve):
        curve = _from_origin(curve, origin.pixel)
    for a, b in dashes(near(sheet.picture, curve), 6.0 * unit, 5.0 * unit):
        # the thing itself stays open: no ink inside a ring
        middle = ((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0)
        if len(ringed) and float(np.hypot(*(ringed - middle).T).min()) < radius + 3.0 * unit:
            continue
        line(sheet.picture, a, b, PATH, unit)
    for centre in ringed:
        ring(sheet.picture, centre, radius, PATH, unit)


def _from_origin(curve: Points, pixel: tuple[float, float]) -> Points:
    """The curve from the origin on: what a fit says of the time before is kept where it leads there."""
    nearest = int(np.argmin(np.hypot(*(curve - pixel).T)))
    return np.concatenate([[pixel], curve[nearest:]])


def _draw_caption(sheet: _Sheet, caption: str) -> None:
    """One sentence on a dark strip above or below; in a corner where the path reaches both; never over the path."""
    if not caption.strip():
        return
    height, width = sheet.picture.shape[:2]
    text_px = round(1.15 * sheet.text_px)
    for share, most_lines in ((1.0, 3), (0.5, 5), (0.38, 7)):
        letters = max(8, int((share * width - 4 * text_px) / (0.78 * text_px)))
        mask = text_mask(wrap(ascii_of(caption), letters, most_lines), text_px)
        strip = mask.shape[0] + round(1.6 * text_px)
        across = width if share == 1.0 else mask.shape[1] + 2 * text_px
        if across > width or mask.shape[1] > width or strip > height // 3:
            continue
        places = [Box(x, y, x + across, y + strip) for y in (height - strip, 0) for x in (0, width - across)]
        box = min(places, key=sheet.occupancy.cost)
        if not sheet.occupancy.hides_path(box):
            break
    else:
        return
    area = box.of(sheet.picture)
    area[:] = np.round(area * 0.28 + np.array(DARK) * 0.72).astype(np.uint8)
    stamp(sheet.picture, mask, box.x0 + text_px, box.y0 + (strip - mask.shape[0]) // 2, WHITE, 1)
    sheet.occupancy.add_box(box)
    sheet.between[:] = [box.y1, height] if box.y0 == 0 else [0, box.y0]


def _draw_origin(sheet: _Sheet, origin: Origin, pixel: tuple[float, float]) -> None:
    unit = sheet.unit
    height, width = sheet.picture.shape[:2]
    outside = not (0 <= pixel[0] < width and 0 <= pixel[1] < height)
    at = (float(np.clip(pixel[0], 0, width - 1)), float(np.clip(pixel[1], 0, height - 1)))
    cross_hair(sheet.picture, at, 5.0 * unit, 9.0 * unit, 1.6 * unit)
    label = origin_label(origin) + (" (outside the picture)" if outside else "")
    mask = text_mask(wrap(label, max(12, min(34, int(0.45 * width / sheet.text_px))), 4), sheet.text_px)
    # clear of the cross-hair and of the frame around what the inset shows
    reach = round(max(18 * unit, _INSET_SHARES[0] * min(height, width) / _ZOOM / 2 + 6 * unit))
    halo = max(1, round(1.5 * unit))
    x, y = round(at[0]), round(at[1])
    w, h = mask.shape[1], mask.shape[0]
    columns = (x + reach, x - reach - w, x - w // 2)
    rows = (y - h // 2, y - reach - h, y + reach)
    places = [Box(left, top, left + w, top + h) for top in rows for left in columns]
    free = [box for box in places if box.grown(halo + 1).within(sheet.picture)]
    if not free:
        return
    box = min(free, key=lambda b: sheet.occupancy.cost(b.grown(2 * halo)))
    stamp(sheet.picture, mask, box.x0, box.y0, WHITE, halo)
    sheet.occupancy.add_box(box.grown(2 * halo))


def _draw_inset(sheet: _Sheet, frame: Picture, ringed: Points, radius: float, pixel: tuple[float, float]) -> None:
    """The origin's surroundings enlarged, in the emptiest corner; left out where every corner holds the path."""
    height, width = frame.shape[:2]
    unit = sheet.unit
    for share in _INSET_SHARES:
        side = int(share * min(height, width)) // _ZOOM * _ZOOM
        place = _free_corner(sheet, side, round(8 * unit))
        if place is not None:
            break
    else:
        return
    reach = side // _ZOOM
    left = int(np.clip(round(pixel[0] - reach / 2), 0, width - reach))
    top = int(np.clip(round(pixel[1] - reach / 2), 0, height - reach))
    source = Box(left, top, left + reach, top + reach)
    if reach < 12 or not (left <= pixel[0] <= source.x1 and top <= pixel[1] <= source.y1):
        return
    enlarged = cv2.resize(source.of(frame), (side, side), interpolation=cv2.INTER_CUBIC).astype(np.uint8)

    def inside(point: Sequence[float]) -> tuple[float, float]:
        return (point[0] - left + 0.5) * _ZOOM - 0.5, (point[1] - top + 0.5) * _ZOOM - 0.5

    for centre in ringed:
        ring(enlarged, inside(centre), radius * _ZOOM, PATH, unit)
    cross_hair(enlarged, inside(pixel), 10.0 * unit, 12.0 * unit, 1.6 * unit)
    stamp(enlarged, text_mask(["x4"], sheet.text_px), round(6 * unit), round(6 * unit), WHITE, max(1, round(unit)))
    place.of(sheet.picture)[:] = enlarged
    for box in (place, source):
        corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            line(sheet.picture, a, b, ORIGIN, unit)


def _free_corner(sheet: _Sheet, side: int, margin: int) -> Box | None:
    """The corner with least drawn and least to be seen in it; None where the path runs through all."""
    width = sheet.picture.shape[1]
    top, foot = sheet.between
    if side + 2 * margin > min(foot - top, width):
        return None
    corners = [
        Box(x, y, x + side, y + side)
        for y in (top + margin, foot - margin - side)
        for x in (margin, width - margin - side)
    ]
    free = [box for box in corners if not sheet.occupancy.hides_path(box.grown(margin))]
    return min(free, key=lambda box: (sheet.occupancy.cost(box), _detail(box.of(sheet.picture))), default=None)


def _detail(area: Picture) -> float:
    """Share of strong edges: high for a clock burned into the picture, low for a plain sky or wall."""
    grey = cv2.cvtColor(area, cv2.COLOR_BGR2GRAY)
    return float((np.abs(cv2.Laplacian(grey, cv2.CV_16S)) > _STRONG_EDGE).mean())
