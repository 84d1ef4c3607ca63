"""How much goes down in the picture: the more paths are tried in snow, the more of them look like a throw by luck."""

from __future__ import annotations

from collections import deque

import numpy as np

from edgecv.classification.settings import ClassificationSettings

_AT_LEAST_S = 10.0


class Traffic:
    """Counts the paths that were worth a fit; must be told of each once, in order of its end."""

    def __init__(self, settings: ClassificationSettings) -> None:
        self._settings = settings
        self._ends_s: deque[float] = deque()
        self._first_s: float | None = None

    def surcharge(self, end_s: float) -> float:
        """Count a path that ended then; return by how many log units the evidence must be better than usual.

        With ``n`` times as many chances the best of them is as likely to reach a likelihood ratio ``n`` times as high.
        """
        s = self._settings
        if self._first_s is None:
            self._first_s = end_s
        self._ends_s.append(end_s)
        while self._ends_s[0] < end_s - s.traffic_s:
            self._ends_s.popleft()
        watched_s = min(max(end_s - self._first_s, _AT_LEAST_S), s.traffic_s)
        return float(np.log(max(1.0, len(self._ends_s) / watched_s / s.usual_traffic_hz)))
