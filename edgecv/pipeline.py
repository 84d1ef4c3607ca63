"""The whole program for one camera: frames in, findings out.

    capture -> detection -> tracking -> trajectory -> classification -> incidents -> upstream

:class:`Pipeline` holds the middle of that line. The live daemon and the replay of recorded video drive this same
object, so an audit sees exactly what the live box saw. Time is media time (PTS), never the wall clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgecv.capture.frame import Frame
from edgecv.classification import ClassificationSettings, Finding, Grouper, MultiplicityCorrection, RepeatedPaths, judge
from edgecv.classification.nuisance import NuisanceModel
from edgecv.detection import DetectionSettings, Detector
from edgecv.detection.detector import DetectedFrame
from edgecv.geometry.camera import PinholeCamera
from edgecv.tracking import Track, Tracker, TrackingSettings
from edgecv.trajectory import TrajectorySettings, View, explain


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """The numbers of every room."""

    detection: DetectionSettings = field(default_factory=DetectionSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    trajectory: TrajectorySettings = field(default_factory=TrajectorySettings)
    classification: ClassificationSettings = field(default_factory=ClassificationSettings)


@dataclass(slots=True)
class PipelineCounts:
    """What went through; ``verdicts`` counts judged falls by label."""

    frames: int = 0
    repeated_frames: int = 0
    detections: int = 0
    tracks: int = 0
    falls: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)


class Pipeline:
    """Detection to classification for one camera.

    Args:
        camera: the calibrated camera, or None.
        settings: the numbers; the defaults are measured.
        masks: polygons ``(n, 2)`` in pixels whose inside is never looked at.
    """

    def __init__(
        self,
        camera: PinholeCamera | None = None,
        settings: PipelineSettings | None = None,
        masks: tuple[tuple[tuple[float, float], ...], ...] = (),
    ) -> None:
        self.settings = settings or PipelineSettings()
        self.counts = PipelineCounts()
        self.detected: DetectedFrame | None = None
        """What the newest frame gave; for whoever watches how well the camera sees."""
        self._camera = camera
        self._detector = Detector(self.settings.detection, masks)
        self._tracker: Tracker | None = None
        self._view: View | None = None
        self._grouper = Grouper()
        self._model = NuisanceModel() if self.settings.classification.use_nuisance_model else None
        self._repeated = RepeatedPaths(self.settings.classification)
        self._multiplicity = MultiplicityCorrection(self.settings.classification)

    def process(self, frame: Frame) -> list[Finding]:
        """Take the next frame; return what became certain with it."""
        if self._tracker is None:
            height, width = frame.luma.shape
            self._tracker = Tracker((width, height), self.settings.tracking)
            self._view = self._view_for((width, height))
        self.detected = detected = self._detector.detect(frame)
        tracks = self._tracker.update(detected)
        self.counts.frames += 1
        self.counts.repeated_frames += detected.repeated
        self.counts.detections += len(detected.detections)
        self._consider(tracks)
        return self._grouper.release(frame.t_s, self._tracker.falling() if self._grouper.undecided else [])

    def flush(self) -> list[Finding]:
        """The video is over: return what was still open."""
        if self._tracker is None:
            return []
        self._consider(self._tracker.flush())
        return self._grouper.release(float("inf"), [])

    def _consider(self, tracks: list[Track]) -> None:
        """Physics, then the verdict, on every track that ended."""
        assert self._view is not None
        for track in tracks:
            self.counts.tracks += 1
            fall = explain(track, self._view, self.settings.trajectory)
            if fall is None:
                continue
            self.counts.falls += 1
            repeats, limits = self._repeated.count(fall), self.settings.classification
            verdict = judge(fall, limits, repeats, self._multiplicity.penalty(track.end_s))
            if self._model is not None:
                verdict = self._model.review(verdict, fall, limits, repeats)
            self.counts.verdicts[verdict.label] += 1
            if verdict.tier != "rejected":
                self._grouper.add(fall, verdict)

    def _view_for(self, size_px: tuple[int, int]) -> View:
        if self._camera is None:
            return View.uncalibrated(size_px, self.settings.trajectory)
        return View.calibrated(self._camera)
