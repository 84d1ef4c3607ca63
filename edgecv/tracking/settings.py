"""The numbers tracking was given, each with its reason. Lengths in picture heights (H), to hold at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """Choices of the tracker."""

    first_sd_px: float = 3.0
    """Where a new track's thing may be beside its first sighting."""

    gravity_h_s2: float = 1.0
    """Expected apparent gravity, H/s²: 1 m spans 1/10 of the picture's height, as on a five-storey facade."""

    gravity_sd_h_s2: float = 3.0
    """Its spread: from a 30-storey tower in one picture (0.1) to a ball a few metres away (8)."""

    side_acceleration_sd_h_s2: float = 0.7
    """Sideways: drag, wind and a tilted camera."""

    jerk_h_s2_sqrt_s: float = 0.8
    """How far the acceleration wanders in a second (perspective, drag, flutter), H/s² per sqrt(s)."""

    jerk_doubles_at_h_s: float = 1.0
    """Speed at which it wanders twice as far, H/s: what comes near the camera gets faster and faster."""

    position_sd_px: float = 0.8
    """Error of a blob's centre: compression and noise."""

    position_sd_per_size: float = 0.12
    """More for a large blob: it turns, and is cut by what stands before it."""

    max_speed_h_s: float = 6.0
    """Fastest start of a track: 240 px a frame at 1080p25. A track may get faster later."""

    max_acceleration_h_s2: float = 10.0
    """Largest second difference of three sightings that may start a track."""

    gate: float = 16.0
    """Squared Mahalanobis distance (2 degrees of freedom) up to which a detection may belong: 99.97 %."""

    established_bonus: float = 1.5
    """Log units by which a track of enough sightings is preferred to a newcomer."""

    max_gap_s: float = 0.28
    """A track not seen for this long has ended: seven frames behind a sign."""

    max_gap_back_s: float = 0.45
    """The same for a finished track that is followed backwards: what passes a wall of its own brightness is seen in
    pieces, and joining them then keeps nobody waiting."""

    min_points: int = 6
    """Shorter paths say nothing about acceleration."""

    detection_probability: float = 0.8
    """Share of frames in which a tracked thing is seen; sets what a miss costs."""

    max_tracks: int = 48
    """Tracks carried at a time; the weakest give way."""

    max_starts_per_frame: int = 8
    """New tracks per frame, best first."""

    chance_starts: float = 0.5
    """Triplets as good as this one that chance makes in a frame; more, and it starts no track."""

    start_candidates: int = 64
    """Unassigned detections per frame looked at for new tracks: bounds the work in clutter."""

    history_s: float = 3.0
    """How far back a finished track can be followed to weaker sightings."""

    worth_looking_back_h: float = 0.015
    """A track that descended less, in picture heights, is not followed backwards: it is no fall."""

    doubtful_score: float = -2.0
    """A newcomer's ratio below which its sightings may start other tracks as well."""

    min_score: float = -4.0
    """A track whose log-likelihood ratio against clutter falls this low below zero is dropped."""

    def first_sd(self, height_px: float) -> NDArray[np.float64]:
        """``(2, 3)``: spread of a new track's position, velocity and acceleration in x and y, pixels and seconds."""
        speed = self.max_speed_h_s * height_px / 2.0
        side, down = self.side_acceleration_sd_h_s2 * height_px, self.gravity_sd_h_s2 * height_px
        return np.array([[self.first_sd_px, speed, side], [self.first_sd_px, speed, down]])
