"""When a picture was really taken, where the file shows pictures twice.

A 20 frames a second camera in a 30 frames a second file shows every second picture twice, so the time stamps of the
pictures lie up to half a frame off an even beat: 16 ms, in which a fast thing moves 30 pixels. Where repeats are
regular the even beat is restored: a straight line through the last time stamps against the number of the picture.
"""

from __future__ import annotations

from collections import deque

import numpy as np

_WINDOW = 24  # pictures: a second of them
_FEWEST = 8
_SHARE = 0.15  # repeats below this share are a stuttering file, not another frame rate
_EVEN = 0.6  # largest distance from the beat, in beats, that such a conversion makes


class Retimer:
    """Follows one camera's time stamps; every frame must be told, in order."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, float]] = deque(maxlen=_WINDOW)
        self._repeats: deque[bool] = deque(maxlen=30)
        self._count = 0
        self._last_s = -np.inf

    def instant(self, t_s: float, repeated: bool) -> float:
        """Return the media time at which the picture was taken, as far as it can be told; else ``t_s`` itself."""
        self._repeats.append(repeated)
        if repeated:
            return t_s
        self._count += 1
        self._pictures.append((self._count, t_s))
        restored = self._on_the_beat(t_s)
        # never backwards: where the beat is found or lost the correction changes
        self._last_s = restored if restored > self._last_s else max(t_s, self._last_s + 1e-3)
        return float(self._last_s)

    def _on_the_beat(self, t_s: float) -> float:
        if len(self._pictures) < _FEWEST or sum(self._repeats) < _SHARE * len(self._repeats):
            return t_s
        number, stamp = np.array(self._pictures).T
        beat, start = np.polyfit(number - number[-1], stamp, 1)
        off = np.abs(stamp - start - beat * (number - number[-1]))
        return float(start) if float(off.max()) < _EVEN * beat else t_s
