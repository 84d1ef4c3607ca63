"""A box that is late first analyses every second picture, before it drops any packet.

All packets are still decoded and kept for evidence; at ``LATE_S`` of :mod:`edgecv.capture.packets` groups are dropped.
At half the rate a few falls in a hundred are missed; of a dropped group of pictures every one is, and the background is
learnt anew after it.
"""

from __future__ import annotations

_BEGINS_S = 1.0  # of lag: the end of several falls at once costs half a second, eight cameras starting one
_ENDS_S = 0.2


class Thinning:
    """Which pictures are left out.

    Attributes:
        left_out: how many were.
    """

    def __init__(self) -> None:
        self.left_out = 0
        self._late = False
        self._had_last = False

    def leaves_out(self, lag_s: float) -> bool:
        """Whether to leave the next picture out.

        Args:
            lag_s: how long the oldest packet has waited.
        """
        self._late = lag_s > (_ENDS_S if self._late else _BEGINS_S)
        if not (self._late and self._had_last):
            self._had_last = True
            return False
        self._had_last = False
        self.left_out += 1
        return True
