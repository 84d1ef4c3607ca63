"""Which path of one camera and which of its partner are one fall: evidence of one fall against two, and one clock.

A pair of paths is compared as one fall against two falls that have nothing to do with one another (a Bayes factor;
MacKay 2003, chapter 28). All pairs of one partner tell of the same clock, so that the clock decides with the paths:
of two falls a second apart each pair alone may be one fall by a clock that is wrong by a second, all of them may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edgecv.geometry.facade import FacadePlan
from edgecv.joint.camera_path import CameraPath, angle_deg
from edgecv.joint.estimate import JointPosterior, joint_launches
from edgecv.joint.settings import JointSettings
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class JointFall:
    """Two paths that may be one fall.

    Attributes:
        first: place of its path among the first camera's.
        second: place of its path among the partner's.
        posterior: of their common launch.
        ratio: log units by which one fall explains them better than two, with what other pairs say of the clock.
        angle_deg: between the lines of sight.
        clock_s: how far the partner's clock is behind, most probable.
        clock_sd_s: its standard deviation.
    """

    first: int
    second: int
    posterior: JointPosterior
    ratio: float
    angle_deg: float
    clock_s: float
    clock_sd_s: float


def associate(
    first: Sequence[CameraPath],
    second: Sequence[CameraPath],
    plan: FacadePlan,
    settings: TrajectorySettings | None = None,
    joint_settings: JointSettings | None = None,
) -> list[JointFall]:
    """Return the falls that both cameras saw, in order of the first one's paths.

    Args:
        first: paths of one camera.
        second: paths of its partner, in the same facade's coordinates.
        plan: that facade.
        settings: priors of the launch.
        joint_settings: gates and priors of what cameras add.
    """
    s, limits = settings or TrajectorySettings(), joint_settings or JointSettings()
    pairs = _pairs(first, second, plan, s, limits)
    if not pairs:
        return []
    clock_prior_s = limits.between_clocks_s(first[0].clock_sd_s, second[0].clock_sd_s)
    weights = [_weights(anchor, pairs, clock_prior_s, limits) for anchor in pairs]
    choices = [_assigned(pairs, row) for row in weights]
    best = max(range(len(pairs)), key=lambda n: choices[n][0])
    total, chosen = choices[best]
    certain = []
    for number in chosen:
        other_anchors = [row for n, row in enumerate(weights) if n != number]
        others = [_assigned(pairs, np.where(np.arange(len(row)) == number, 0.0, row))[0] for row in other_anchors]
        if total - max(others, default=0.0) >= limits.min_ratio:
            certain.append(replace(pairs[number], ratio=float(weights[best][number])))
    return sorted(certain, key=lambda pair: pair.first)


def _pairs(
    first: Sequence[CameraPath],
    second: Sequence[CameraPath],
    plan: FacadePlan,
    settings: TrajectorySettings,
    limits: JointSettings,
) -> list[JointFall]:
    """All pairs that pass the gates and are likelier one fall than two."""
    alone: dict[int, float | None] = {}

    def evidence_alone(path: CameraPath) -> float | None:
        if id(path) not in alone:
            posterior = joint_launches([path], plan, settings, limits)
            alone[id(path)] = None if posterior is None else posterior.launches.log_evidence
        return alone[id(path)]

    pairs = []
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            if not _may_be_one(a, b, limits):
                continue
            posterior = joint_launches([a, b], plan, settings, limits)
            if posterior is None:
                continue
            apart = (evidence_alone(a), evidence_alone(b))
            if apart[0] is None or apart[1] is None:
                continue
            prior_s = limits.between_clocks_s(a.clock_sd_s, b.clock_sd_s)
            ratio = posterior.launches.log_evidence - apart[0] - apart[1] - _log_scale(plan, settings)
            ratio -= float(np.log(prior_s) + np.log(limits.next_fall_per_s))
            if ratio > 0.0:
                pairs.append(JointFall(i, j, posterior, ratio, angle_deg(a, b), *posterior.clock_s(1)))
    return pairs


def _may_be_one(a: CameraPath, b: CameraPath, limits: JointSettings) -> bool:
    """Whether both paths say enough, from sides that differ, at times that may be the same."""
    if any(path.fall.fit.model != "fall" or len(path.fall.path.points) < limits.min_points for path in (a, b)):
        return False
    sd = limits.between_clocks_s(a.clock_sd_s, b.clock_sd_s)
    apart_s = max(a.start_s - b.end_s, b.start_s - a.end_s)
    return apart_s < limits.unseen_between_s + limits.clock_gate_sd * sd and angle_deg(a, b) >= limits.min_angle_deg


def _log_scale(plan: FacadePlan, settings: TrajectorySettings) -> float:
    """What the evidence of a launch leaves out, for it is the same for all that have one launch: densities of priors.

    Of nine unknowns Laplace's approximation has a factor of sqrt(2 pi) each, and each Gaussian one below.
    """
    left, right = plan.drawn_width_m
    area = (right - left) * float(plan.floor_edges_m[-1] - plan.floor_edges_m[0])
    _, slower, faster = settings.launch_terminal
    widths = (*settings.launch_wind_mps, (slower + faster) / 2.0, area)
    unknowns, gaussians = 9, 7
    return float(0.5 * (unknowns - gaussians) * np.log(2.0 * np.pi) - np.log(widths).sum())


def _weights(anchor: JointFall, pairs: Sequence[JointFall], prior_s: float, limits: JointSettings) -> Float64:
    """What each pair is worth ``(k,)`` where the anchor tells the clock; nothing, where the two exclude each other."""
    weights = []
    for pair in pairs:
        if pair is anchor:
            weights.append(pair.ratio)
            continue
        if pair.first == anchor.first or pair.second == anchor.second:
            weights.append(0.0)
            continue
        sd = float(np.hypot(np.hypot(pair.clock_sd_s, anchor.clock_sd_s), limits.shutter_sd_s))
        off = (pair.clock_s - anchor.clock_s) / sd
        bonus = np.log(prior_s / sd) - 0.5 * off**2 + 0.5 * (pair.clock_s / prior_s) ** 2
        weights.append(pair.ratio + float(bonus) if abs(off) < limits.clock_gate_sd else 0.0)
    return np.array(weights)


def _assigned(pairs: Sequence[JointFall], weights: Float64) -> tuple[float, list[int]]:
    """The best choice of pairs without a common path: its worth, and their numbers."""
    table = np.zeros((1 + max(pair.first for pair in pairs), 1 + max(pair.second for pair in pairs)))
    numbers = {(pair.first, pair.second): n for n, pair in enumerate(pairs)}
    for (i, j), n in numbers.items():
        table[i, j] = max(float(weights[n]), 0.0)
    rows, columns = linear_sum_assignment(table, maximize=True)
    chosen = [(i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if table[i, j] > 0.0]
    return float(sum(table[i, j] for i, j in chosen)), [numbers[place] for place in chosen]
