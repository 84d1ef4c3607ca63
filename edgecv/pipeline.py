"""The analysis of one camera: frames in, findings out. Read this file to see the whole program.

====================  =====================================================  ==================================
room                  what it does                                           what goes on
====================  =====================================================  ==================================
``capture``           decodes a stream or a file                             :class:`Frame`: luma and media time
``detection``         subtracts a noise-aware background                     :class:`DetectedFrame`: blobs
``tracking``          links blobs over time: initiator, Kalman filter,       :class:`Track`, once it has ended
                      gate, data association, deleter
``motion_map``        learns where things go the same way all day            how usual a path is
``trajectory``        fits a fall with drag and compares it with motions     ``Fall``: the fit and its evidence
                      that are no fall
``classification``    judges falls and groups those of one object            :class:`Finding`: object and verdict
``incidents``         builds the record: time, origin, mass, hazard          ``Incident``: the contract's JSON
``storage``           commits the record together with its message           a row, and a message in the outbox
``evidence``          cuts a clip, draws pictures, seals and chains them     a sealed bundle
``upstream``          delivers messages until they are confirmed             MQTT or HTTP
====================  =====================================================  ==================================

:class:`Pipeline` is the middle of that table, from detection to classification. The live daemon
(:mod:`edgecv.daemon.camera_connection`) and the replay of recorded video (:mod:`edgecv.replay`) drive this same object,
so that an audit sees what the live box saw. All its times are media time (seconds since the first frame, from
presentation time stamps), never the wall clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgecv.capture.frame import Frame
from edgecv.classification import (
    ClassificationSettings,
    Finding,
    Grouper,
    MultiplicityCorrection,
    RepeatedPaths,
    doubt_usual_motion,
    judge,
)
from edgecv.classification.nuisance import Reviewer, SecondOpinion
from edgecv.classification.sinking_monitor import SinkingMonitor
from edgecv.classification.two_objects import doubt_two_objects
from edgecv.classification.verdict import Verdict
from edgecv.classification.waiting_paths import Due, WaitingPaths
from edgecv.detection import DetectionSettings, Detector
from edgecv.detection.detector import DetectedFrame
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.motion_map import MotionMap, MotionMapSettings
from edgecv.tracking import Track, Tracker, TrackingSettings
from edgecv.trajectory import (
    BentTrack,
    Fall,
    TrajectorySettings,
    View,
    bent_track,
    explain_bent,
    fall_signs,
    is_steady_in_space,
)
from edgecv.trajectory.second_look import SecondLook


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """The settings of every room; each default stands in the room's ``settings.py`` with its reason."""

    detection: DetectionSettings = field(default_factory=DetectionSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    motion_map: MotionMapSettings = field(default_factory=MotionMapSettings)
    trajectory: TrajectorySettings = field(default_factory=TrajectorySettings)
    classification: ClassificationSettings = field(default_factory=ClassificationSettings)


@dataclass(slots=True)
class PipelineCounts:
    """How much has passed each stage.

    Attributes:
        frames: frames analysed.
        repeated_frames: those among them that repeat the picture before.
        detections: blobs in all frames.
        tracks: tracks that ended.
        falls: tracks that a fall can explain at all.
        steady: tracks that bend downwards in the picture and that a steady motion in space explains as well as a fall.
        left_out: tracks that may be falls and were not judged, because more promising ones took the time.
        verdicts: judged falls by label.
    """

    frames: int = 0
    repeated_frames: int = 0
    detections: int = 0
    tracks: int = 0
    falls: int = 0
    steady: int = 0
    left_out: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)


