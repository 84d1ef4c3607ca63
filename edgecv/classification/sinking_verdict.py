"""Is it a thing that somebody let go and that sinks? Evidence first, then where it began and what else sinks there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.classification.leaves import Stray, thing_log_ratio, uncertain_thing_log_ratio
from edgecv.classification.sinking_settings import SinkingRules
from edgecv.classification.verdict import Tier, Verdict
from edgecv.geometry.facade import FacadePlan
from edgecv.messages import Message
from edgecv.messages import sinking as messages
from edgecv.trajectory.facade_path import FacadePath
from edgecv.trajectory.path import Path
from edgecv.trajectory.sinking_fit import PlacedPath, SinkingFall
from edgecv.trajectory.size import Size, size_of, size_of_slow

_COARSE = 1.0
"""Log units by which the leaf's ratio before the fit may differ from that after it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a descent is judged against.

    Attributes:
        plan: the facade.
        strays: what else sank there in the last minutes and did not begin at the building.
        was_blind: the picture had just been learnt anew when it was first seen.
    """

    plan: FacadePlan
    strays: tuple[Stray, ...] = ()
    was_blind: bool = False


def judge_sinking(descent: SinkingFall, surroundings: Surroundings, rules: SinkingRules) -> Verdict:
    """Return the verdict on what may be a sinking thing.

    A lift, a blind or a gondola goes steadily; an insect goes to and fro; a bird and a leaf come from elsewhere; a leaf
    is small, or near and then fast, and not alone. What is none of that, began in sight before the building and went
    down three storeys, or as far as there is anything to be seen, was let go there.
    """
    storeys = descent.descent_m / float(np.median(np.diff(surroundings.plan.floor_edges_m)))
    least = least_storeys(PlacedPath(descent.fall.track, descent.fall.path, descent.path), surroundings.plan, rules)
    against = [*_motion(descent, rules, max(storeys, least)), *_beginning(descent, surroundings, rules)]
    doubts = against if storeys >= least else [*against, messages.SANK(storeys=storeys)]
    tier: Tier = "incident"
    if doubts:
        # one thing that speaks against it leaves it open; more settle it, and so does one of a short descent
        speak = len(against) + (storeys < rules.storeys)
        tier = "candidate" if speak <= 1 and storeys >= rules.candidate_storeys else "rejected"
    log_odds = min(
        descent.sinking.steady - rules.steady_ratio,
        descent.sinking.roaming - rules.roaming_ratio,
        descent.sinking.flight - rules.flight_ratio + _leaf(descent, surroundings, rules),
    )
    p = float(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))))
    p = min(p, 0.5) if doubts else p
    label = "thrown_object" if p >= 0.5 else "other"
    labels = {"thrown_object": round(p, 4), "other": round(1.0 - p, 4)}
    return Verdict(tier, label, labels[label], labels, tuple(doubts))


def is_hopeless(placed: PlacedPath, surroundings: Surroundings, rules: SinkingRules) -> bool:
    """True where the verdict is rejection whatever the evidence is, which is dear: in snow that is so of most flakes.

    Args:
        placed: a descent.
        surroundings: what it is judged against.
        rules: the lines.
    """
    height_m = float(placed.metres.xy_m[0, 1] - placed.metres.xy_m[-1, 1])
    storeys = height_m / float(np.median(np.diff(surroundings.plan.floor_edges_m)))
    if storeys < min(rules.storeys, rules.candidate_storeys):
        return True
    size = size_of_slow(placed.path.size_px, float(np.median(placed.metres.px_per_m)))
    sink_mps = max(height_m / float(placed.metres.t_s[-1] - placed.metres.t_s[0]), 0.1)
    leaf = _leaf_margin(size, placed.path.size_px, sink_mps, surroundings, rules)
    doubts = (
        storeys < rules.storeys,
        _origin_doubt(placed.path, placed.metres, placed.track.picture_size_px, surroundings, rules) is not None,
        placed.path.size_px < rules.size_px or leaf < -_COARSE,
    )
    return sum(doubts) > 1


def least_storeys(placed: PlacedPath, plan: FacadePlan, rules: SinkingRules) -> float:
    """Storeys that an incident went down: fewer where there were no more to be seen."""
    last = placed.path.points[-1]
    foot_px = last.detection.y_px + last.shift_px[1] + last.detection.h_px / 2.0
    has_landed = float(placed.metres.xy_m[-1, 1]) < float(plan.floor_edges_m[0]) + rules.ground_m
    has_left = foot_px > placed.track.picture_size_px[1] - 1.0 - rules.edge_px
    return rules.storeys_to_the_end if has_landed or has_left else rules.storeys


def begins_at(descent_xy_m: tuple[float, float], slope_y: float, plan: FacadePlan, rules: SinkingRules) -> bool:
    """Whether a place on the facade's plane is before the building, or just over its roof as seen from below."""
    x, y = descent_xy_m
    if plan.windows and not plan.windows[0].left_m - rules.beside_m <= x <= plan.windows[-1].right_m + rules.beside_m:
        return False
    top = float(plan.floor_edges_m[-1]) + plan.parapet_m + max(slope_y, 0.0) * (rules.out_m + plan.roof_depth_m)
    return float(plan.floor_edges_m[0]) < y < top


