"""Where the lines are drawn between an incident, a candidate and nothing, each with its reason.

Measured on the real clips at hand: the two real throws and a tossed ball score 12-39 against wandering motion and more
than 90 against chance; birds, people, trees, rain and insects score below 6, or below 30 against chance; water dripping
from a roof is a true fall but lasts under 0.45 s.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """Limits of the verdict."""

    incident_ratio: float = 8.0
    """Log-likelihood ratio against the best other motion from which a worker is sent (odds of 3,000 to 1)."""

    incident_chance_ratio: float = 30.0
    """Ratio against unrelated detections: thousands of chance paths are tried an hour, so this must be far higher."""

    path_rate_window_s: float = 30.0
    """Time over which the rate of tested paths is measured."""

    usual_path_rate_hz: float = 1.0
    """Paths a second worth a fit up to which a scene is usual: an empty facade has 0.2, a street with rain 0.8, snow
    2-9; above it the ratio of an incident rises by the logarithm of the excess."""

    candidate_ratio: float = 4.0
    """Ratio from which physics supports a throw without proving it."""

    candidate_chance_ratio: float = 20.0
    """The same against chance."""

    min_duration_s: float = 0.5
    """An object falls 1.2 m in this time; a throw from any floor is seen longer, drips and splashes are not."""

    candidate_duration_s: float = 0.35
    """Below this nothing is kept: acceleration cannot be distinguished from noise."""

    min_points: int = 7
    """Sightings from which a path can be tested against eleven parameters: 0.7 s at 12.5 frames a second."""

    min_fall_m: float = 1.5
    """Metres descended, by gravity's own scale: half a storey."""

    max_chi2: float = 2.0
    """Reduced chi-squared above which physics does not explain the path and no claim is made."""

    max_size_m: float = 1.0
    """Size, two standard deviations on the small side, above which it is a person, a car or a near bird."""

    distance_m: tuple[float, float] = (2.0, 300.0)
    """Distances at which a facade camera can see a throw; nearer are insects and hands, farther are birds."""

    max_speed_loss_mps: float = 0.5
    """Downward speed lost while it was seen. An object seen late may fall at its terminal velocity and gain nothing;
    only a bird brakes (or a hand that throws down faster than the object can fall)."""

    carried_m: float = 1.3
    """An object that travelled farther than this in the second before it fell was not in anybody's hand."""

    flight_share: float = 0.35
    """An object that moved at this share of its top speed before it fell was flying, not held."""

    flight_s: float = 0.25
    """How long it must have been seen flying for that to count."""

    at_rest_share: float = 0.2
    """An object whose speed in the picture was below this share of its top speed when it came into sight was let go."""

    drop_contrast_m2: float = 0.1
    """Grey levels times square metres that a drop of water adds or takes away: 6 mm across, glinting at three times its
    size, 120 levels brighter than the wall make 0.03; the scale is known to a factor of 1.3 or so."""

    drop_mps: tuple[float, float] = (6.0, 10.5)
    """Terminal velocities of drops of 2-6 mm (6.5-9.2 m/s), with the error of the fit's own scale."""

    repeats_s: float = 900.0
    """How long a path is remembered: an air conditioner drips every few seconds to minutes."""

    repeats_remembered: int = 64
    """Most paths remembered: bounds the work in rain."""

    repeats_allowed: int = 2
    """Falls that went the very same way before this one and were still believed, of what water could be."""

    water_contrast_m2: float = 0.3
    """Grey levels times square metres above which nothing that drips is: ten of the largest drops."""

    large_repeats_allowed: int = 9
    """The same for what is larger: somebody who lets objects go over one sill is nearly as exact, a machine goes on."""

    use_nuisance_model: bool = False
    """A second opinion on what physics leaves open. It helps on simulated scenes; real footage to rely on it is still
    too little (models/nuisance.md)."""
