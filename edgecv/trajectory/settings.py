"""What the fit assumes before it has seen the path, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class TrajectorySettings:
    """Priors and limits of the fit. Angles in degrees, lengths in metres, speeds in m/s."""

    position_sd_px: float = 0.7
    """Error of a small blob's centre: 0.2-0.4 px measured on simulated scenes, but real objects tumble and flutter, and
    with less a flapping bird's dive is distinguished from a fall by its noise."""

    position_sd_per_size: float = 0.10
    """A tumbling object's blob centre wanders by a tenth of its size, slowly (office footage: 2-5 px at 20-30 px,
    the same way for several frames), so the scatter from frame to frame would understate it."""

    nominal_focal: float = 0.9
    """Uncalibrated: focal length in units of the picture's longer side: 58° across, a common camera or phone."""

    elevation_deg: tuple[float, float] = (30.0, 22.0)
    """Uncalibrated: how far up the camera looks, mean and spread."""

    roll_sd_deg: float = 4.0
    """Uncalibrated: how crooked it hangs."""

    distance_m: tuple[float, float] = (30.0, 0.9)
    """Uncalibrated: median distance and spread of its logarithm: 5-180 m covers 95 %."""

    side_speed_sd: float = 3.0
    """Horizontal speed, across and along the line of sight: a hard sideways throw is 8 m/s."""

    down_speed: tuple[float, float] = (4.0, 8.0)
    """Downward speed at the first sighting: at rest when the release is seen, up to 30 m/s when it is not."""

    terminal_velocity: tuple[float, float] = (16.0, 0.9)
    """Median terminal velocity and spread of its logarithm: 3 (paper) to 90 m/s (a steel ball) covers 95 %."""

    wind_sd: float = 1.5
    """Horizontal wind beside the facade, each direction."""

    standoff_m: tuple[float, float] = (0.7, 1.0)
    """Calibrated: distance from the facade plane at the first sighting."""

    launch_z_m: tuple[float, float] = (0.5, 0.7)
    """Where an object is let go, metres in front of the facade, as the fit assumes; what is likely at a window, on a
    balcony and on the roof weighs its draws, see :mod:`edgecv.trajectory.launch_prior`."""

    launch_up_mps: tuple[float, float] = (0.3, 2.0)
    """Upward speed at the launch: dropped or thrown level, seldom lobbed."""

    launch_out_mps: tuple[float, float] = (1.5, 2.5)
    """Speed away from the building at the launch."""

    launch_side_mps: float = 2.5
    """Spread of the speed along the facade at the launch."""

    launch_terminal: tuple[float, float, float] = (28.0, 1.2, 0.5)
    """Terminal velocity of what is known to fall: median and spread of its logarithm below and above: bottles, fruit
    and stones are thrown more often than paper (2 m/s); of the everyday objects in
    :mod:`~edgecv.trajectory.object_prior` one in twenty is faster than 51 m/s, one in a hundred than 75."""

    launch_wind_mps: tuple[float, float] = (2.5, 1.2)
    """Spread of the wind along the facade and away from it: a fresh breeze is 9 m/s, but towers shelter each other, and
    a metre or two from a wall no more air goes to it than comes from it. Taken as free away from the wall as along it,
    it hides a third of what a path tells of a heavy object's drag."""

    unseen_s: float = 1.5
    """How long an object may fall before it is seen: behind a tree, before its own colour, while it is still slow; each
    such time again makes it less likely by a factor of e."""

    max_evaluations: int = 40
    """Steps of the optimiser; it needs 8-40, for drag, depth and tilt trade off against each other in long valleys."""

    min_stretch: int = 8
    """Fewest sightings of a stretch that ends are cut off from: eleven parameters need some to be tested on."""

    search_above_chance: float = 25.0
    """Log-likelihood ratio against chance above which a track's ends are searched for the fall in it."""

    search_below_ratio: float = 10.0
    """The ends are searched unless the whole stretch is this convincing already."""

    switch_gap_s: float = 0.2
    """A gap across which a track may have gone on with another object."""

    piece_points: int = 6
    """Fewest sightings on either side of it that tell of a motion."""

    switch_radius_px: float = 20.0
    """Around where a track goes on after such a gap."""

    least_switch_log_probability: float = -5.0
    """Where it is less likely that something unrelated is there, the path is one object's: in snow of 140 detections a
    frame it is -2.5, on a clear day below -8."""

    compare_above_ratio: float = 3.0
    """Ratio against the other alternatives above which a path is worth the comparison with a steady motion in space: a
    little less than a candidate needs."""

    search_from_ratio: float = -30.0
    """And where the whole stretch is not explained far better without gravity: no cut makes a fall of that. Of 300 such
    tracks of snow and 40 of real traffic none had become a fall of more than ten log units that was one, and the search
    cost nine tenths of the time that snow takes."""

    beginning_s: tuple[float, ...] = (1.0, 2.0, 3.0)
    """Lengths of a descent's beginning that are tried where it was left out: an object of a terminal velocity of 5 m/s
    has 96 % of it after a second."""

    min_left_out: int = 6
    """Sightings of the descent before the fall that make its beginning worth trying."""

    max_scale_ratio: float = 2.0
    """Factor within which the gravity that a free camera sees must be the calibrated one's: a lift of glass that starts
    gently is a fall only for a camera that may think it five times as far away as the facade is."""

    largest_hidden_s: float = 0.22
    """Sightings of one track between which the object was hidden for so long still belong to one fall: a sign."""

    sighting_intervals: float = 2.0
    """Frame intervals that their gap may be longer than what hid it: one before it was hidden, one after."""

    cut_fractions: tuple[float, ...] = (0.15, 0.3, 0.45, 0.6, 0.75)
    """Fractions of a stretch that are cut off its beginning and end in search of the fall in it: steps of a seventh are
    as fine as a hand's movement, and more than three quarters leave no fall."""

    min_log_gain: float = 1.0
    """Log-likelihood ratio by which another stretch must be better to be taken: less is what noise makes of one
    sighting more or less."""

    max_chi2_growth: tuple[float, float] = (1.5, 1.3)
    """Reduced chi-squared up to which a stretch grows: an absolute one, or a factor of what it was before."""

    agreement_sd: float = 3.0
    """Standard deviations within which a sighting agrees with the fit: 99.7 % of those that belong to it."""

    second_looks_per_s: float = 2.0
    """A second of media time, on average: each costs some 30 ms, so that this is 6 % of a core at most. Nobody throws
    more than that; traffic seems to."""

    second_look_burst: float = 6.0
    """Of them at once, after a quiet time: several things thrown together, and their images in glass."""

    second_look_ratio: float = -5.0
    """Log-likelihood ratio below which more sightings do not make a fall of it."""

    second_look_refit: int = 3
    """Sightings beyond an end after which the fall is fitted anew: the fit carries farther than a few pictures."""

    second_look_beyond_s: float = 1.0
    """How long before the first and after the last sighting pictures are looked at again."""

    second_look_position_sd: tuple[float, float] = (1.5, 0.15)
    """Error of a response's place: a pixel of the analysis, which is two of the frame, and a share of the object's
    size: part of it stands before what is as bright as it is."""

    second_look_gate_sd: float = 3.0
    """Standard deviations about the fit within which a response may be the object's."""

    second_look_chance: float = 0.01
    """Probability of a window's strongest response by chance up to which it is a sighting."""

    second_look_p: float = 0.8
    """Share of pictures in which an object is seen, as for detections: what a miss costs."""

    second_look_misses: int = 4
    """Pictures without it after which it counts as hidden, or as before what is as bright as it is."""

    second_look_elsewhere: int = 3
    """Detections of the track shortly beyond an end, not explained by the fall, that say where the object really was:
    in a hand, on the ground, or on its way."""

    second_look_hidden_cost: float = -0.15
    """Log units of each further picture without it: what is hidden stays so for a third of a second on average."""

    second_look_loss: float = 12.0
    """Log units below the best sum of gains and misses at which nothing more is looked for beyond an end: 0.8 s
    without it at 25 pictures a second; two sightings after that count more."""

    second_look_clear: float = 0.5
    """Share of the object's usual strength from which something beside its path may be the object."""

    second_look_contradiction: float = -4.0
    """Log units of a picture in which something of its size is beside the path and nothing on it."""

    second_look_contradictions: int = 2
    """Such pictures beyond an end after which the object went another way."""

    second_look_sd_h: float = 0.02
    """Error of the fit, picture heights, at which it does not say any more where to look."""

    growths: int = 5
    """Rounds of growing and fitting; nearly all stretches are stable after two."""

    max_log_area_step: float = 1.6
    """Neighbouring sightings whose areas differ by more than a factor of five are not the same object."""

    def largest_gap_s(self, interval_s: float) -> float:
        """Longest time between two sightings of one fall, of a camera with so much time between its frames."""
        return self.largest_hidden_s + self.sighting_intervals * interval_s

    def second_look_sd_px(self, size_px: float) -> float:
        """Error of the place of a response of an object of this size, each coordinate."""
        return float(np.hypot(self.second_look_position_sd[0], self.second_look_position_sd[1] * size_px))
