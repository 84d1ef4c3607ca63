"""One video through the same pipeline that the box runs, and its findings against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import Frame, VideoFile
from edgecv.classification import Finding
from edgecv.evaluation.accuracy import measure_accuracy
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.fade import FadeScore, count_boxes, time_range_overlap, video_overlap
from edgecv.evaluation.frame_rates import FrameRate, at_rate
from edgecv.evaluation.matching import Match, distance_px, match
from edgecv.evaluation.nuisance_classes import class_of_clip, presence_s
from edgecv.evaluation.result import ClipResult, EventResult, FindingResult, Outcome
from edgecv.evaluation.sightings import SightingCounter, Visibility
from edgecv.evaluation.truth import Truth, TruthEvent
from edgecv.evaluation.weighing import photometries
from edgecv.photometry import Photometry
from edgecv.pipeline import Pipeline
from edgecv.trajectory import Fall

IOU = (0.3, 0.5)
"""Overlaps at which boxes are scored: 0.5 is usual, and at a few pixels one pixel more or less costs half of it."""


@dataclass(frozen=True, slots=True)
class TimedFinding:
    """A finding and when it came out.

    Attributes:
        finding: what the pipeline returned.
        path: its sightings in pixels of their own frames.
        reported_s: media time of the frame with which it came out; the last frame's for one that came out at the end.
        at_end: it came out only because the video ended.
    """

    finding: Finding
    path: BoxPath
    reported_s: float
    at_end: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """A video analysed: findings, what could be seen of each event, and what it cost in CPU seconds."""

    findings: tuple[TimedFinding, ...]
    frames: int
    last_t_s: float
    analysis_s: float
    decode_s: float
    ended_early: str | None
    visibility: tuple[Visibility, ...] = ()
    sightings_s: float = 0.0


def evaluate_clip(
    video: Path,
    truth: Truth,
    camera: CalibratedCamera | None = None,
    name: str | None = None,
    rate: FrameRate = "all",
) -> ClipResult:
    """Analyse one video and compare with what really happened.

    Args:
        video: a file.
        truth: what happened in it; every finding is false where that is nothing.
        camera: its calibration, facade and masks; uncalibrated when left out.
        name: what to call it in the result.
        rate: which of its frames arrive; what could be seen is counted in all of them.

    Raises:
        InputError: the video cannot be read.
    """
    camera = camera or CalibratedCamera()
    replayed = run_pipeline(video, camera, truth.events, rate)
    incidents = [f for f in replayed.findings if f.finding.verdict.tier == "incident"]
    candidates = [f for f in replayed.findings if f.finding.verdict.tier != "incident"]
    ordered = [*incidents, *candidates]
    matches = match([f.path for f in incidents], [f.path for f in candidates], truth)
    pairs = list(zip(ordered, matches, strict=True))
    light = _light(video, pairs, camera)
    events = tuple(
        replace(_event(n, event, pairs, camera, light), visibility=seen)
        for n, (event, seen) in enumerate(zip(truth.events, replayed.visibility, strict=True))
    )
    presence = presence_s(truth, replayed.last_t_s)
    if truth.real and not presence:
        presence = {class_of_clip(Path(name or video)): replayed.last_t_s}
    return ClipResult(
        clip=name or str(video),
        duration_s=replayed.last_t_s,
        frames=replayed.frames,
        conditions=truth.conditions,
        nuisances=truth.nuisances,
        calibrated=camera.pinhole is not None,
        events=events,
        findings=tuple(_finding_result(timed, matched) for timed, matched in pairs if matched.role != "hit"),
        fade=_fade(truth, pairs),
        tro=_tro(truth, pairs),
        analysis_ms=1e3 * replayed.analysis_s / max(replayed.frames, 1),
        decode_ms=1e3 * replayed.decode_s / max(replayed.frames, 1),
        warning=replayed.ended_early,
        real=truth.real,
        presence_s=presence,
        sightings_ms=1e3 * replayed.sightings_s / max(replayed.frames, 1),
    )


def run_pipeline(
    video: Path, camera: CalibratedCamera, events: Sequence[TruthEvent] = (), rate: FrameRate = "all"
) -> Replayed:
    """Analyse a video frame by frame, timing decoder and analysis apart by the CPU time of this process."""
    pipeline = Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan)
    findings: list[TimedFinding] = []
    analysis_s = 0.0
    frames = 0
    with VideoFile(video) as source:
        decoding = _Decoding(source, SightingCounter(events, (source.info.width, source.info.height)))
        for frame in at_rate(decoding, rate):
            started = process_time()
            reported = pipeline.process(frame)
            analysis_s += process_time() - started
            frames += 1
            findings.extend(TimedFinding(f, path_of(f.fall), frame.t_s, False) for f in reported)
        last_t_s, ended_early = source.last_t_s, source.ended_early
    started = process_time()
    findings.extend(TimedFinding(f, path_of(f.fall), last_t_s, True) for f in pipeline.flush())
    analysis_s += process_time() - started
    return Replayed(
        tuple(findings),
        frames,
        last_t_s,
        analysis_s,
        decoding.decode_s,
        ended_early,
        tuple(decoding.counter.results()),
        decoding.sightings_s,
    )


@dataclass(slots=True)
class _Decoding:
    """A video's frames, with what could be seen in them counted as they pass."""

    source: VideoFile
    counter: SightingCounter
    decode_s: float = 0.0
    sightings_s: float = 0.0

    def __iter__(self) -> Iterator[Frame]:
        started = process_time()
        for frame in self.source:
            decoded = process_time()
            self.counter.add(frame)
            counted = process_time()
            self.decode_s += decoded - started
            self.sightings_s += counted - decoded
            yield frame
            started = process_time()


