"""Which finding is which event: one to one, by the paths they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.truth import Truth

Role = Literal["hit", "duplicate", "mirror_image", "false"]
NEAREST_PX = 6.0  # hand-made truth is good to about 5 px
SHARED = 0.3
_NO_MATCH = 1e9
"""Cost of a pair that does not match: above the sum of all distances in a picture."""


@dataclass(frozen=True, slots=True)
class Match:
    """What one finding is.

    Attributes:
        role: the event itself, the same event once more, a reflection of one, or nothing that fell.
        event: number of the event for a hit and a duplicate, else None.
        distance_px: median distance to it, else None.
        follows: label of the nuisance that a false finding follows, or None.
    """

    role: Role
    event: int | None = None
    distance_px: float | None = None
    follows: str | None = None


def distance_px(finding: BoxPath, true: BoxPath) -> float | None:
    """Median distance of two paths over the frames they share, or None where they are not the same object.

    The same object: they share at least 30 % of the frames of the shorter one, and over the frames in which the object
    was found the median distance to the truth, interpolated, is at most 6 px or one drawn box (its longer side).
    """
    shared = min(finding.last, true.last) - max(finding.first, true.first) + 1
    if shared < SHARED * min(finding.span, true.span):
        return None
    common = (finding.frames >= true.first) & (finding.frames <= true.last)
    if not common.any():
        return None
    expected = true.at(finding.frames[common])
    distance = float(np.median(np.hypot(*(finding.xywh[common, :2] - expected[:, :2]).T)))
    box_side = float(np.median(expected[:, 2:].max(axis=1)))
    return distance if distance <= max(NEAREST_PX, box_side) else None


def match(incidents: Sequence[BoxPath], candidates: Sequence[BoxPath], truth: Truth) -> list[Match]:
    """Match findings with events; incidents choose first, candidates among the events left.

    Within a tier as many events as possible are matched, and among those choices the nearest is taken. What remains
    near an event is a duplicate of it.

    Returns:
        A match for each finding: the incidents' first, then the candidates'.
    """
    matched_events: set[int] = set()
    matches: list[Match] = []
    for tier in (incidents, candidates):
        distances = [[distance_px(finding, event.path) for event in truth.events] for finding in tier]
        reflections = [_nearest([distance_px(finding, image) for image in truth.mirror_images]) for finding in tier]
        mirrored = {n for n, image in enumerate(reflections) if _closer(image, _nearest(distances[n]))}
        hits = _assign(distances, matched_events, mirrored)
        matched_events |= set(hits.values())
        for n, finding in enumerate(tier):
            nearest = _nearest(distances[n])
            if n in mirrored:
                matches.append(Match("mirror_image"))
            elif n in hits:
                matches.append(Match("hit", hits[n], distances[n][hits[n]]))
            elif nearest is not None:
                matches.append(Match("duplicate", nearest[0], nearest[1]))
            else:
                matches.append(Match("false", follows=_followed(finding, truth)))
    return matches


def _assign(distances: list[list[float | None]], matched_events: set[int], mirrored: set[int]) -> dict[int, int]:
    """Finding to event, one to one."""
    if not distances or not distances[0]:
        return {}
    cost = np.array([[_NO_MATCH if d is None else d for d in row] for row in distances])
    cost[:, sorted(matched_events)] = _NO_MATCH
    cost[sorted(mirrored)] = _NO_MATCH
    rows, columns = linear_sum_assignment(cost)
    return {int(n): int(e) for n, e in zip(rows, columns, strict=True) if cost[n, e] < _NO_MATCH}


def _nearest(distances: Sequence[float | None]) -> tuple[int, float] | None:
    return min(((n, d) for n, d in enumerate(distances) if d is not None), key=lambda pair: pair[1], default=None)


def _closer(a: tuple[int, float] | None, b: tuple[int, float] | None) -> bool:
    return a is not None and (b is None or a[1] < b[1])


def _followed(finding: BoxPath, truth: Truth) -> str | None:
    nearest = _nearest([distance_px(finding, track.path) for track in truth.nuisance_tracks])
    return None if nearest is None else truth.nuisance_tracks[nearest[0]].label
