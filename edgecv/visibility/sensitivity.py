"""A camera proves that it would see a fall: known ones are drawn into copies of its live frames and searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.classification import Finding
from edgecv.geometry.camera import PinholeCamera
from edgecv.pipeline import Pipeline, PipelineSettings
from edgecv.trajectory.fall import Fall
from edgecv.visibility.settings import (
    CLARITY_EVERY_S,
    CONTRASTS,
    MATCH_MIN_POINTS,
    MATCH_PX,
    MATCH_SIZES,
    PAUSE_S,
    RESTART_S,
    WARM_UP_S,
)
from edgecv.visibility.sharpness import ClarityMeter
from edgecv.visibility.synthetic_falls import DrawnFall, FallMaker, Polygon, draw, visible_share


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """How much of what was drawn was seen.

    Attributes:
        drawn: falls drawn; fewer than asked for where masks leave no room.
        seen: those found, as an incident or as a candidate.
        as_incident: those found as an incident.
        by_contrast: of each class of contrast in grey levels, as ``"15-27"``: drawn and seen.
        duration_s: media time that the test took.
        visible_share: share of its contrast that a thing keeps in this light, 0 to 1.
        blur_px: blur of the scene, with which the falls were drawn.
    """

    drawn: int
    seen: int
    as_incident: int
    by_contrast: dict[str, tuple[int, int]]
    duration_s: float
    visible_share: float
    blur_px: float

    @property
    def fraction(self) -> float | None:
        """Share of the drawn falls that was seen; None where none could be drawn."""
        return self.seen / self.drawn if self.drawn else None


@dataclass(slots=True)
class _Trial:
    fall: DrawnFall
    begins_s: float
    places: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    tier: str | None = None


class SensitivityTest:
    """One run of the test on a camera's live frames; it has its own pipeline and leaves the frames as they are.

    It costs as much as the analysis of one more camera while it lasts.

    Args:
        size_px: ``(width, height)`` of the frames.
        fps: usual frames a second.
        seed: of the falls.
        camera: the calibrated camera, or None.
        masks: polygons in pixels; no fall is drawn into one.
        falls: how many.
        duration_s: media time after which it ends at the latest; None for as long as it takes.
        settings: of the pipeline: those of the live one.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        fps: float,
        seed: int,
        camera: PinholeCamera | None,
        masks: Sequence[Polygon],
        falls: int = 5,
        duration_s: float | None = None,
        settings: PipelineSettings | None = None,
    ) -> None:
        polygons = tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in masks)
        self._new_pipeline = partial(Pipeline, camera, settings, polygons)
        self._pipeline = self._new_pipeline()
        self._size = size_px
        self._interval_s = 1.0 / max(fps, 1e-3)
        self._limit_s = np.inf if duration_s is None else duration_s
        rng = np.random.default_rng(seed)
        maker = FallMaker(size_px, camera, polygons, rng)
        # every contrast gets its share, in an order that drifting light cannot favour
        levels = np.linspace(*CONTRASTS, falls) if falls > 1 else np.array([np.mean(CONTRASTS)])
        falls_drawn = [maker.fall(float(level)) for level in rng.permutation(levels)]
        self._waiting = [fall for fall in falls_drawn if fall is not None]
        self._trials: list[_Trial] = []
        self._meter = ClarityMeter(CLARITY_EVERY_S)
        self._conditions: list[tuple[float, float]] = []
        self._last: tuple[float, NDArray[np.uint8]] | None = None
        self._last_s: float | None = None
        self._next_s = 0.0
        self._elapsed_s = 0.0
        self._over = False

    @property
    def over(self) -> bool:
        """True once the result was returned: drop the test, it holds a second pipeline."""
        return self._over

    def feed(self, frame: Frame) -> SensitivityResult | None:
        """Take the next live frame; it is not changed. Return the result with the last one, None before and after."""
        if self._over or (frame.luma.shape[1], frame.luma.shape[0]) != self._size:
            return None
        t_s = frame.t_s
        dt_s = self._interval_s if self._last_s is None else t_s - self._last_s
        if self._last_s is None or not 0.0 <= dt_s < RESTART_S:
            self._begin_anew(t_s)
        else:
            self._elapsed_s += dt_s
        self._last_s = t_s
        luma = self._with_fall(frame, self._moment(frame))
        self._match_findings(self._pipeline.process(Frame(frame.index, t_s, luma)))
        ended = not self._waiting and t_s >= self._next_s
        return self._end() if ended or self._elapsed_s >= self._limit_s else None

    def _begin_anew(self, t_s: float) -> None:
        """The first frame, or the source began anew: learn the background; a fall cut short is drawn again later."""
        if self._trials and self._last_s is not None and self._last_s < self._next_s:
            cut = self._trials.pop()
            self._waiting.append(cut.fall)
        self._pipeline = self._new_pipeline()
        self._last = None
        self._next_s = t_s + WARM_UP_S

    def _moment(self, frame: Frame) -> float:
        """When the picture was taken: a frame that repeats the one before must repeat the drawing as well."""
        rows = frame.luma[8::16]
        if self._last is not None and np.array_equal(rows, self._last[1]):
            return self._last[0]
        self._last = frame.t_s, rows.copy()
        self._meter.feed(frame.luma, frame.t_s)
        return frame.t_s

    def _with_fall(self, frame: Frame, moment_s: float) -> NDArray[np.uint8]:
        """A copy of the frame with the fall of this moment in it; the frame itself where there is none."""
        if self._waiting and moment_s >= self._next_s:
            fall = self._waiting.pop()
            self._trials.append(_Trial(fall, moment_s))
            self._next_s = moment_s + fall.duration_s + PAUSE_S
        if not self._trials:
            return frame.luma
        trial = self._trials[-1]
        since_s = moment_s - trial.begins_s
        if not 0.0 <= since_s <= trial.fall.duration_s:
            return frame.luma
        share, blur_px = visible_share(self._meter.clarity), self._meter.clarity.blur_px
        self._conditions.append((share, blur_px))
        luma = frame.luma.copy()
        draw(luma, trial.fall, since_s, share * trial.fall.contrast, blur_px)
        trial.places[frame.index] = trial.fall.at(np.array([since_s]))[0]
        return luma

    def _match_findings(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            for fall in (finding.fall, *finding.companions):
                for trial in self._trials:
                    if trial.tier != "incident" and _matches(fall, trial):
                        trial.tier = finding.verdict.tier

    def _end(self) -> SensitivityResult:
        self._match_findings(self._pipeline.flush())
        self._over = True
        middle = float(np.mean(CONTRASTS))
        faint = [s for s in self._trials if abs(s.fall.contrast) < middle]
        clear = [s for s in self._trials if abs(s.fall.contrast) >= middle]
        share, blur_px = np.median(self._conditions, axis=0) if self._conditions else (0.0, 0.0)
        return SensitivityResult(
            drawn=len(self._trials),
            seen=_detected_count(self._trials),
            as_incident=sum(trial.tier == "incident" for trial in self._trials),
            by_contrast={
                f"{CONTRASTS[0]:.0f}-{middle:.0f}": (len(faint), _detected_count(faint)),
                f"{middle:.0f}-{CONTRASTS[1]:.0f}": (len(clear), _detected_count(clear)),
            },
            duration_s=round(self._elapsed_s, 3),
            visible_share=round(float(share), 3),
            blur_px=round(float(blur_px), 3),
        )


def _detected_count(trials: Sequence[_Trial]) -> int:
    return sum(trial.tier is not None for trial in trials)


def _matches(fall: Fall, trial: _Trial) -> bool:
    """True where a found path lies on the drawn one, frame by frame."""
    near_px = MATCH_PX + MATCH_SIZES * trial.fall.size_px
    pairs = [(p, trial.places[p.frame]) for p in fall.path.points if p.frame in trial.places]
    if len(pairs) < max(MATCH_MIN_POINTS, 0.5 * len(fall.path.points)):
        return False
    track_px = np.array([[p.detection.x_px + p.shift_px[0], p.detection.y_px + p.shift_px[1]] for p, _ in pairs])
    distance_px = np.linalg.norm(track_px - np.array([place for _, place in pairs]), axis=1)
    return float(np.median(distance_px)) <= near_px
