"""The facade as a plan: floors from the ground up, windows from left to right, in metres on the plane Z = 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera

_BESIDE_M = 0.7  # a balcony is wider than its window


@dataclass(frozen=True, slots=True)
class WindowSpan:
    """A column of windows: its name, its edges along X, and how far its balconies stand out (0: none), metres."""

    name: str
    left_m: float
    right_m: float
    balcony_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """Another facade that the camera sees.

    Attributes:
        plan: its floors and windows, in its own coordinates.
        origin_m: its X = 0, Y = 0 in the coordinates of the facade it is beside.
        turn_deg: by how much it is turned about the vertical, anticlockwise as seen from above.
    """

    plan: FacadePlan
    origin_m: tuple[float, float, float]
    turn_deg: float

    def in_parent(self, point_m: tuple[float, float, float]) -> tuple[float, float, float]:
        """A point of its own coordinates in those of the facade it is beside."""
        turn = np.radians(self.turn_deg)
        x, y, z = point_m
        along, out = x * np.cos(turn) + z * np.sin(turn), z * np.cos(turn) - x * np.sin(turn)
        return float(self.origin_m[0] + along), self.origin_m[1] + y, float(self.origin_m[2] + out)


@dataclass(frozen=True, slots=True, eq=False)
class FacadePlan:
    """Floors and windows.

    Attributes:
        floor_names: from the ground up; floor ``n`` (1-based) is ``floor_names[n - 1]``.
        floor_edges_m: ``(floors + 1,) float64`` heights of the floors' feet and of the roof, strictly increasing.
        windows: left to right, not overlapping.
        name: what people call the facade; empty where it is the only one.
        beside: facades that the same camera sees, by where they stand.
        parapet_m: how far above the uppermost floor something may be thrown from: the roof and who stands on it.
        roof_depth_m: how far the roof stands out in front of the plane.
    """

    floor_names: tuple[str, ...]
    floor_edges_m: NDArray[np.float64]
    windows: tuple[WindowSpan, ...]
    parapet_m: float = 1.5
    roof_depth_m: float = 0.0
    name: str = ""
    beside: tuple[Neighbour, ...] = ()

    @classmethod
    def of(
        cls,
        floor_heights_m: Sequence[float],
        windows: Sequence[tuple[str, float, float] | tuple[str, float, float, float]] = (),
        floor_names: Sequence[str] | None = None,
        ground_m: float = 0.0,
        parapet_m: float = 1.5,
        roof_depth_m: float = 0.0,
        name: str = "",
        beside: Sequence[Neighbour] = (),
    ) -> FacadePlan:
        """Build a plan from floor heights (bottom up) and windows ``(name, left, right[, balcony])`` in any order.

        Raises:
            ValueError: no floor, a height that is not positive, or windows that overlap.
        """
        heights = np.asarray(floor_heights_m, np.float64)
        if len(heights) == 0 or not np.all(heights > 0):
            raise ValueError("a facade needs at least one floor, and every floor a height above 0 m")
        spans = tuple(sorted((WindowSpan(*w) for w in windows), key=lambda span: span.left_m))
        for left, right in pairwise(spans):
            if right.left_m < left.right_m:
                raise ValueError(f"windows {left.name!r} and {right.name!r} overlap")
        names = tuple(floor_names) if floor_names is not None else tuple(str(n + 1) for n in range(len(heights)))
        edges = ground_m + np.concatenate([[0.0], np.cumsum(heights)])
        return cls(names, edges, spans, parapet_m, roof_depth_m, name, tuple(beside))

    @property
    def floor_count(self) -> int:
        """Number of floors."""
        return len(self.floor_names)

    def floor_at(self, y_m: float) -> int | None:
        """1-based floor at a height, or None below the ground or above the roof."""
        n = int(np.searchsorted(self.floor_edges_m, y_m, side="right"))
        return n if 1 <= n <= self.floor_count else None

    def floor_span_m(self, floor: int) -> tuple[float, float]:
        """Foot and top of a 1-based floor."""
        return float(self.floor_edges_m[floor - 1]), float(self.floor_edges_m[floor])

    def window_at(self, x_m: float) -> tuple[int, str] | None:
        """0-based index and name of the window column that claims ``x_m``, or None.

        A thing leaves through a window but is never seen exactly in its frame, so the wall between two windows is
        shared at its middle; beyond the outermost windows nothing is claimed farther than half the usual gap.
        """
        index = int(self.windows_at(np.array([x_m]))[0])
        return (index, self.windows[index].name) if index >= 0 else None

    def windows_at(self, x_m: NDArray[np.float64]) -> NDArray[np.intp]:
        """The indices ``(n,)`` that :meth:`window_at` gives for ``(n,)`` places, -1 where no window claims one."""
        if not self.windows:
            return np.full(len(x_m), -1, np.intp)
        gaps = [b.left_m - a.right_m for a, b in pairwise(self.windows)]
        margin = max(0.5, (float(np.median(gaps)) if gaps else 1.0) / 2.0)
        left, right = np.array([[w.left_m, w.right_m] for w in self.windows]).T
        away = np.maximum(np.maximum(left - x_m[:, None], x_m[:, None] - right), 0.0)
        index = np.argmin(away, axis=1)
        return np.where(away[np.arange(len(x_m)), index] <= margin, index, -1)

    def faces(self, camera: PinholeCamera) -> list[tuple[FacadePlan, PinholeCamera]]:
        """This facade and those beside it, each with the camera in its coordinates."""
        return [(self, camera), *((n.plan, camera.seen_from(n.origin_m, n.turn_deg)) for n in self.beside)]

    @property
    def drawn_width_m(self) -> tuple[float, float]:
        """From where to where along the facade floors are drawn."""
        if not self.windows:
            return -10.0, 10.0
        return self.windows[0].left_m - 1.0, self.windows[-1].right_m + 1.0

    def scaled(self, scale: float) -> FacadePlan:
        """The same facade with every length times ``scale``; those beside it are left out."""
        windows = tuple(
            WindowSpan(w.name, w.left_m * scale, w.right_m * scale, w.balcony_m * scale) for w in self.windows
        )
        return replace(self, floor_edges_m=self.floor_edges_m * scale, windows=windows, beside=())

    def balcony_depth_at(self, x_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far ``(n,)`` balconies stand out at ``(n,)`` places along the facade; 0 where there are none."""
        depth = np.zeros(len(x_m))
        for span in self.windows:
            if span.balcony_m > 0.0:
                near = (x_m > span.left_m - _BESIDE_M) & (x_m < span.right_m + _BESIDE_M)
                depth[near] = span.balcony_m
        return depth
