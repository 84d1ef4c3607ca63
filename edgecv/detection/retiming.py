"""When a picture was taken, where the file repeats pictures.

A 20 frames a second camera in a 30 frames a second file shows every second picture twice, so the time stamps of the
pictures lie up to half a frame off an even beat: 16 ms, in which a fast object moves 30 pixels. Where repeats are
regular the even beat is restored: a straight line through the last time stamps against the number of the picture.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edgecv.detection.settings import DetectionSettings

_SMALLEST_STEP_S = 1e-3  # between pictures, where a correction that ends would turn time back


class Retimer:
    """One camera's time stamps; every frame must be given, in order."""

    def __init__(self, settings: DetectionSettings | None = None) -> None:
        self._settings = settings or DetectionSettings()
        self._pictures: deque[tuple[int, float]] = deque(maxlen=self._settings.retiming_frames[1])
        self._repeats: deque[bool] = deque(maxlen=self._settings.retiming_repeats)
        self._count = 0
        self._last_s = -np.inf

    def instant(self, t_s: float, repeated: bool) -> float:
        """Return the media time at which the picture was taken; ``t_s`` itself where no beat is found."""
        self._repeats.append(repeated)
        if repeated:
            return t_s
        self._count += 1
        self._pictures.append((self._count, t_s))
        restored_s = self._on_the_beat(t_s)
        # never backwards: where the beat is found or lost the correction changes
        self._last_s = restored_s if restored_s > self._last_s else max(t_s, self._last_s + _SMALLEST_STEP_S)
        return float(self._last_s)

    def _on_the_beat(self, t_s: float) -> float:
        s = self._settings
        too_few = len(self._pictures) < s.retiming_frames[0]
        if too_few or sum(self._repeats) < s.retiming_share * len(self._repeats):
            return t_s
        number, stamp_s = np.array(self._pictures).T
        beat_s, now_s = np.polyfit(number - number[-1], stamp_s, 1)
        error_s = np.abs(stamp_s - now_s - beat_s * (number - number[-1]))
        return float(now_s) if float(error_s.max()) < s.retiming_max_error * beat_s else t_s
