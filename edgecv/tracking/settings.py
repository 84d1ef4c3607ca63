"""The tracker's chosen numbers, each with its reason. Lengths in picture heights (H), to hold at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """Motion model, initiator, gate and costs of association, deleter, backward extension."""

    # --- motion model ---

    initial_sd_px: float = 3.0
    """Position of a new track about its first detection."""

    gravity_h_s2: float = 1.0
    """Expected apparent gravity, H/s²: 1 m spans 1/10 of the picture's height, as on a five-storey facade."""

    gravity_sd_h_s2: float = 3.0
    """Its spread: from a 30-storey tower in one picture (0.1) to a ball a few metres away (8)."""

    side_acceleration_sd_h_s2: float = 0.7
    """Sideways: drag, wind and a tilted camera."""

    jerk_h_s2_sqrt_s: float = 0.8
    """How far the acceleration wanders in a second (perspective, drag, flutter), H/s² per sqrt(s)."""

    jerk_doubles_at_h_s: float = 1.0
    """Speed at which it wanders twice as far, H/s: an object that comes near the camera gets faster and faster."""

    position_sd_px: float = 0.8
    """Error of a blob's centre: compression and noise."""

    position_sd_per_size: float = 0.12
    """More for a large blob: it turns, and what stands before it hides part of it."""

    timing_sd_intervals: float = 0.2
    """Error of a frame's instant, frame intervals, where frames are repeated: it is known to a third of one only."""

    timing_memory_s: float = 1.0
    """How long after a repeated frame instants count as uncertain."""

    # --- initiator ---

    max_speed_h_s: float = 6.0
    """Fastest start of a track: 240 px a frame at 1080p25. A track may get faster later."""

    max_acceleration_h_s2: float = 10.0
    """Largest second difference of three detections that may start a track."""

    max_log_area_change: float = 1.8
    """Change of area, log units, between two detections of a new track: a factor of six, as of a board that turns.
    Where a track has as much more or less light, area times contrast, for good, it may be another object's."""

    position_slack: tuple[float, float] = (2.0, 0.3)
    """Pixels, and share of the size, by which the oldest of three detections may be off at constant velocity."""

    skipped_scan_cost: float = 0.7
    """Log units that each scan without a detection costs a triplet: two scans offer twice as many chances."""

    flip_chance_cost: float = 0.7
    """Log units that a change from dark to bright or back costs a triplet: half of what chance puts there has it."""

    rank_weight: float = 1.0
    """Power of the share of a frame's detections that are as unusual as one: chance has no preference among them."""

    max_chance_triplets_per_s: float = 50.0
    """Triplets as good as this one that chance makes in a second; more, and it starts no track. Three weak detections
    among a hundred are no better than what chance makes: the track's own score tells them apart afterwards."""

    max_new_tracks: int = 32
    """New tracks per frame, best first."""

    max_free_detections: int = 256
    """Unassigned detections per frame that the initiator looks at: bounds the work in clutter."""

    # --- data association ---

    gate: float = 16.0
    """Squared Mahalanobis distance (2 degrees of freedom) up to which a detection may belong: 99.97 %."""

    log_area_sd: float = 0.8
    """Change of area, log units, that costs as much as one standard deviation of position: a box that turns changes
    its area by a factor of two."""

    contrast_flip_cost: float = 2.0
    """Cost of a change from dark to bright or back, squared standard deviations: a turning box may do it once."""

    max_dissimilarity: float = 16.0
    """Largest sum of both costs: the gate again, for appearance."""

    feature_rate: float = 0.3
    """A detection, at which a track's area and contrast follow: the last three decide."""

    established_bonus: float = 1.5
    """Log units by which a track of enough detections is preferred to a newcomer."""

    detection_probability: float = 0.6
    """Share of frames in which a tracked object is detected; sets what a miss costs. Weak things are in half."""

    # --- clutter density ---

    clutter_memory_s: float = 1.2
    """Time constant of the clutter density: as fast as a gust, and a fall counts little in its own cells."""

    min_clutter_count: float = 0.02
    """Smallest number of clutter detections a frame and cell: one in 50 frames."""

    # --- deleter ---

    max_hidden_s: float = 0.2
    """A track of an object that was hidden for longer has ended: between two storeys' windows, or behind a sign."""

    sighting_intervals: float = 2.0
    """Frame intervals that a gap between two detections may be longer than what hid the object: one before it was
    hidden, one after. The slower the camera, the longer the gap that the same sign makes."""

    min_score: float = -4.0
    """A track whose log-likelihood ratio against clutter falls this low below zero is deleted."""

    max_score_loss: float = 15.0
    """Log units below its best score at which a track has left its object."""

    max_tracks: int = 256
    """Tracks carried at a time; the weakest are deleted. A snowfall of 150 detections a frame has 160."""

    newcomers_share: float = 0.25
    """Of those, the share that tracks of fewer than ``min_points`` detections have for themselves."""

    min_points: int = 6
    """Shorter tracks are tentative and deleted without a result: they say nothing about acceleration."""

    min_evidence: float = 6.0
    """Best log-likelihood ratio against clutter without which a track has no result: what chance has started gets as
    far once in 400 times (Wald 1945)."""

    release_score: float = 3.0
    """A tentative track's score below which its earlier detections may start other tracks as well: in clutter most
    newcomers are chance, and one fourth detection says more."""

    # --- backward extension ---

    max_hidden_backward_s: float = 0.37
    """The same backwards: an object that passes a wall of its own brightness is detected in pieces, and joining them
    after the end keeps nobody waiting."""

    history_s: float = 3.0
    """How far back a finished track can be extended to weaker detections."""

    min_descent_h: float = 0.015
    """A track that descended less is not extended: it is no fall."""

    extension_points: int = 15
    """First detections of a track that tell its motion backwards."""

    same_object_px: float = 3.0
    """Distance, besides the object's size, at which another track's detection may be this object."""

    break_s: tuple[float, float] = (0.2, 0.48)
    """Time before and after a place at which a track may have changed to another object: less shows no bend."""

    break_points: tuple[int, int] = (4, 6)
    """Fewest detections in those: four have a median, six tell a parabola with as many to spare."""

    break_sd: float = 5.0
    """Standard deviations by which the motion after it must miss the detections before it."""

    break_at_gap_sd: float = 3.0
    """The same at a long gap, where such a change is likely anyway."""

    break_hidden_s: float = 0.06
    """Hidden for longer, something at rest may be confused with an object that falls past."""

    weather_detections: int = 40
    """Detections of a frame from which it is full of flakes or drops: what goes steadily there is not extended."""

    # --- tracks that fall now ---

    falling_speed_h_s: float = 0.15
    """A track that descends faster is falling."""

    near_top_share: float = 0.1
    """Share of the way down up to which it counts as being near its top."""

    def start_acceleration(self, height_px: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(2,)`` each: expected acceleration of a new track in x and y and its spread, pixels/s²."""
        return (
            np.array([0.0, self.gravity_h_s2 * height_px]),
            np.array([self.side_acceleration_sd_h_s2, self.gravity_sd_h_s2]) * height_px,
        )

    def max_gap_s(self, interval_s: float) -> float:
        """Longest time between two detections of a track, of a camera with so much time between its frames."""
        return self.max_hidden_s + self.sighting_intervals * interval_s

    def break_gap_s(self, interval_s: float) -> float:
        """Time between two detections from which a track may have changed to another object meanwhile."""
        return self.break_hidden_s + self.sighting_intervals * interval_s

    def max_backward_gap_s(self, interval_s: float) -> float:
        """The same where a finished track is extended backwards."""
        return self.max_hidden_backward_s + self.sighting_intervals * interval_s

    def initial_sd(self, height_px: float) -> NDArray[np.float64]:
        """``(2, 3)``: spread of a new track's position, velocity and acceleration in x and y, pixels and seconds."""
        speed = self.max_speed_h_s * height_px / 2.0
        side, down = self.side_acceleration_sd_h_s2 * height_px, self.gravity_sd_h_s2 * height_px
        return np.array([[self.initial_sd_px, speed, side], [self.initial_sd_px, speed, down]])
