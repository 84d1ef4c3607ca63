"""A second look: once a fall is fitted, the pictures are searched along it for what was too weak to be detected.

A detection must stand out of the whole picture, a sighting on a known path only out of the few pixels that the fit
allows for. So things that cross windows and walls, brighter than the one and darker than the other, are seen in more
pictures; and before the first sighting lies the release.

What is added counts as evidence by what chance makes in the window that was searched, and pictures that show nothing
count as missed: a path that is no fall gets no better by being looked at twice.
"""

from __future__ import annotations

from edgecv.detection.difference_history import DifferenceHistory
from edgecv.trajectory.explanation import UncalibratedFall, compared, widened
from edgecv.trajectory.fall import Fall
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
        for backwards in (True, False):
            if not _goes_elsewhere(fall, s, backwards):
                search.go_on(backwards)
        sightings, track = search.sightings, search.looked_at()
        if sightings == fall.path.points:
            return fall
        first, last = fall.path.points[0].frame, fall.path.points[-1].frame
        between = tuple(p for p in sightings if first <= p.frame <= last)
        uncalibrated = UncalibratedFall(track, s)
        wider = compared(widened(fall, track, between, s), uncalibrated, s)
        if between == sightings:
            return wider
        # the hand before and the ground after are no part of the fall; what they say against it, the verdict weighs
        longer = widened(fall, track, sightings, s)
        needed = wider.likelihoods.ratio + s.min_log_gain
        if fall.fit.view.camera is None and longer.likelihoods.ratio <= needed:
            return wider  # a comparison only lowers it
        longer = compared(longer, uncalibrated, s)
        return longer if longer.likelihoods.ratio > needed else wider


def _goes_elsewhere(fall: Fall, settings: TrajectorySettings, backwards: bool) -> bool:
    """True where the track itself says where the object was beyond this end, and the physics did not explain it.

    What is much fainter than the object is what it left behind: a codec lets a block stand for some pictures.
    """
    end_s = fall.fit.start_s if backwards else fall.fit.end_s
    beyond = fall.before if backwards else fall.after
    least_snr = settings.second_look_clear * fall.path.snr
    near = (p for p in beyond if abs(p.t_s - end_s) < settings.largest_gap_s(fall.track.frame_interval_s))
    return sum(p.detection.snr > least_snr for p in near) >= settings.second_look_elsewhere
