"""Paths that wait to be judged: the most promising first, and no more a second than a box has time for.

In heavy snow dozens of flakes a second bend downwards for a while, and each costs some ten milliseconds of physics. A
box that falls behind drops whole groups of pictures, in which every fall is missed; so the work is bounded, and what is
left out is counted. All of it goes by media time, so that a replay leaves out the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.classification.settings import ClassificationSettings
from edgecv.tracking.track import Track


@dataclass(frozen=True, slots=True)
class _Waiting:
    track: Track
    promise: float
    since_s: float
    number: int


@dataclass(frozen=True, slots=True)
class Due:
    """What was decided in a frame.

    Attributes:
        to_judge: tracks to be judged now, in the order in which they ended.
        left_out: tracks that waited too long while more promising ones came.
    """

    to_judge: tuple[Track, ...]
    left_out: tuple[Track, ...]


class WaitingPaths:
    """The paths of one camera.

    Args:
        settings: how many may be judged.
    """

    def __init__(self, settings: ClassificationSettings) -> None:
        self._settings = settings
        self._waiting: list[_Waiting] = []
        self._budget = settings.judged_burst
        self._now_s = 0.0
        self._count = 0

    def add(self, track: Track, promise: float, now_s: float) -> None:
        """Take a path.

        Args:
            track: that ended.
            promise: the higher, the sooner it is judged.
            now_s: media time.
        """
        self._waiting.append(_Waiting(track, promise, now_s, self._count))
        self._count += 1

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

    def _taken(self, most: int, oldest_s: float) -> Due:
        ranked = sorted(self._waiting, key=lambda path: (-path.promise, path.number))
        taken, others = ranked[:most], ranked[most:]
        self._budget -= len(taken)
        late = [path for path in others if path.since_s < oldest_s]
        self._waiting = [path for path in others if path.since_s >= oldest_s]
        return Due(*(tuple(p.track for p in sorted(part, key=lambda path: path.number)) for part in (taken, late)))
