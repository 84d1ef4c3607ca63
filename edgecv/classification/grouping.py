"""One real object is one finding: its mirror image in glass, its pieces and its bounce belong to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgecv.classification.track_association import MIRROR_OFFSET, follows, in_step, same_place, trails
from edgecv.classification.verdict import Tier, Verdict
from edgecv.tracking.track import Falling
from edgecv.trajectory.fall import Fall

_MEMORY_S = 20.0  # a bounce is over in two; the rest of a path, behind a sign, is known when a slow object has landed
_WAIT_S = 0.4  # for an object that began to fall while a member fell
_WAIT_LONG_S = 1.0  # and that may be the object of which the member is the image
_ENDS_WITHIN_S = 0.2  # from the last picture of a track that was waited for to its verdict
_UNSEEN_S = 1.8  # how long an image may be in sight before its object was last near its top
_SAME_PLACE_SIZES = 3.0
"""Sizes of an object within which a track is where a fit leads: it was not seen there when it was fitted."""
_AS_FAST = 0.6
"""Share of an image's speed that its object has at least: heights agree in a mirror; speeds are coarse."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fall of one real object and the verdict on it.

    Attributes:
        fall: the object's own path.
        verdict: on that path.
        companions: mirror images, pieces and bounces of the same object.
    """

    fall: Fall
    verdict: Verdict
    companions: tuple[Fall, ...] = ()


@dataclass(slots=True)
class _Group:
    members: list[tuple[Fall, Verdict]] = field(default_factory=list)
    reported_tier: Tier | None = None
    waited_for_s: float = -math.inf

    @property
    def released(self) -> bool:
        return self.reported_tier is not None

    @property
    def end_s(self) -> float:
        return max(fall.fit.end_s for fall, _ in self.members)

    def accepts(self, fall: Fall) -> bool:
        """True where a fall belongs to the members.

        An image has one object: what is better seen than an image, and in step with nothing else here, is another
        object, and the image may be its own.
        """
        object_seen = _finding(self).fall
        return any(
            follows(fall, member) or (in_step(fall, member) and (member is object_seen or _weaker(fall, member)))
            for member, _ in self.members
        )

    def waits_for(self, track: Falling, now_s: float) -> bool:
        """True where a member may be the mirror image, or a piece, of something that is still falling.

        An image is smaller than its object, so a larger object is waited for longer; so is what goes on where the fit
        of a member leads, for it is the rest of the same fall.
        """
        if now_s > self.end_s + _WAIT_LONG_S:
            return False
        for fall, _ in self.members:
            last = fall.path.points[-1].detection
            in_column = abs(track.x_px - last.x_px) < MIRROR_OFFSET * fall.track.picture_size_px[0]
            if not in_column or abs(track.start_s - fall.fit.start_s) >= _UNSEEN_S:
                continue  # as most flakes: the fit is asked last
            # heights agree in a mirror, so the object is as fast as its image or, being nearer, faster; flakes are not
            if track.speed_px_s > _AS_FAST * _last_speed(fall):
                larger = track.size_px > 1.2 * float(np.sqrt(last.area_px))
                return larger or _leads_to(fall, track, now_s) or now_s < self.end_s + _WAIT_S
        return False


class Grouper:
    """Collects falls that belong together and releases each group once nothing more can join it."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []

    @property
    def undecided(self) -> bool:
        """Whether any group waits to be released."""
        return any(not group.released for group in self._groups)

    def add(self, fall: Fall, verdict: Verdict) -> None:
        """Take one judged fall that was not rejected."""
        # a group reported as a candidate takes no incident: that would never be reported
        open_to = [g for g in self._groups if g.reported_tier in (None, "incident") or verdict.tier != "incident"]
        related = [g for g in open_to if g.accepts(fall)]
        if not related:
            self._groups.append(_Group([(fall, verdict)]))
            return
        # already reported: the new fall is part of that finding
        home = next((g for g in related if g.released), related[0])
        home.members.append((fall, verdict))
        for group in related:
            if group is not home and not group.released and not home.released:
                home.members.extend(group.members)
                self._groups.remove(group)

    def release(self, now_s: float, falling: Sequence[Falling]) -> list[Finding]:
        """Return the groups that are complete.

        Args:
            now_s: media time.
            falling: the tracks still falling; a group waits a little for those it may belong to.
        """
        ready = []
        for group in self._groups:
            if any(group.waits_for(track, now_s) for track in falling):
                group.waited_for_s = now_s
            # a track that leaves the picture ends, and is judged, some pictures after it was last seen to fall
            if not group.released and now_s > group.waited_for_s + _ENDS_WITHIN_S:
                finding = _finding(group)
                group.reported_tier = finding.verdict.tier
                ready.append(finding)
        self._groups = [g for g in self._groups if not g.released or now_s < g.end_s + _MEMORY_S]
        return sorted(ready, key=lambda finding: finding.fall.fit.start_s)


def _weaker(a: Fall, b: Fall) -> bool:
    return a.likelihoods.chance < b.likelihoods.chance


def _finding(group: _Group) -> Finding:
    """The object itself: of those in step with the earliest, the best seen, unless that is only a mirror image.

    A bounce or a piece follows the object, so the earliest counts; an image in glass is always farther away than what
    it shows, so it looks smaller.
    """
    proven = [(f, v) for f, v in group.members if v.tier == "incident"]
    pool = proven or group.members
    start = min(pool, key=lambda member: member[0].fit.start_s)[0]
    together = [
        (f, v)
        for f, v in pool
        if f is start or in_step(start, f) or same_place(start, f) or _is_object_of_image(f, start)
    ]
    primary, verdict = max(together, key=lambda member: member[0].likelihoods.chance)
    for fall, other_verdict in together:
        # what trails an object is fainter than the object
        if fall.path.contrast > 3.0 * primary.path.contrast and trails(primary, fall):
            primary, verdict = fall, other_verdict
    for fall, other_verdict in together:
        larger = fall.path.size_px > 1.1 * primary.path.size_px
        # a compression ghost may be larger than what drags it along, but it is hardly there
        as_clear = fall.path.contrast > 0.15 * primary.path.contrast
        if larger and as_clear and in_step(primary, fall) and not same_place(primary, fall):
            primary, verdict = fall, other_verdict
    return Finding(primary, verdict, tuple(f for f, _ in group.members if f is not primary))


def _leads_to(fall: Fall, track: Falling, now_s: float) -> bool:
    """Whether the fit has the object where the track is now."""
    off_px = fall.fit.pixels_at(np.array([now_s]))[0] - (track.x_px, track.y_px)
    return bool(np.hypot(*off_px) < _SAME_PLACE_SIZES * max(track.size_px, fall.path.size_px))


def _last_speed(fall: Fall) -> float:
    """How fast it went down in the picture when it was last seen, pixels/s."""
    step_s = 0.5 * fall.track.frame_interval_s
    rows = fall.fit.pixels_at(np.array([fall.fit.end_s - step_s, fall.fit.end_s]))[:, 1]
    return float(rows[1] - rows[0]) / step_s


def _is_object_of_image(fall: Fall, first: Fall) -> bool:
    """It fell while the first fell, larger and better seen: the first is its image in glass, however badly fitted."""
    common = min(fall.fit.end_s, first.fit.end_s) - max(fall.fit.start_s, first.fit.start_s)
    shorter = min(fall.path.duration_s, first.path.duration_s)
    larger = fall.path.size_px > 1.5 * first.path.size_px
    return common > 0.4 * shorter and larger and fall.likelihoods.chance > first.likelihoods.chance