def path_of(fall: Fall) -> BoxPath:
    """Return the sightings that the fall explains: what is reported and drawn, in pixels of their own frames."""
    return BoxPath.of(
        (
            p.frame,
            p.media_s,
            p.detection.x_px + p.shift_px[0],
            p.detection.y_px + p.shift_px[1],
            p.detection.w_px,
            p.detection.h_px,
        )
        for p in fall.path.points
    )


Pairs = list[tuple[TimedFinding, Match]]


def _light(video: Path, pairs: Pairs, camera: CalibratedCamera) -> dict[int, Photometry | None]:
    """What the pictures say of the events that were found, by number; the video is decoded once more."""
    if camera.pinhole is None:
        return {}
    hits = [(m.event, timed.finding.fall) for timed, m in pairs if m.role == "hit" and m.event is not None]
    falls = [(number, fall) for number, fall in hits if fall.fit.model == "fall"]
    measured = photometries(video, [fall for _, fall in falls])
    return {number: photometry for (number, _), photometry in zip(falls, measured, strict=True)}


def _event(
    number: int, event: TruthEvent, pairs: Pairs, camera: CalibratedCamera, light: dict[int, Photometry | None]
) -> EventResult:
    own = [(timed, matched) for timed, matched in pairs if matched.event == number]
    hit = next(((timed, matched) for timed, matched in own if matched.role == "hit"), None)
    outcome: Outcome = "missed"
    distance = delay_s = accuracy = None
    overlap, at_end = 0.0, False
    if hit is not None:
        timed, matched = hit
        incident = timed.finding.verdict.tier == "incident"
        outcome = "incident" if incident else "candidate"
        overlap = time_range_overlap(timed.path, event.path) if incident else 0.0
        distance, delay_s, at_end = matched.distance_px, timed.reported_s - event.gone_s, timed.at_end
        if camera.pinhole is not None:
            first = (float(timed.path.xywh[0, 0]), float(timed.path.xywh[0, 1]))
            photometry = light.get(number)
            accuracy = measure_accuracy(timed.finding.fall, first, event, camera.plan, photometry=photometry)
    return EventResult(
        object=event.name,
        first_s=float(event.path.t_s[0]),
        gone_s=event.gone_s,
        frames=len(event.path.frames),
        size_px=event.size_px,
        contrast=event.contrast,
        too_short=event.too_short,
        outcome=outcome,
        merged=hit is None and any(_is_companion(timed, event) for timed, _ in pairs),
        duplicates=sum(w.role == "duplicate" and f.finding.verdict.tier == "incident" for f, w in own),
        distance_px=distance,
        delay_s=delay_s,
        at_end=at_end,
        tro=overlap,
        accuracy=accuracy,
    )


def _is_companion(timed: TimedFinding, event: TruthEvent) -> bool:
    return any(distance_px(path_of(fall), event.path) is not None for fall in timed.finding.companions)


def _finding_result(timed: TimedFinding, matched: Match) -> FindingResult:
    fall, verdict = timed.finding.fall, timed.finding.verdict
    return FindingResult(
        tier="incident" if verdict.tier == "incident" else "candidate",
        role=matched.role,
        start_s=float(timed.path.t_s[0]),
        end_s=float(timed.path.t_s[-1]),
        x_px=float(timed.path.xywh[0, 0]),
        y_px=float(timed.path.xywh[0, 1]),
        size_px=fall.path.size_px,
        log_ratio=fall.likelihoods.ratio,
        follows=matched.follows,
        reasons=verdict.reasons,
    )


def _fade(truth: Truth, pairs: Pairs) -> tuple[FadeScore, ...]:
    """Boxes of incidents against those of events; a reflection's incident is neither right nor wrong."""
    if not truth.events:
        return ()
    reported = [
        timed.path
        for timed, matched in pairs
        if timed.finding.verdict.tier == "incident" and matched.role != "mirror_image"
    ]
    true = [event.path for event in truth.events]
    return tuple(FadeScore(least, count_boxes(reported, true, least)) for least in IOU)


def _tro(truth: Truth, pairs: Pairs) -> float | None:
    if not truth.events:
        return None
    hits = {
        matched.event: timed.path
        for timed, matched in pairs
        if matched.role == "hit" and timed.finding.verdict.tier == "incident"
    }
    return video_overlap([(hits.get(n), event.path) for n, event in enumerate(truth.events)])
