"""Is it a throw? Physics decides: a likelihood ratio first, then whether the scene it implies can be real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgecv.classification.building_outline import outside_building
from edgecv.classification.lift_model import lift_log_ratio
from edgecv.classification.picture_entry import entered_from_side
from edgecv.classification.settings import ClassificationSettings
from edgecv.classification.water import integrated_contrast_m2, may_be_water_drop
from edgecv.geometry.facade import FacadePlan
from edgecv.messages import Message, sinking
from edgecv.messages import verdict as messages
from edgecv.tracking.track import TrackPoint
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import ELEVATION, LOG_DEPTH, LOG_VT, ROLL, apparent_gravity, fly
from edgecv.trajectory.size import size_of

Tier = Literal["incident", "candidate", "rejected"]
RATIO_DOUBT = messages.GRAVITY_HARDLY_BETTER.english.partition(" %(")[0]
"""How the reason begins that another threshold would take away."""
PRIOR_LOG_ODDS = -3.0  # accelerated downward paths in the picture are throws one time in twenty

_SHORTEST_INTERVAL_S = 1e-3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fall is taken for.

    Attributes:
        tier: ``incident`` sends a worker, ``candidate`` is kept, ``rejected`` is forgotten.
        label: ``thrown_object`` or ``other``.
        p: probability of the label.
        labels: probability of each label.
        reasons: why it is not an incident, in plain words; empty for an incident, and for what is far from a fall.
    """

    tier: Tier
    label: str
    p: float
    labels: dict[str, float]
    reasons: tuple[str, ...]


def judge(
    fall: Fall,
    settings: ClassificationSettings,
    repeats: int = 0,
    penalty: float = 0.0,
    plan: FacadePlan | None = None,
) -> Verdict:
    """Return the verdict on one fall.

    Args:
        fall: the fall and its evidence.
        settings: the limits.
        repeats: how many earlier falls went the very same way.
        penalty: log units that an incident's ratio must be higher by, because so many paths are tested.
        plan: of the facade, in the coordinates of a calibrated camera.
    """
    ratio = fall.likelihoods.ratio
    p = float(1.0 / (1.0 + np.exp(-np.clip(ratio + PRIOR_LOG_ODDS, -30.0, 30.0))))
    supported = (
        ratio >= settings.candidate_ratio
        and fall.likelihoods.chance >= settings.candidate_chance_ratio
        and fall.path.duration_s >= settings.candidate_duration_s
        and fall.fit.chi2_reduced <= settings.max_chi2
    )
    # in snow nearly all are rejected, and nobody asks why
    is_hopeless = not supported and p <= 0.5
    doubts = () if is_hopeless else (*_doubts(fall, settings, penalty), *_water(fall, settings, repeats))
    reasons = doubts if doubts or plan is None or not supported else tuple(outside_building(fall, plan, settings))
    if not supported:
        tier: Tier = "rejected"
    elif reasons:
        tier = "candidate"
    else:
        tier = "incident"
    p = min(p, 0.5) if reasons else p
    label = "thrown_object" if p >= 0.5 else "other"
    labels = {"thrown_object": round(p, 4), "other": round(1.0 - p, 4)}
    return Verdict(tier, label, labels[label], labels, reasons)


def _weak_evidence(fall: Fall, settings: ClassificationSettings, penalty: float, size_ratio: float) -> list[Message]:
    """Reasons to doubt that anything fell at all."""
    s, path, fit = settings, fall.path, fall.fit
    doubts = []
    needed = s.incident_ratio + penalty
    # an unusual size is made up for by a path that nothing else explains
    ratio = fall.likelihoods.ratio + size_ratio
    if ratio < needed:
        doubts.append(messages.GRAVITY_HARDLY_BETTER(ratio=ratio, other=_best_alternative(fall), needed=needed))
    if fall.likelihoods.chance < s.incident_chance_ratio:
        doubts.append(messages.CHANCE_PATH(ratio=fall.likelihoods.chance))
    if fit.chi2_reduced > s.max_chi2:
        doubts.append(messages.NO_FALL_FITS(chi2=fit.chi2_reduced))
    if path.duration_s < s.min_duration_s:
        doubts.append(messages.SEEN_BRIEFLY(time=path.duration_s))
    if len(path.points) < s.min_points:
        doubts.append(messages.SEEN_SELDOM(count=len(path.points)))
    return doubts


