"""Sightings of one object as arrays, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from edgecv.tracking.track import TrackPoint
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_NEIGHBOURS = 9  # sightings, by which the length of one that is cut is judged
_EDGE_PX = 1.0
"""A box that ends this near the picture's edge is cut by it."""
SAME_INSTANT_S = 0.002
"""Time stamps of whole milliseconds differ by less than this from the true instants."""
P_DETECTION = 0.8
"""Share of frames in which a tracked object is seen."""


@dataclass(frozen=True, slots=True)
class Path:
    """Sightings as arrays, in order of time.

    Attributes:
        points: the sightings.
        t_s: ``(n,) float64`` media time.
        uv_px: ``(n, 2) float64`` centres, pixels of the reference picture.
        sd_px: ``(n, 2) float64`` standard deviation of each coordinate.
        cut_px: ``(n,) float64`` part of that for what the picture's edge cuts off; 0 inside the picture.
        log_clutter: ``(n,) float64`` log of the detections per px² to be expected there by chance.
        missed: frames with new evidence inside the stretch in which the object was not seen.
    """

    points: tuple[TrackPoint, ...]
    t_s: Float64
    uv_px: Float64
    sd_px: Float64
    cut_px: Float64
    log_clutter: Float64
    missed: int

    @property
    def duration_s(self) -> float:
        """Time from the first to the last sighting."""
        return float(self.t_s[-1] - self.t_s[0])

    @property
    def size_px(self) -> float:
        """Median diameter of the object: that of a disc of the blob's box area."""
        return float(np.median([np.sqrt(p.detection.w_px * p.detection.h_px) for p in self.measured]))

    @property
    def contrast(self) -> float:
        """Median difference to the background, grey levels, without its sign."""
        return float(np.median([abs(p.detection.contrast) for p in self.measured]))

    @property
    def snr(self) -> float:
        """Median strength of the detections, standard deviations of the noise."""
        return float(np.median([p.detection.snr for p in self.measured]))

    @property
    def measured(self) -> tuple[TrackPoint, ...]:
        """The sightings whose box and contrast were measured: those of a second look have a place alone."""
        return tuple(p for p in self.points if not p.is_second_look) or self.points

    def chance_log_likelihood(self) -> float:
        """Log-likelihood that the sightings are detections by chance, with the cost of the frames that missed it."""
        chance = float(self.log_clutter.sum())
        return chance - len(self.points) * float(np.log(P_DETECTION)) - self.missed * float(np.log(1.0 - P_DETECTION))


def path_of(
    points: tuple[TrackPoint, ...],
    looked_at: int,
    settings: TrajectorySettings,
    picture_size_px: tuple[int, int] | None = None,
    columns: Float64 | None = None,
) -> Path:
    """Return the sightings as arrays.

    Args:
        points: the sightings.
        looked_at: number of frames with new evidence in their span.
        settings: errors of a sighting.
        picture_size_px: ``(width, height)``, beyond which nothing is seen of an object; None for no edge.
        columns: :func:`columns_of` these sightings, where they are at hand.
    """
    if columns is None:
        columns = columns_of(points)
    t_s, centre, shift, size = columns[:, 0], columns[:, 1:3], columns[:, 3:5], columns[:, 5:7]
    is_again, clutter_px2 = columns[:, 7] > 0.0, columns[:, 8]
    again = np.zeros(len(points))
    if is_again.any():
        again[is_again] = settings.second_look_sd_px(float(np.median(np.sqrt(size.prod(axis=1)))))
    cut = np.zeros(len(points)) if picture_size_px is None else _cut_by_edge_px(centre + shift, size, picture_size_px)
    return Path(
        points=points,
        t_s=t_s.copy(),
        uv_px=centre.copy(),
        sd_px=np.hypot(settings.position_sd_px + settings.position_sd_per_size * size, np.hypot(cut, again)[:, None]),
        cut_px=cut,
        log_clutter=np.log(clutter_px2),
        missed=max(0, looked_at - len(points)),
    )


def columns_of(points: tuple[TrackPoint, ...]) -> Float64:
    """All numbers of sightings at once, ``(n, 9)``: instant, centre, shift, sides, second look or not, clutter.

    In snow a hundred tracks a second become arrays, and each in several parts.
    """
    return np.array(
        [
            (p.t_s, d.x_px, d.y_px, *p.shift_px, d.w_px, d.h_px, p.is_second_look, p.clutter_px2)
            for p in points
            for d in (p.detection,)
        ]
    )


def _cut_by_edge_px(seen_px: Float64, size_px: Float64, picture_size_px: tuple[int, int]) -> Float64:
    """``(n,)`` pixels by which the visible part of an object at the edge may be off its centre: half its length.

    Args:
        seen_px: ``(n, 2)`` centres, pixels of the frame.
        size_px: ``(n, 2)`` sides.
        picture_size_px: width and height.
    """
    margin = np.minimum(seen_px, np.array(picture_size_px) - 1.0 - seen_px)
    nearest = np.argmin(margin, axis=1)
    rows = np.arange(len(seen_px))
    is_cut = margin[rows, nearest] < size_px[rows, nearest] / 2.0 + _EDGE_PX
    if not is_cut.any():
        return np.zeros(len(seen_px))
    longest_side = maximum_filter1d(size_px.max(axis=1), _NEIGHBOURS, mode="nearest")
    return np.where(is_cut, longest_side / 2.0, 0.0)
