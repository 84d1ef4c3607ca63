"""One real object is one finding: its mirror image in glass, its pieces and its bounce belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgecv.classification.verdict import Tier, Verdict
from edgecv.tracking.track import Falling
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import LOG_VT

_MEMORY_S = 20.0  # a bounce is over in two; the rest of a path, behind a sign, is known when a slow thing has landed
_WAIT_S = 0.4  # for a thing that began to fall while a member fell
_WAIT_LONG_S = 1.0  # and that may be the object of which the member is the image
_TOGETHER_S = 0.8  # how well the instant of release is known; object and image, or pieces, share it
_UNSEEN_S = 1.5  # how long an image may be in sight before its object is
_AS_FAST = 0.6
_BOUNCE_S = 0.7
_MIRROR_OFFSET = 0.12  # of the picture's width: object and image are one above the other or nearly so
_MIRROR_OFFSET_M = 6.0  # of a thing 5 m before the glass, seen from 30 degrees aside


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
    told: Tier | None = None

    @property
    def released(self) -> bool:
        return self.told is not None

    @property
    def end_s(self) -> float:
        return max(fall.fit.end_s for fall, _ in self.members)

    def takes(self, fall: Fall) -> bool:
        """True where a fall is part of what these are.

        An image has one object: what is better seen than an image, and in step with nothing else here, is another
        thing, and the image may be its own.
        """
        object_seen = _finding(self).fall
        return any(
            _follows(fall, member) or (_in_step(fall, member) and (member is object_seen or _less_seen(fall, member)))
            for member, _ in self.members
        )

    def waits_for(self, thing: Falling, now_s: float) -> bool:
        """True where a member may be the mirror image, or a piece, of something that is still falling.

        An image is smaller than its object, so a larger thing is waited for longer.
        """
        if now_s > self.end_s + _WAIT_LONG_S:
            return False
        for fall, _ in self.members:
            last = fall.path.points[-1].detection
            beside = abs(thing.x_px - last.x_px) < _MIRROR_OFFSET * fall.track.picture_size_px[0]
            # heights agree in a mirror, so the object is as fast as its image or, being nearer, faster; flakes are not
            as_fast = thing.speed_px_s > _AS_FAST * _last_speed(fall)
            larger = thing.size_px > 1.2 * float(np.sqrt(last.area_px))
            if beside and as_fast and abs(thing.start_s - fall.fit.start_s) < _UNSEEN_S:
                return larger or now_s < self.end_s + _WAIT_S
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
        # what was told as a mere candidate does not make an incident old news
        open_to = [g for g in self._groups if g.told in (None, "incident") or verdict.tier != "incident"]
        related = [g for g in open_to if g.takes(fall)]
        if not related:
            self._groups.append(_Group([(fall, verdict)]))
            return
        # already told upstream: the newcomer is part of that and no news
        home = next((g for g in related if g.released), related[0])
        home.members.append((fall, verdict))
        for other in related:
            if other is not home and not other.released and not home.released:
                home.members.extend(other.members)
                self._groups.remove(other)

    def release(self, now_s: float, falling: Sequence[Falling]) -> list[Finding]:
        """Return the groups that are complete.

        Args:
            now_s: media time.
            falling: the tracks still falling; a group waits a little for those it may belong to.
        """
        ready = []
        for group in self._groups:
            waiting = any(group.waits_for(thing, now_s) for thing in falling)
            if not group.released and not waiting:
                finding = _finding(group)
                group.told = finding.verdict.tier
                ready.append(finding)
        self._groups = [g for g in self._groups if not g.released or now_s < g.end_s + _MEMORY_S]
        return sorted(ready, key=lambda finding: finding.fall.fit.start_s)


def belong_together(a: Fall, b: Fall) -> bool:
    """True where two falls are images, pieces or stages of one object."""
    return _follows(a, b) or _in_step(a, b)


def _follows(a: Fall, b: Fall) -> bool:
    """One is the other seen twice, or goes on where the other was or ended."""
    first, second = _in_order(a, b)
    return _same_place(first, second) or _starts_on(first, second) or _bounces_off(first, second)


def _less_seen(a: Fall, b: Fall) -> bool:
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
        (f, v) for f, v in pool if f is start or _in_step(start, f) or _same_place(start, f) or _outshines(f, start)
    ]
    primary, verdict = max(together, key=lambda member: member[0].likelihoods.chance)
    for fall, other in together:
        # what trails an object is fainter than the object
        if fall.path.contrast > 3.0 * primary.path.contrast and _trails(primary, fall):
            primary, verdict = fall, other
    for fall, other in together:
        larger = fall.path.size_px > 1.1 * primary.path.size_px
        # a compression ghost may be larger than what drags it along, but it is hardly there
        as_clear = fall.path.contrast > 0.15 * primary.path.contrast
        if larger and as_clear and _in_step(primary, fall) and not _same_place(primary, fall):
            primary, verdict = fall, other
    return Finding(primary, verdict, tuple(f for f, _ in group.members if f is not primary))


def _last_speed(fall: Fall) -> float:
    """How fast it went down in the picture when it was last seen, pixels/s."""
    step_s = 0.5 * fall.track.frame_interval_s
    rows = fall.fit.pixels_at(np.array([fall.fit.end_s - step_s, fall.fit.end_s]))[:, 1]
    return float(rows[1] - rows[0]) / step_s


def _outshines(fall: Fall, first: Fall) -> bool:
    """It fell while the first fell, larger and better seen: the first is its image in glass, however badly fitted."""
    common = min(fall.fit.end_s, first.fit.end_s) - max(fall.fit.start_s, first.fit.start_s)
    shorter = min(fall.path.duration_s, first.path.duration_s)
    larger = fall.path.size_px > 1.5 * first.path.size_px
    return common > 0.4 * shorter and larger and fall.likelihoods.chance > first.likelihoods.chance


def _in_order(a: Fall, b: Fall) -> tuple[Fall, Fall]:
    return (a, b) if a.fit.start_s <= b.fit.start_s else (b, a)


def _in_step(a: Fall, b: Fall) -> bool:
    first, second = _in_order(a, b)
    return _same_motion(first, second) or _mirrors(first, second)


def _coincide(a: Fall, b: Fall) -> bool:
    """Both are in one place at one time: the same thing followed twice."""
    begin, end = max(a.fit.start_s, b.fit.start_s), min(a.fit.end_s, b.fit.end_s)
    if end <= begin:
        return False
    t = np.linspace(begin, end, 12)
    apart = np.linalg.norm(a.fit.pixels_at(t) - b.fit.pixels_at(t), axis=1)
    return float(np.median(apart)) < 2.0 * max(a.path.size_px, b.path.size_px)


def _trails(a: Fall, b: Fall) -> bool:
    """One runs the other's path a frame or a few later: what temporal noise filters and codecs leave behind a thing."""
    frame_s = a.track.frame_interval_s
    begin, end = max(a.fit.start_s, b.fit.start_s), min(a.fit.end_s, b.fit.end_s)
    if end - begin < 5.0 * frame_s:
        return False
    t = np.linspace(begin, end, 12)
    behind = b.fit.pixels_at(t)
    near = 2.0 + 0.5 * max(a.path.size_px, b.path.size_px)
    lags = (-3, -2, -1, 1, 2, 3)
    apart = (np.linalg.norm(a.fit.pixels_at(t + lag * frame_s) - behind, axis=1) for lag in lags)
    return any(float(np.median(distance)) < near for distance in apart)


