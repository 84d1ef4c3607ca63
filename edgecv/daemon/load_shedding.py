"""A box that is late first analyses every second picture, before it drops any packet.

All packets are still decoded and kept for evidence; at ``LATE_S`` of :mod:`edgecv.capture.packets` groups are dropped.
At half the rate a few falls in a hundred are missed; of a dropped group of pictures every one is, and the background is
learnt anew after it.

One stall is no overload: the end of several falls at once costs half a second and more, and the packets that waited
meanwhile are caught up with in the next. Load is shed on a box that stays late, and on one that is about to drop.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_LATE_S = 0.7
"""Lag of a box that may be overloaded: the end of several falls at once costs up to this much."""
_LASTING_S = 1.0
"""A lag above ``_LATE_S`` for so long is an overload; a stall is caught up with earlier."""
_URGENT_S = 1.25
"""A lag above this sheds load at once: a quarter of a second before groups are dropped."""
_RECOVERED_S = 0.2
"""Shedding ends below this lag: a margin, so that it does not begin and end every second."""


class LoadShedder:
    """Chooses which pictures are not analysed.

    Args:
        now: a monotonic clock, seconds.

    Attributes:
        skipped_frames: how many were not.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.skipped_frames = 0
        self._now = now
        self._late_since: float | None = None
        self._is_shedding = False
        self._analysed_last = False

    def skips_frame(self, lag_s: float) -> bool:
        """Whether to leave the next picture out of the analysis.

        Args:
            lag_s: how long the oldest packet has waited.
        """
        self._is_shedding = lag_s > _RECOVERED_S if self._is_shedding else self._is_overloaded(lag_s)
        if not (self._is_shedding and self._analysed_last):
            self._analysed_last = True
            return False
        self._analysed_last = False
        self.skipped_frames += 1
        return True

    def _is_overloaded(self, lag_s: float) -> bool:
        if lag_s <= _LATE_S:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = self._now()
        return lag_s > _URGENT_S or self._now() - self._late_since > _LASTING_S