def _doubts(fall: Fall, settings: ClassificationSettings, penalty: float) -> tuple[str, ...]:
    s, path, fit = settings, fall.path, fall.fit
    size = implied_size(fall, s)
    doubts = _weak_evidence(fall, s, penalty, size[1])
    doubts.extend(impossible_scene(fall, s, size))
    if entered_from_side(fall, s):
        doubts.append(messages.ENTERED_FROM_SIDE())
    # what goes down so slowly is a leaf as well as paper, and only its size tells
    if float(np.exp(fit.parameters[LOG_VT])) < s.sinking_mps and path.size_px < s.least_sinking_px:
        doubts.append(sinking.TOO_SMALL(size=path.size_px))
    lift_ratio = None if doubts else lift_log_ratio(fall)
    if lift_ratio is not None and lift_ratio < s.incident_ratio:
        doubts.append(messages.LIKE_A_LIFT(ratio=lift_ratio))
    lost = fit.down_speed_lost()
    if float(np.quantile(lost, 0.1)) > s.max_speed_loss_mps:
        doubts.append(messages.SLOWED_DOWN(speed=float(np.median(lost))))
    # what was at rest when it came into sight, and has gone down since, was let go then: light objects need not fall as
    # the physics says, and what was left out of the fit is part of their fall
    if not _starts_at_rest(fall, s):
        carried_m = _travelled_before(fall)
        if carried_m > s.carried_m:
            doubts.append(messages.TRAVELLED_BEFORE(distance=carried_m))
        if _in_steady_flight(fall.before[-25:], fall, s):
            doubts.append(messages.FLEW_BEFORE())
    if _in_steady_flight(fall.after[:25], fall, s) and not _follows_fit(fall):
        doubts.append(messages.FLEW_AFTER())
    return tuple(doubts)


def _water(fall: Fall, settings: ClassificationSettings, repeats: int) -> list[Message]:
    """Reasons to take it for dripping water, or for a machine that does the same all the time."""
    s, faint = settings, may_be_water_drop(fall, settings, repeats)
    allowed, source = 0 if faint else s.repeats_allowed, messages.DRIPPING_WATER()
    if repeats > allowed and integrated_contrast_m2(fall) > s.water_contrast_m2:
        allowed, source = s.large_repeats_allowed, messages.MACHINE()
    if repeats > allowed:
        return [messages.REPEATS(count=repeats, what=source)]
    return [messages.MAY_BE_A_DROP()] if faint else []


def _best_alternative(fall: Fall) -> Message:
    ratios = fall.likelihoods
    alternatives = (
        (ratios.straight, messages.STEADY_MOTION()),
        (ratios.wandering, messages.WANDERING_MOTION()),
        (ratios.steady_in_space, messages.STEADY_IN_SPACE()),
        (ratios.chance, messages.CHANCE()),
    )
    return min(alternatives, key=lambda alternative: alternative[0])[1]


def impossible_scene(
    fall: Fall, settings: ClassificationSettings, implied: tuple[float, float] | None = None
) -> list[Message]:
    """The distance, size and height that gravity implies must be those of an object falling along a building.

    Args:
        fall: the fall.
        settings: the limits.
        implied: its :func:`implied_size`, where that has been worked out already.
    """
    s, fit = settings, fall.fit
    doubts = []
    parameters = fit.parameters[None]
    states = fly(fit.view, parameters, np.array([0.0, fit.end_s - fit.start_s]))
    _, down, _ = fit.view.axes(parameters[:, ELEVATION], parameters[:, ROLL])
    fallen_m = float((states.positions_m[0, 1] - states.positions_m[0, 0]) @ down[0])
    distance_m = float(np.exp(fit.parameters[LOG_DEPTH]))
    if fallen_m < s.min_fall_m:
        doubts.append(messages.DESCENDED(distance=fallen_m))
    size_m, size_ratio = implied or implied_size(fall, s)
    if size_ratio < s.min_size_log_ratio:
        doubts.append(messages.TOO_WIDE(size=size_m))
    if not s.distance_m[0] <= distance_m <= s.distance_m[1]:
        doubts.append(messages.TOO_FAR(distance=distance_m))
    return doubts


