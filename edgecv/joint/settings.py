"""What the joint estimate and its association assume, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class JointSettings:
    """Limits and priors of falls that several cameras saw."""

    min_points: int = 6
    """Sightings of each camera: a path's place, speed and bend are six numbers. Networks of meteor cameras ask for four
    of a straight way (Jenniskens et al., Icarus 216, 2011)."""

    min_angle_deg: float = 5.0
    """Between the two lines of sight: below it errors along them grow more than elevenfold. Meteor networks leave out
    smaller angles of convergence for the same reason (Gural, Meteoritics & Planetary Science 47, 2012)."""

    max_points: int = 60
    """Sightings of each camera that count: neighbours err alike, and matrices grow with the square."""

    calibration_sd_px: float = 1.0
    """Error of a calibration near one path, each coordinate: points are marked to a pixel or so. It is the same for all
    sightings of a camera, and two views without it would have to agree to a tenth of a pixel."""

    clock_sd_s: float = 0.7
    """Error of a camera's clock where nothing is known of it: a recorder's that is set by hand or by an NTP server of
    its own is off by up to two seconds."""

    least_clock_sd_s: float = 0.02
    """No clock is better than half the interval of a usual camera, whatever it says: shutters open when they do."""

    next_fall_per_s: float = 0.1
    """Rate of another fall after one: things are thrown by the handful. One that one camera missed and one that the
    other missed may stand for a single one."""

    unseen_between_s: float = 3.0
    """How long a fall may be out of both cameras' sight between what one saw and what the other did: 40 m."""

    shutter_sd_s: float = 0.005
    """By how much a clock differs from fall to fall, seconds: stamps are of the frame, not of the middle of its
    exposure."""

    max_rough_loss: float = 2.0
    """Half of chi-squared for each number seen, with errors that hold for the worst, above which no fall explains both
    paths and none is looked for: 0.03 of those that are one, 2 to 200 of most that are two."""

    min_ratio: float = 8.0
    """Log units by which one fall must explain two paths better than two falls, and than every other choice of pairs
    does without it: odds of 3000 to 1, as for an incident (:class:`~edgecv.classification.ClassificationSettings`)."""

    clock_gate_sd: float = 4.0
    """Deviations within which two pairs of paths tell of the same clock."""

    def between_clocks_s(self, first_s: float, second_s: float) -> float:
        """How far apart two clocks may be, of which each may be off by so much."""
        return float(np.hypot(max(first_s, self.least_clock_sd_s), max(second_s, self.least_clock_sd_s)))
