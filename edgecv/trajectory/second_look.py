"""A second look: once a fall is fitted, the pictures are searched along it for what was too weak to be detected.

A detection must stand out of the whole picture, a sighting on a known path only out of the few pixels that the fit
allows for. So things that cross windows and walls, brighter than the one and darker than the other, are seen in more
pictures; and before the first sighting lies the release.

What is added counts as evidence by what chance makes in the window that was searched, and pictures that show nothing
count as missed: a path that is no fall gets no better by being looked at twice.
"""

from __future__ import annotations

from edgecv.detection.difference_history import DifferenceHistory
from edgecv.trajectory.fall import Fall, widened
from edgecv.trajectory.path_search import PathSearch
from edgecv.trajectory.settings import TrajectorySettings


class SecondLook:
    """Looks at the falls of one camera again, at most a few a second of media time: traffic has many that are none.

    Args:
        settings: priors and limits.
    """

    def __init__(self, settings: TrajectorySettings) -> None:
        self._settings = settings
        self._looks = settings.second_look_burst
        self._last_s = 0.0

    def look(self, fall: Fall, history: DifferenceHistory | None) -> Fall:
        """Return the fall with what a second look adds, for it or against it; the same one where that is nothing.

        Args:
            fall: of a track that ended; what chance or another motion explains far better is not worth the time.
            history: the detector's.
        """
        s, ratios = self._settings, fall.likelihoods
        if history is None or ratios.above_chance < s.search_above_chance or ratios.ratio < s.second_look_ratio:
            return fall
        now_s = max(self._last_s, fall.track.end_s)
        self._looks = min(s.second_look_burst, self._looks + s.second_looks_per_s * (now_s - self._last_s))
        self._last_s = now_s
        if self._looks < 1.0:
            return fall
        self._looks -= 1.0
        search = PathSearch(fall.track, fall.path, fall.fit, history, s)
        search.fill_gaps()
        search.go_on(backwards=True)
        search.go_on(backwards=False)
        sightings, track = search.sightings, search.looked_at()
        if sightings == fall.path.points:
            return fall
        first, last = fall.path.points[0].frame, fall.path.points[-1].frame
        wider = widened(fall, track, sightings, s)
        # the hand before and the ground after are no part of the fall; what they say against it, the verdict weighs
        for begin, end in ((first, sightings[-1].frame), (sightings[0].frame, last), (first, last)):
            if wider.likelihoods.ratio > fall.likelihoods.ratio - s.min_log_gain:
                break
            wider = widened(fall, track, tuple(p for p in sightings if begin <= p.frame <= end), s)
        return wider
