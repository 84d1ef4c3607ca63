"""Paths that wait to be judged: the most unusual first, and no more a second than a box has time for.

In heavy snow dozens of flakes a second bend downwards for a while, and each costs some ten milliseconds of physics. A
box that falls behind drops whole groups of pictures, in which every fall is missed; so the work is bounded, and what is
left out is counted. All of it goes by media time, so that a replay leaves out the same.

A throw is unusual among flakes by its bend, among drops by how long it is seen and how much light it moves: a path is
as promising as its signs are rare among recent paths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.classification.settings import ClassificationSettings
from edgecv.trajectory.bent_track import BentTrack
from edgecv.trajectory.fall_signs import FallSigns

_OF_EQUALS = 0.01
"""Weight of the other signs: they order paths whose rarest sign is as rare."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    track: BentTrack
    promise: float
    since_s: float


@dataclass(frozen=True, slots=True)
class Due:
    """What was decided in a frame.

    Attributes:
        to_judge: tracks to be judged now, in the order in which they ended.
        left_out: tracks that waited too long while more unusual ones came.
    """

    to_judge: tuple[BentTrack, ...]
    left_out: tuple[BentTrack, ...]


class WaitingPaths:
    """The paths of one camera.

    Args:
        settings: how many may be judged.
    """

    def __init__(self, settings: ClassificationSettings) -> None:
        self._settings = settings
        self._waiting: list[_Waiting] = []
        self._recent = np.empty((settings.judged_compared, len(FallSigns._fields)))
        self._count = 0
        self._budget = settings.judged_burst
        self._now_s = 0.0

    def add(self, track: BentTrack, signs: FallSigns, now_s: float) -> None:
        """Take a path.

        Args:
            track: that ended.
            signs: of a fall; the rarer, the sooner it is judged.
            now_s: media time.
        """
        self._recent[self._count % len(self._recent)] = signs
        self._count += 1
        self._waiting.append(_Waiting(track, self._promise(signs), now_s))

    def due(self, now_s: float) -> Due:
        """Return what is judged at that media time, and what never will be."""
        s = self._settings
        now_s = max(now_s, self._now_s)
        self._budget = min(s.judged_burst, self._budget + s.judged_per_s * (now_s - self._now_s))
        self._now_s = now_s
        return self._taken(int(self._budget), now_s - s.judged_within_s)

    def flush(self) -> Due:
        """The same at the end of a video: as many as would have been judged while they waited."""
        s = self._settings
        return self._taken(int(self._budget + s.judged_per_s * s.judged_within_s), float("inf"))

    def _promise(self, signs: FallSigns) -> float:
        """How rare the rarest sign is among recent paths, minus the logarithm of its tail (Tippett 1931).

        Their sum favours what is a little unusual in all: of 19 tracks of throws in heavy snow it left out 5, the
        rarest sign none.
        """
        recent = self._recent[: self._count]
        tails = np.mean(recent >= np.array(signs), axis=0)  # itself included: never zero
        rarities = -np.log(tails)
        return float(rarities.max() + _OF_EQUALS * rarities.sum())

    def _taken(self, most: int, oldest_s: float) -> Due:
        ranked = sorted(self._waiting, key=lambda path: -path.promise)  # of equals the earlier one stays before
        taken = set(ranked[:most])
        self._budget -= len(taken)
        others = [path for path in self._waiting if path not in taken]
        to_judge = tuple(path.track for path in self._waiting if path in taken)
        self._waiting = [path for path in others if path.since_s >= oldest_s]
        return Due(to_judge, tuple(path.track for path in others if path.since_s < oldest_s))
