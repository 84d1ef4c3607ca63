"""Sinking things of one camera: tracks in, judged descents out, as falls with their verdicts."""

from __future__ import annotations

from collections.abc import Iterator

from edgecv.classification.leaves import Strays
from edgecv.classification.sinking_descent import Descent, Descents
from edgecv.classification.sinking_settings import SinkingRules
from edgecv.classification.sinking_verdict import Surroundings, begins_at, is_hopeless, judge_sinking
from edgecv.classification.verdict import Verdict
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.tracking.track import Track
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.sinking_fit import explained_as_sinking, placed_path


class SinkingMonitor:
    """Watches for paper, bags, tissue and film that sink along a calibrated facade.

    Args:
        camera: calibrated.
        plan: the facade it sees.
        settings: errors of a sighting.
        rules: the lines.
    """

    def __init__(
        self,
        camera: PinholeCamera,
        plan: FacadePlan,
        settings: TrajectorySettings | None = None,
        rules: SinkingRules | None = None,
    ) -> None:
        self._plan, self._settings, self._rules = plan, settings or TrajectorySettings(), rules or SinkingRules()
        self._view = View.calibrated(camera)
        self._camera_m = camera.position_m
        self._descents = Descents(camera, self._rules)
        self._strays = Strays(self._rules)
        self._sights_s: list[float] = []

    def blind(self, t_s: float) -> None:
        """Note that nothing could be seen in the frame of that media time: what is seen next was on its way."""
        if self._sights_s and t_s - self._sights_s[-1] < self._rules.blind_s:
            self._sights_s[-1] = t_s
        else:
            self._sights_s = [*self._sights_s[-15:], t_s]

    def add(self, track: Track, *, is_fall: bool) -> None:
        """Take a track that has ended.

        Args:
            track: any.
            is_fall: gravity moves it; no leaf does that.
        """
        descent = self._descents.place(track)
        if descent is None:
            return
        if not is_fall and self._is_stray(descent):
            self._strays.note(descent)
        self._descents.add(descent)

    def due(self, now_s: float) -> Iterator[tuple[Fall, Verdict]]:
        """Descents that were decided by then, with their verdicts; what is rejected is left out."""
        storey_m = float(self._plan.floor_edges_m[1] - self._plan.floor_edges_m[0])
        for descent in self._descents.due(now_s):
            slowest, fastest = self._rules.sink_mps
            # another speed is no candidate either, and the evidence costs most
            if descent.descent_m < self._rules.candidate_storeys * storey_m:
                continue
            if not slowest <= -float(descent.mean_mps[1]) <= fastest:
                continue
            placed = placed_path(descent.track, self._view, self._settings, self._rules.evidence)
            if placed is None:
                continue
            was_blind = any(0.0 <= descent.start_s - t_s < self._rules.blind_s for t_s in self._sights_s)
            strays = self._strays.until(descent.end_s + self._rules.decide_after_s)
            surroundings = Surroundings(self._plan, strays, was_blind)
            if is_hopeless(placed, surroundings, self._rules):
                continue
            explained = explained_as_sinking(placed, self._view, self._rules.evidence)
            verdict = judge_sinking(explained, surroundings, self._rules)
            if verdict.tier != "rejected":
                yield explained.fall, verdict

    def _is_stray(self, descent: Descent) -> bool:
        """It sank, but not from the building, or too fast for that: leaves, flakes, and what is near the camera."""
        s, track = self._rules, descent.track
        if len(track.points) < max(s.stray_points, s.stray_share * track.scan_count):
            return False
        aside, up = descent.mean_mps
        if (
            descent.descent_m < s.stray_descent_m
            or not s.stray_mps[0] <= -up <= s.stray_mps[1]
            or abs(aside) > -1.5 * up
        ):
            return False
        x, y = descent.xy_m[0]
        slope = float((y - self._camera_m[1]) / (self._camera_m[2] - s.evidence.standoff_m))
        return -up > s.sink_mps[1] or not begins_at((float(x), float(y)), slope, self._plan, s)
