"""A box that is late first analyses every second picture, before it drops any packet.

All packets are still decoded and kept for evidence; at ``LATE_S`` of :mod:`edgecv.capture.packets` groups are dropped.
At half the rate a few falls in a hundred are missed; of a dropped group of pictures every one is, and the background is
learnt anew after it.

One stall is no overload: the end of several falls at once costs half a second and more, and what waited meanwhile is
made up for in the next. Thinning is for a box that stays late, and for one that is about to drop.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_LATE_S, _LASTING_S = 0.7, 1.0  # of lag, for so long
_TOO_LATE_S = 1.25  # of lag, at once
_ENDS_S = 0.2


class Thinning:
    """Which pictures are left out.

    Args:
        now: a monotonic clock, seconds.

    Attributes:
        left_out: how many were.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.left_out = 0
        self._now = now
        self._late_since: float | None = None
        self._thins = False
        self._had_last = False

    def leaves_out(self, lag_s: float) -> bool:
        """Whether to leave the next picture out.

        Args:
            lag_s: how long the oldest packet has waited.
        """
        self._thins = lag_s > _ENDS_S if self._thins else self._is_too_late(lag_s)
        if not (self._thins and self._had_last):
            self._had_last = True
            return False
        self._had_last = False
        self.left_out += 1
        return True

    def _is_too_late(self, lag_s: float) -> bool:
        if lag_s <= _LATE_S:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = self._now()
        return lag_s > _TOO_LATE_S or self._now() - self._late_since > _LASTING_S
