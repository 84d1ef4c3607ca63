"""Multiple testing: the more paths are tested, as in snow, the more of them look like a throw by chance."""

from __future__ import annotations

from collections import deque

import numpy as np

from edgecv.classification.settings import ClassificationSettings

_AT_LEAST_S = 10.0
"""Shortest time that a rate is computed over: the first path of a video is no traffic."""


class MultiplicityCorrection:
    """The rate of tested paths, and how much stronger an incident's evidence must be for it (Bonferroni)."""

    def __init__(self, settings: ClassificationSettings) -> None:
        self._settings = settings
        self._ends_s: deque[float] = deque()
        self._first_s: float | None = None

    def penalty(self, end_s: float) -> float:
        """Count a path that ended then; return by how many log units the evidence must be better than usual.

        With ``n`` times as many chances the best of them is as likely to reach a likelihood ratio ``n`` times as high.
        """
        s = self._settings
        if self._first_s is None:
            self._first_s = end_s
        self._ends_s.append(end_s)
        while self._ends_s[0] < end_s - s.path_rate_window_s:
            self._ends_s.popleft()
        watched_s = min(max(end_s - self._first_s, _AT_LEAST_S), s.path_rate_window_s)
        return float(np.log(max(1.0, len(self._ends_s) / watched_s / s.usual_path_rate_hz)))