def implied_size(fall: Fall, settings: ClassificationSettings) -> tuple[float, float]:
    """Size in metres that gravity's scale gives an object, and how much it speaks against a thrown one: log ratio ≤ 0.

    The worse the scale is known, the less the size says, for or against. A size that is usual for thrown objects proves
    nothing, for so is that of a bird.
    """
    size = size_of(fall.path, fall.fit)
    variance = float(fall.fit.covariance[LOG_DEPTH, LOG_DEPTH]) + size.log_sd**2
    thrown, other = (
        -0.5 * (np.log(size.diameter_m / median) ** 2 / (variance + spread**2) + np.log(variance + spread**2))
        for median, spread in (settings.thrown_size_m, settings.other_size_m)
    )
    # what is smaller than a usual thing is judged by its light
    large = size.diameter_m > settings.thrown_size_m[0]
    return size.diameter_m, min(0.0, float(thrown - other)) if large else 0.0


def _travelled_before(fall: Fall) -> float:
    """Metres between the first and last sighting of the second before the fall, by the fall's own scale."""
    recent = [p for p in fall.before if p.t_s > fall.fit.start_s - 1.0]
    # stray detections far apart are not one object on its way
    if len(recent) < max(5, 0.6 * _looked_at(recent, fall)):
        return 0.0
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in recent])
    # sightings on the fall's own path, too far apart or too unlike to have been fitted, are no journey of their own
    off = np.linalg.norm(uv - fall.fit.pixels_at(np.array([p.t_s for p in recent])), axis=1)
    if float(np.median(off)) < 3.0 * fall.path.size_px + 0.02 * fall.track.picture_size_px[1]:
        return 0.0
    scale_px_per_m = float(apparent_gravity(fall.fit.view, fall.fit.parameters[None], 0.0)[0]) / G_MPS2
    return float(np.hypot(*(uv[-1] - uv[0]))) / scale_px_per_m


def _looked_at(points: Sequence[TrackPoint], fall: Fall) -> int:
    """Pictures with new evidence from the first of some sightings to the last: repeated and lost ones have none."""
    if not points:
        return 0
    return round((points[-1].t_s - points[0].t_s) / max(fall.track.frame_interval_s, _SHORTEST_INTERVAL_S)) + 1


def _starts_at_rest(fall: Fall, settings: ClassificationSettings) -> bool:
    """True where the track began at rest and went down all the way to the fall."""
    points = fall.before
    if len(points) < 5:
        return False
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in points])
    first = t < t[0] + settings.flight_s
    if first.sum() < 4:
        return False
    at_first = float(np.hypot(*np.polyfit(t[first] - t[0], uv[first], 1)[0]))
    rise = float((np.maximum.accumulate(uv[:, 1]) - uv[:, 1]).max())
    return at_first < settings.at_rest_share * _top_speed(fall) and rise < 2.0 + fall.path.size_px


def _follows_fit(fall: Fall) -> bool:
    """True where the sightings after the fitted stretch are where the fall leads, as well as the fit can tell."""
    points = fall.after[:25]
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in points])
    off = np.linalg.norm(uv - fall.fit.pixels_at(t), axis=1)
    # a stray blob near the path is no flight elsewhere
    near_px = 0.02 * fall.track.picture_size_px[1] + fall.path.size_px
    allowed = 3.0 * np.linalg.norm(fall.fit.pixel_sd_at(t), axis=1) + near_px
    return bool(np.median(off / allowed) < 1.0)


def _top_speed(fall: Fall) -> float:
    """Largest speed of the fitted path in the picture, pixels/s."""
    grid = np.linspace(fall.fit.start_s, fall.fit.end_s, 12)
    steps = np.diff(fall.fit.pixels_at(grid), axis=0) / (grid[1] - grid[0])
    return float(np.hypot(steps[:, 0], steps[:, 1]).max())


def _in_steady_flight(points: Sequence[TrackPoint], fall: Fall, settings: ClassificationSettings) -> bool:
    """True where the same track moved steadily and fast beyond the fall: objects are held, then fall, then lie."""
    if len(points) < 5 or points[-1].t_s - points[0].t_s < settings.flight_s:
        return False
    # strays, at which a track clutches when its object is gone, are no journey
    if len(points) < 0.5 * _looked_at(points, fall):
        return False
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in points])
    speed = float(np.hypot(*np.polyfit(t - t[0], uv, 1)[0]))
    return speed > settings.flight_share * _top_speed(fall)
