"""A calibration: which pixel shows which point of the facade."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber, entries, number_pair, part

Side = Annotated[WholeNumber, Field(ge=1, le=32768)]

FLATTEST = 1e-4
"""Points whose spread across their longest line is below this share of its length count as one line: 5 mm in 50 m,
a tenth of a pixel in a thousand, both below what can be marked by hand."""


class Point(Section):
    """One point that was found both in the picture and on the building."""

    pixel: tuple[Number, Number] = Field(description="[x, y] in pixels of the full picture, y down")
    facade: tuple[Number, Number] = Field(description="[X, Y] on the facade plane in metres, X right, Y up")
    depth: Number = Field(default=0.0, description="how far the point stands out in front of that plane, metres")
    of: NonBlankText | None = Field(
        default=None, description="the facade whose plane is meant, where it is not the camera's own but one beside it"
    )


PixelPair = tuple[tuple[Number, Number], tuple[Number, Number]]


class Calibration(Section):
    """What a calibration file holds."""

    image_size: tuple[Side, Side] = Field(description="[width, height] of the camera's full picture in pixels")
    points: Annotated[tuple[Point, ...], Field(min_length=4)] = Field(
        description="a list of four or more points: {pixel: [x, y], facade: [X, Y]}"
    )
    verticals: tuple[PixelPair, ...] = Field(
        default=(), description="a list of edges of the building that are vertical: [[x, y], [x, y]], pixels"
    )
    distortion: tuple[Number, Number, Number, Number, Number] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0),
        description="the lens distortion, OpenCV's five numbers [k1, k2, p1, p2, k3]",
    )
    focal_px: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="the focal length in pixels; solved from the points when left out"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Pixels lie in the picture, no point is given twice, and the points span a plane."""
        points = entries(values, "points")
        size = number_pair(values.get("image_size"))
        yield from _outside(points, size)
        in_plane = [n for n, point in enumerate(points) if not part(point, "depth") and part(point, "of") is None]
        for key in ("pixel", "facade"):
            pairs = [number_pair(part(point, key)) for point in points]
            pairs_to_compare = [None if key == "facade" and n not in in_plane else pair for n, pair in enumerate(pairs)]
            yield from _repeated(key, pairs_to_compare)
            in_plane_pairs = [pair for n, pair in enumerate(pairs) if pair is not None and n in in_plane]
            if len(in_plane_pairs) == len(in_plane) >= 4 and _on_one_line(in_plane_pairs):
                text = f"the {key} points lie on one line and fix no plane; add points away from that line"
                yield Conflict(("points",), text)


def _outside(points: list[object], size: tuple[float, float] | None) -> Iterator[Conflict]:
    if size is None or min(size) <= 0:
        return
    for index, point in enumerate(points):
        pixel = number_pair(part(point, "pixel"))
        if pixel is not None and not (0 <= pixel[0] <= size[0] and 0 <= pixel[1] <= size[1]):
            text = f"lies outside the picture of {size[0]:g}x{size[1]:g}; check the point and image_size"
            yield Conflict(("points", index, "pixel"), text)


def _repeated(key: str, pairs: list[tuple[float, float] | None]) -> Iterator[Conflict]:
    first: dict[tuple[float, float], int] = {}
    for index, pair in enumerate(pairs):
        if pair is None:
            continue
        if pair in first:
            text = f"is the same as that of points[{first[pair]}]; each point may be given once"
            yield Conflict(("points", index, key), text)
        first.setdefault(pair, index)


def _on_one_line(points: list[tuple[float, float]]) -> bool:
    x0, y0 = points[0]
    far_x, far_y = max(points, key=lambda p: math.hypot(p[0] - x0, p[1] - y0))
    length = math.hypot(far_x - x0, far_y - y0)
    across = max(abs((far_x - x0) * (y - y0) - (far_y - y0) * (x - x0)) for x, y in points)
    return across <= FLATTEST * length * length