class Pipeline:
    """Detection to classification for one camera.

    Args:
        camera: the camera model in the facade's coordinates; None without a calibration.
        settings: of every room.
        masks: polygons ``(n, 2)`` in pixels whose inside is not analysed.
        reviewer: asked about every fall that physics has judged; the nuisance model, where the settings say so, when
            left out.
        plan: the facade that the camera sees; things that sink are looked for along it, with a calibration only.
        motion_map: of this camera, which goes on learning; an empty one when left out.

    Attributes:
        counts: how much has passed each stage.
        detected: the detections of the newest frame, for those who monitor how well the camera sees.
    """

    def __init__(
        self,
        camera: PinholeCamera | None = None,
        settings: PipelineSettings | None = None,
        masks: tuple[tuple[tuple[float, float], ...], ...] = (),
        reviewer: Reviewer | None = None,
        plan: FacadePlan | None = None,
        motion_map: MotionMap | None = None,
    ) -> None:
        self.settings = settings or PipelineSettings()
        self.counts = PipelineCounts()
        self.detected: DetectedFrame | None = None
        limits = self.settings.classification
        self._camera, self._plan = camera, plan
        self._detector = Detector(self.settings.detection, masks)
        self._tracker: Tracker | None = None  # built with the first frame, which tells the picture's size
        self._view: View | None = None
        self._waiting = WaitingPaths(limits)
        self._second_look = SecondLook(self.settings.trajectory)
        self._repeated_paths = RepeatedPaths(limits)
        self._multiplicity = MultiplicityCorrection(limits)
        self._reviewer = reviewer or (SecondOpinion() if limits.use_nuisance_model else None)
        self._motion_map = motion_map or MotionMap(self.settings.motion_map)
        self._grouper = Grouper()
        self._sinking = (
            None if camera is None or plan is None else SinkingMonitor(camera, plan, self.settings.trajectory)
        )

    def process(self, frame: Frame) -> list[Finding]:
        """Analyse the next frame; return the findings that became certain with it."""
        if self._tracker is None:
            self._tracker, self._view = self._begin(frame)
        self.detected = self._detector.detect(frame)
        self._count(self.detected)
        if self.detected.blind is None:
            self._motion_map.watch(frame.t_s)
        for track in self._tracker.update(self.detected):
            self._take(track, frame.t_s)
        self._judge_due(self._waiting.due(frame.t_s))
        self._judge_sinking(frame.t_s, is_blind=self.detected.blind is not None)
        # a group waits for tracks that still fall and may turn out to be the same object
        falling = self._tracker.falling() if self._grouper.undecided else []
        return self._grouper.release(frame.t_s, falling)

    def flush(self) -> list[Finding]:
        """End all tracks, because the video is over; return the findings that were still undecided."""
        if self._tracker is None:
            return []
        for track in self._tracker.flush():
            self._take(track, track.end_s)
        self._judge_due(self._waiting.flush())
        self._judge_sinking(float("inf"))
        return self._grouper.release(float("inf"), [])

    def _begin(self, frame: Frame) -> tuple[Tracker, View]:
        height, width = frame.luma.shape
        tracker = Tracker((width, height), self.settings.tracking)
        if self._camera is None:
            return tracker, View.uncalibrated((width, height), self.settings.trajectory)
        return tracker, View.calibrated(self._camera)

    def _count(self, detected: DetectedFrame) -> None:
        self.counts.frames += 1
        self.counts.repeated_frames += detected.repeated
        self.counts.detections += len(detected.detections)

    def _take(self, track: Track, now_s: float) -> None:
        """Let a track that ended wait for its verdict, unless nothing about it is a fall."""
        self.counts.tracks += 1
        bent = bent_track(track, self.settings.trajectory)
        if bent is None:
            self._pass_on(track, is_fall=False)
        elif is_steady_in_space(bent):
            self.counts.steady += 1
            self._multiplicity.penalty(bent.track.end_s)  # it was tested too, only sooner
            self._pass_on(track, is_fall=False)
        else:
            self._waiting.add(bent, fall_signs(bent), now_s)

    def _judge_due(self, due: Due) -> None:
        for bent in due.to_judge:
            self._judge(bent, self._view)
        for bent in due.left_out:
            self.counts.left_out += 1
            self._multiplicity.penalty(bent.track.end_s)  # chosen by how much like a fall it looks, it was tested too
            self._pass_on(bent.track, is_fall=False)

    def _judge(self, bent: BentTrack, view: View | None) -> None:
        """Explain a track by a fall, judge the fall, and group it with others of the same object."""
        assert view is not None
        fall = explain_bent(bent, view, self.settings.trajectory)
        fall = self._second_look.look(fall, self._detector.history)
        verdict = self._verdict(fall, bent.track)
        if verdict.tier != "rejected":
            self._grouper.add(fall, verdict)
        self._pass_on(bent.track, is_fall=verdict.tier == "incident")

    def _pass_on(self, track: Track, *, is_fall: bool) -> None:
        """Show a track, after its own verdict, to what asks for no fall: things that sink, and the map of motion."""
        if self._sinking is not None:
            self._sinking.add(track, is_fall=is_fall)
        self._motion_map.learn(track)

    def _verdict(self, fall: Fall, track: Track) -> Verdict:
        self.counts.falls += 1
        limits = self.settings.classification
        repeats = self._repeated_paths.count(fall)  # water drips along one path, a throw never repeats
        verdict = judge(fall, limits, repeats, self._multiplicity.penalty(track.end_s), self._plan)
        if self._reviewer is not None:
            verdict = self._reviewer.review(verdict, fall, limits, repeats)
        verdict = doubt_two_objects(verdict, fall, self.settings.trajectory, limits)
        verdict = doubt_usual_motion(verdict, fall, self._motion_map)
        self.counts.verdicts[verdict.label] += 1
        return verdict

    def _judge_sinking(self, now_s: float, *, is_blind: bool = False) -> None:
        """Group what sank along the facade and has been decided by now with what fell."""
        if self._sinking is None:
            return
        if is_blind:
            self._sinking.blind(now_s)
        for fall, physical in self._sinking.due(now_s):
            verdict = doubt_usual_motion(physical, fall, self._motion_map)
            self.counts.verdicts[verdict.label] += 1
            self._grouper.add(fall, verdict)
