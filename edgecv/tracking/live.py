"""The tracks being followed, as arrays: row ``i`` of everything is one track."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, X, Y
from edgecv.detection.detector import DetectedFrame
from edgecv.tracking.association import Predictions, position_variance
from edgecv.tracking.bank import FilterBank
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class SeenFrame:
    """A frame with new evidence, and which of its detections a track has taken.

    Attributes:
        frame: what was detected.
        detections: ``(m, 8)`` the same as an array.
        density: ``(m,)`` detections per px² to be expected by chance around each.
        taken: ``(m,) bool``.
        described: the arrays as the C library takes them, once they were needed there.
    """

    frame: DetectedFrame
    detections: Float64
    density: Float64
    taken: NDArray[np.bool_]
    described: ctypes.Structure | None = None

    @property
    def t_s(self) -> float:
        """When the picture was taken."""
        return self.frame.instant_s


Hit = tuple[SeenFrame, int]


@dataclass(slots=True, eq=False)
class LiveTracks:
    """Tracks being followed.

    Attributes:
        bank: their motion.
        hits: sightings of each, oldest first.
        score: log-likelihood ratio of each against clutter.
        best_score: the highest it has been.
        log_area: recent area, log px².
        contrast: recent contrast, grey levels.
        last_s: time of the last sighting.
    """

    bank: FilterBank
    hits: list[list[Hit]] = field(default_factory=list)
    score: Float64 = field(default_factory=lambda: np.zeros(0))
    best_score: Float64 = field(default_factory=lambda: np.zeros(0))
    log_area: Float64 = field(default_factory=lambda: np.zeros(0))
    contrast: Float64 = field(default_factory=lambda: np.zeros(0))
    last_s: Float64 = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.hits)

    def predictions(self, rows: NDArray[np.intp]) -> Predictions:
        """Where these tracks are expected now."""
        bank = self.bank
        return Predictions(bank.position[rows], bank.position_variance[rows], self.log_area[rows], self.contrast[rows])

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Keep these tracks, in this order."""
        self.bank.keep(rows)
        self.hits = [self.hits[i] for i in rows]
        for name in ("score", "best_score", "log_area", "contrast", "last_s"):
            setattr(self, name, getattr(self, name)[rows])

    def start(self, triplets: list[list[Hit]], height_px: int, settings: TrackingSettings) -> None:
        """Add tracks that begin with three sightings each; all of a call have the same three frames."""
        bank = FilterBank(height_px, settings)
        everyone = np.arange(len(triplets))
        last_s = 0.0
        for n in range(3):
            detections = np.array([hits[n][0].detections[hits[n][1]] for hits in triplets])
            t_s = triplets[0][n][0].t_s
            variance = position_variance(detections, settings)
            if n == 0:
                bank.start(detections[:, X : Y + 1], variance)
            else:
                bank.predict(t_s - last_s)
                bank.update(everyone, detections[:, X : Y + 1], variance)
            last_s = t_s
        rows = np.array([[seen.detections[row] for seen, row in hits] for hits in triplets])
        self.bank.extend(bank)
        self.hits.extend(triplets)
        nothing = np.zeros(len(triplets))
        self.score = np.concatenate([self.score, nothing])
        self.best_score = np.concatenate([self.best_score, nothing])
        self.log_area = np.concatenate([self.log_area, np.log(rows[..., AREA]).mean(axis=1)])
        self.contrast = np.concatenate([self.contrast, rows[..., CONTRAST].mean(axis=1)])
        self.last_s = np.concatenate([self.last_s, nothing + last_s])