def _same_place(a: Fall, b: Fall) -> bool:
    return _coincide(a, b) or _trails(a, b)


def _released_together(a: Fall, b: Fall) -> bool:
    """Both were at rest at the same instant, as far as their speeds tell, whenever each came into sight."""
    earliest, latest = zip(*(_at_rest_s(fall) for fall in (a, b)), strict=True)
    return bool(max(earliest) - min(latest) < _TOGETHER_S)


def _at_rest_s(fall: Fall) -> tuple[float, float]:
    """Earliest and latest instant at rest, ``vt / g · atanh(v / vt)`` before it was seen, give or take 1 sd."""
    speed, sd = fall.fit.down_speed_at(fall.fit.start_s)
    terminal = float(np.exp(fall.fit.parameters[LOG_VT]))
    fast, slow = (np.clip((speed + step * sd) / terminal, -0.9, 0.9) for step in (1.0, -1.0))
    before_s = terminal / G_MPS2 * np.arctanh([fast, slow])
    # at its terminal velocity it may have been falling for long
    earliest = -np.inf if fast >= 0.9 else fall.fit.start_s - float(before_s[0])
    return earliest, fall.fit.start_s - float(before_s[1])


def _mirrors(first: Fall, second: Fall) -> bool:
    """One is the other's reflection in the facade: beside it, smaller, and as fast at the same instant.

    A vertical mirror keeps heights, so downward speeds in m/s agree at every instant, whatever the thing does towards
    the camera; the image is farther away, so it is smaller and its apparent gravity less.
    """
    begin, end = second.fit.start_s, min(first.fit.end_s, second.fit.end_s)
    shorter = min(first.path.duration_s, second.path.duration_s)
    if end - begin < max(0.2, 0.3 * shorter) or not _released_together(first, second):
        return False
    t = np.linspace(begin, end, 12)
    beside = np.abs(first.fit.pixels_at(t)[:, 0] - second.fit.pixels_at(t)[:, 0])
    if float(np.median(beside)) > _mirror_offset_px(first, second):
        return False
    smaller, larger = sorted((first.path.size_px, second.path.size_px))
    if smaller > 0.9 * larger:
        return False
    middle = float(t[len(t) // 2])
    (speed_a, sd_a), (speed_b, sd_b) = first.fit.down_speed_at(middle), second.fit.down_speed_at(middle)
    return abs(speed_a - speed_b) < min(6.0, 2.0 * float(np.hypot(sd_a, sd_b)) + 0.5)


def _mirror_offset_px(a: Fall, b: Fall) -> float:
    """How far beside the one the other may be if they are object and image, or pieces, by the fits' own scale."""
    scale_px_per_m = max(a.fit.gravity_px_s2(), b.fit.gravity_px_s2()) / G_MPS2
    return min(_MIRROR_OFFSET * a.track.picture_size_px[0], _MIRROR_OFFSET_M * scale_px_per_m)


def _same_motion(first: Fall, second: Fall) -> bool:
    """Both move in step: at every instant one height is the same linear function of the other.

    A vertical mirror keeps heights and instants, so object and image are in step; so are pieces that fly side by side.
    Two things thrown at different instants are not: the later one is always slower. Half a second is too little to be
    seen in how they fall, so what is far beside is another thing.
    """
    begin, end = second.fit.start_s, min(first.fit.end_s, second.fit.end_s)
    shorter = min(first.path.duration_s, second.path.duration_s)
    if end - begin < max(0.2, 0.5 * shorter) or not _released_together(first, second):
        return False
    t = np.linspace(begin, end, 24)
    (ua, va), (ub, vb) = first.fit.pixels_at(t).T, second.fit.pixels_at(t).T
    if float(np.median(np.abs(ua - ub))) > _mirror_offset_px(first, second):
        return False
    if np.ptp(va) < 10.0 or np.ptp(vb) < 10.0:
        return False
    slope, offset = np.polyfit(va, vb, 1)
    residual = float(np.sqrt(np.mean(np.square(vb - slope * va - offset))))
    return bool(0.25 < slope < 4.0 and residual < max(2.0, 0.02 * float(np.ptp(vb))))


def _starts_on(first: Fall, second: Fall) -> bool:
    """The second starts where the first is at that instant: a piece that came off, or the same thing found twice."""
    t = second.fit.start_s
    if t > first.fit.end_s:
        return False
    where = first.fit.pixels_at(np.array([t]))[0]
    return bool(np.linalg.norm(where - second.path.uv_px[0]) < 15.0 + 2.0 * first.path.size_px)


def _bounces_off(first: Fall, second: Fall) -> bool:
    """The second starts where and when the first ended: a bounce, a splash, or the path going on behind a sign."""
    silence = second.fit.start_s - first.fit.end_s
    if not -0.1 <= silence <= _BOUNCE_S:
        return False
    reach = 0.05 * first.track.picture_size_px[1] + 4.0 * first.path.size_px
    # what fell on had not landed, though the wind led it away from the fit
    ended_px = first.path.points[-1].detection.y_px
    if any(p.detection.y_px > ended_px + reach for p in first.after):
        return False
    ahead = first.fit.pixels_at(np.array([first.fit.end_s, second.fit.start_s]))
    return bool(np.min(np.linalg.norm(ahead - second.path.uv_px[0], axis=1)) < reach)
