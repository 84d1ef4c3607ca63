"""A fall: a track, or part of one, that physics explains, and how much better than anything else does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.fit import FallFit, fit_fall
from edgecv.trajectory.null_hypotheses import straight_log_evidence, wandering_log_evidence
from edgecv.trajectory.path import Path, path_of
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How much better a fall explains the path than each alternative: differences of log evidence."""

    straight: float
    wandering: float
    chance: float
    steady_in_space: float = np.inf
    """Infinite where another alternative already explains the path about as well as a fall."""

    @property
    def ratio(self) -> float:
        """Against the best alternative; positive means a fall is the best explanation."""
        return min(self.straight, self.wandering, self.chance, self.steady_in_space)

    @property
    def above_chance(self) -> float:
        """How much better any motion explains the path than unrelated detections do, were it no fall."""
        return self.chance - min(0.0, self.straight, self.wandering)


@dataclass(frozen=True, slots=True)
class Fall:
    """A track, or part of one, explained by a fall.

    Attributes:
        track: all that was followed.
        path: the stretch explained.
        fit: the fall fitted to it.
        likelihoods: against the alternatives.
        before: sightings of the same track before the stretch.
        after: sightings of the same track after it.
        is_compared: whether its likelihoods are complete: that against a steady motion in space is the dearest, and is
            worked out last.
    """

    track: Track
    path: Path
    fit: FallFit
    likelihoods: Likelihoods
    before: tuple[TrackPoint, ...]
    after: tuple[TrackPoint, ...]
    is_compared: bool = False


def examine(
    track: Track,
    path: Path,
    view: View,
    settings: TrajectorySettings,
    picture: float,
    initial: FallFit | None = None,
) -> Fall:
    """Fit a fall to a stretch of a track and compare it with other motions, but for that in space.

    Args:
        track: all that was followed.
        path: the stretch.
        view: the camera.
        settings: priors and limits.
        picture: longer side of the picture, pixels.
        initial: a fit of almost the same stretch.
    """
    fit = fit_fall(path, view, settings, picture, initial)
    likelihoods = Likelihoods(
        straight=fit.log_evidence - straight_log_evidence(path, picture),
        wandering=fit.log_evidence - wandering_log_evidence(path, picture),
        chance=fit.log_evidence - path.chance_log_likelihood(),
    )
    first, last = path.points[0].t_s, path.points[-1].t_s
    before = tuple(p for p in track.points if p.t_s < first)
    after = tuple(p for p in track.points if p.t_s > last)
    return Fall(track, path, fit, likelihoods, before, after)


def cut(
    track: Track, points: tuple[TrackPoint, ...], settings: TrajectorySettings, columns: Float64 | None = None
) -> Path:
    """Return a stretch of a track as arrays; see :func:`~edgecv.trajectory.path.path_of`."""
    in_time = round((points[-1].t_s - points[0].t_s) / max(track.frame_interval_s, 1e-3)) + 1
    return path_of(points, min(in_time, track.scan_count), settings, track.picture_size_px, columns)
