"""Where the lines are drawn between an incident, a candidate and nothing, each with its reason.

Measured on the real clips at hand: the two real throws and a tossed ball score 12-39 against wandering motion and more
than 90 against chance; birds, people, trees, rain and insects score below 6, or below 30 against chance; water dripping
from a roof is a true fall but lasts under 0.45 s.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.classification.sinking_settings import SinkingRules

_SINKING = SinkingRules()


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """Limits of the verdict."""

    incident_ratio: float = 8.0
    """Log-likelihood ratio against the best other motion from which a worker is sent (odds of 3,000 to 1)."""

    incident_chance_ratio: float = 30.0
    """Ratio against unrelated detections: thousands of chance paths are tried an hour, so this must be far higher."""

    judged_compared: int = 256
    """Recent paths among which one is unusual or not: ten seconds of snow."""

    judged_per_s: float = 8.0
    """Paths judged a second of media time, on average: at some 10 ms each 8 % of a core; with 6 all of 29
    tracks of throws in heavy snow and rain were judged, with 4 two were not. Streets have 1-7 of them that
    bend downwards, an empty facade 0.2, heavy snow 20-25."""

    judged_burst: float = 40.0
    """Of them at once, after a quiet time: what the densest second of traffic brings is 32, and 5 s of it are 66."""

    judged_within_s: float = 1.0
    """How long a path may wait for more promising ones: pictures for a second look are held for 3.5 s, and it looks a
    second back."""

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

    thrown_size_m: tuple[float, float] = (0.14, 1.0)
    """Sizes of thrown objects, median and spread of the logarithm: 0.02 to 1 m covers 95 %."""

    other_size_m: tuple[float, float] = (1.0, 1.5)
    """Sizes that other moving things imply at gravity's scale: insects by the lens to lorries."""

    min_size_log_ratio: float = -1.5
    """Log ratio of the implied size, thrown against other, below which no path is a throw: 1.1 m where the scale is
    known, 1.3 m where it is known to a factor of 1.5. Above it the ratio of the path must make up for it."""

    entry_speed_mps: float = 2.0
    """Speed aside, by gravity's scale, at which something that enters from the picture's side is on a journey of its
    own: what falls beside the picture drifts in with the wind."""

    entry_side: float = 0.015
    """Share of the picture's width within which a first sighting is at its side, beside the way of two frames."""

    thrown_aside_mps: float = 8.0
    """Speed along the facade that a hard throw gives: up to it, a calibrated path that enters from the side leads back
    to the building within a second or two."""

    weather_log_clutter: float = -10.8
    """Log of the detections per pixel and frame that chance makes, from which there is heavy weather: 40 in a 1080p
    picture."""

    thrown_hard_mps: float = 14.0
    """Launch speed, in any direction, up to which a hand may have thrown: a pound overarm, by who is not trained."""

    release_s: float = 0.25
    """What is thrown along the facade may be seen as late as this, besides the time that its fall shows."""

    wall_beyond_windows_m: float = 3.0
    """How far a building goes beyond its outermost listed window: a stairwell without windows, a corner."""

    sinking_mps: float = _SINKING.sink_mps[1]
    """Terminal velocity below which paper, tissue and leaves sink alike."""

    least_sinking_px: float = 3.5
    """Diameter in the picture that such a thing needs: of fewer pixels nobody can tell a leaf from a sheet."""

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

    drop_log_odds: float = -1.5
    """Of a drop against a throw, for a path that no other has gone: a unit that drips goes on, and its second drop is
    known by the first; a missed stone costs more than a drop among the candidates gains."""

    drop_repeated_log_odds: float = 3.0
    """What is added where an earlier one began in the same place, as fast: a unit that drips goes on, and few throws
    begin in one place to a few pixels."""

    drop_light_m2: tuple[float, float] = (0.003, 0.9)
    """Grey levels times square metres that a drop adds or takes away, median and spread of the logarithm. A drop that
    lets go of an edge has 4.6 mm and 1.7e-5 m2 (Harkins & Brown, "The determination of surface tension by the drop
    weight method", J. Am. Chem. Soc. 41, 1919), never more than 2.8e-5, and is at most as bright as the sky: 0.0025
    before a wall, 0.01 before a dark window, where a tone curve lifts what is little. Sums of light are not blurred."""

    spurt_light_m2: tuple[float, float] = (0.03, 0.8)
    """The same of water that is more than one drop: ten of them that let go together, or one that the sun lights."""

    spurt_share: float = 0.1
    """Share of those among falls of water: most units drip drop by drop."""

    light_model_error: float = 0.3
    """Error of a sum of light's logarithm beside that of the distance: of things below 4 pixels the sums of the blobs
    and those over whole apertures in the pictures differ by so much."""

    thrown_light_m2: tuple[float, float] = (0.3, 1.7)
    """The same of thrown objects: a cigarette end and 60 levels make 0.02, a bottle and 50 levels 0.6."""

    drop_terminal_mps: tuple[float, float] = (8.2, 0.12)
    """Terminal velocity of drops of 3-6 mm and spread of its logarithm."""

    thrown_terminal_mps: tuple[float, float] = (16.0, 0.9)
    """The same of thrown objects, as the fit assumes it."""

    terminal_model_error: float = 0.15
    """Error of a fitted terminal velocity's logarithm beside its own: gusts, and whole frames of a faint streak."""

    drop_side_mps: float = 0.7
    """Speed aside of a drop at first sight: that which a light wind has given it."""

    thrown_side_mps: float = 3.0
    """The same of a thrown object, as the fit assumes it."""

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

    use_nuisance_model: bool = True
    """A second opinion behind the physics: of six false incidents on real recordings that it had not seen it left one,
    and lost none of 400 throws laid into real footage (models/nuisance.md)."""