def _motion(descent: SinkingFall, rules: SinkingRules, storeys: float) -> list[Message]:
    s, sinking, doubts = rules, descent.sinking, []
    roaming_ratio = s.roaming_ratio + s.missing_storey_ratio * max(s.storeys - storeys, 0.0)
    for ratio, needed, other in (
        (sinking.steady, s.steady_ratio, messages.STEADILY()),
        (sinking.roaming, roaming_ratio, messages.TO_AND_FRO()),
        (sinking.flight, s.flight_ratio, messages.FLYING_PAST()),
        (descent.fall.likelihoods.chance, s.chance_ratio, messages.BY_CHANCE()),
    ):
        if ratio < needed:
            doubts.append(messages.SINKING_HARDLY_BETTER(ratio=ratio, other=other, needed=needed))
    if descent.rise_m > s.rise_m:
        doubts.append(messages.ROSE(distance=descent.rise_m))
    return doubts


def _beginning(descent: SinkingFall, surroundings: Surroundings, rules: SinkingRules) -> list[Message]:
    s, doubts = rules, []
    origin = _origin_doubt(descent.fall.path, descent.path, descent.fall.track.picture_size_px, surroundings, s)
    if origin is not None:
        doubts.append(origin)
    size = size_m(descent)
    if descent.fall.path.size_px < s.size_px:
        doubts.append(messages.TOO_SMALL(size=descent.fall.path.size_px))
    elif not s.size_m[0] <= size <= s.size_m[1]:
        doubts.append(messages.OTHER_SIZE(size=size))
    elif _leaf(descent, surroundings, s) < 0.0:
        doubts.append(messages.LIKE_A_LEAF(count=len(surroundings.strays)))
    return doubts


def _origin_doubt(
    path: Path, metres: FacadePath, picture_px: tuple[int, int], surroundings: Surroundings, rules: SinkingRules
) -> Message | None:
    """Why it was not let go before the building while the camera looked."""
    first, (width, height) = path.points[0], picture_px
    margin = rules.edge_px + max(first.detection.w_px, first.detection.h_px) / 2.0
    x, y = first.detection.x_px + first.shift_px[0], first.detection.y_px + first.shift_px[1]
    place = (float(metres.xy_m[0, 0]), float(metres.xy_m[0, 1]))
    if min(x, width - 1.0 - x, y, height - 1.0 - y) < margin:
        return messages.CAME_INTO_PICTURE()
    if not begins_at(place, metres.slope[1], surroundings.plan, rules):
        return messages.BEGAN_ELSEWHERE()
    return messages.WAS_ON_ITS_WAY() if surroundings.was_blind else None


def _leaf(descent: SinkingFall, surroundings: Surroundings, rules: SinkingRules) -> float:
    size = size_of(descent.fall.path, descent.fall.fit)
    return _leaf_margin(size, descent.fall.path.size_px, descent.sink_mps, surroundings, rules)


def _leaf_margin(size: Size, side_px: float, sink_mps: float, surroundings: Surroundings, rules: SinkingRules) -> float:
    """Log ratio of a thing against a leaf, less what it must be."""
    if side_px >= rules.clear_size_px:
        return thing_log_ratio(size.diameter_m, sink_mps, surroundings.strays) - rules.leaf_ratio
    return uncertain_thing_log_ratio(size, sink_mps, surroundings.strays) - rules.small_leaf_ratio


def size_m(descent: SinkingFall) -> float:
    """Apparent diameter at the facade."""
    return size_of(descent.fall.path, descent.fall.fit).diameter_m
