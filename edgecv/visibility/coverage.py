"""How much of a recording could be judged, and why not the rest.

Each second belongs to one cause or to none, so that seconds and frames add up to the whole. Weather and webs hide small
things without hiding all: their time is judged, and told beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detector import DetectedFrame
from edgecv.visibility.blindness_causes import BlindnessCauses
from edgecv.visibility.scene_monitor import SceneMonitor

GAP_S: Final = 0.5
"""Longest time without a picture that a fall bridges: an object that falls 1.2 m in it is seen no more."""
FREEZE_S: Final = 2.0
"""Longest time of one picture again and again: an encoder skips frames where nothing moves, for a second or so."""
IMPAIRMENTS: Final = ("rain", "web", "defocus")
"""Causes that hide small things and let large ones be seen."""
LOSSES: Final = ("learning", "shake", "light", "covered", "night", "moved", "frozen", "gap", "not_read")
"""Causes that let nothing be judged; the last three hold between frames and after the last one."""
_MASK_SIDE = 256  # cells a side in which masks are measured


@dataclass(frozen=True, slots=True)
class Loss:
    """What one cause took.

    Attributes:
        cause: its name, of :data:`LOSSES` or :data:`IMPAIRMENTS`.
        seconds: of media time.
        frames: decoded frames; none where time was lost between them.
    """

    cause: str
    seconds: float
    frames: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one recording, or of several, could be judged.

    Attributes:
        duration_s: media time of the whole, with what could not be read.
        judged_s: media time in which a fall could have been judged.
        frames: decoded frames.
        judged_frames: those in which detection worked.
        losses: causes of the rest, longest first; their seconds add up to it.
        impaired: causes that hid small things in time that was judged, longest first.
        masked_share: share of the picture that masks exclude.
    """

    duration_s: float
    judged_s: float
    frames: int
    judged_frames: int
    losses: tuple[Loss, ...] = ()
    impaired: tuple[Loss, ...] = ()
    masked_share: float = 0.0

    @property
    def share(self) -> float:
        """Share of the time that could be judged, 0 to 1."""
        return self.judged_s / self.duration_s if self.duration_s > 0.0 else 0.0

    @classmethod
    def of_all(cls, parts: Sequence[Coverage]) -> Coverage:
        """The coverage of several recordings together; masks count by time."""
        duration_s = sum(part.duration_s for part in parts)
        masked_s = sum(part.masked_share * part.duration_s for part in parts)
        return cls(
            duration_s,
            sum(part.judged_s for part in parts),
            sum(part.frames for part in parts),
            sum(part.judged_frames for part in parts),
            _added([loss for part in parts for loss in part.losses]),
            _added([loss for part in parts for loss in part.impaired]),
            masked_s / duration_s if duration_s > 0.0 else 0.0,
        )


@dataclass(slots=True)
class _Tally:
    seconds: dict[str, float] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)

    def add(self, cause: str, seconds: float, frames: int) -> None:
        self.seconds[cause] = self.seconds.get(cause, 0.0) + seconds
        self.frames[cause] = self.frames.get(cause, 0) + frames

    def losses(self) -> tuple[Loss, ...]:
        return _added([Loss(cause, self.seconds[cause], self.frames[cause]) for cause in self.seconds])


class CoverageMeter:
    """Watches one recording on its way through the pipeline.

    Args:
        size_px: ``(width, height)`` of the frames.
        masks: polygons ``(n, 2)`` in pixels whose inside is not analysed.
    """

    def __init__(self, size_px: tuple[int, int], masks: Sequence[Sequence[tuple[float, float]]] = ()) -> None:
        self._masked_share = masked_share(masks, size_px)
        self._scene = SceneMonitor(None)
        self._causes = BlindnessCauses(size_px)
        self._losses, self._impaired = _Tally(), _Tally()
        self._frames = 0
        self._first_s: float | None = None
        self._picture_s = 0.0  # of the last picture that was new
        self._newest_s = 0.0
        self._repeats = 0

    def look(self, luma: NDArray[np.uint8], detected: DetectedFrame) -> None:
        """Take the next frame ``(h, w) uint8`` and what the detector made of it."""
        self._frames += 1
        if self._first_s is None:
            self._first_s = self._picture_s = detected.t_s
        self._scene.update(luma, detected.t_s, detected.repeated)
        causes = self._causes.of(detected, self._scene.blind)
        self._newest_s = detected.t_s
        if detected.repeated:
            self._repeats += 1
            return
        pause_s = detected.t_s - self._picture_s
        frames = 1
        if pause_s > (FREEZE_S if self._repeats else GAP_S):
            self._losses.add("frozen" if self._repeats else "gap", pause_s, self._repeats)
            pause_s = 0.0
        else:
            frames += self._repeats
        self._picture_s, self._repeats = detected.t_s, 0
        self._share_out(causes, detected.blind is not None, pause_s, frames)

    def coverage(self, declared_s: float | None = None) -> Coverage:
        """How much of it could be judged.

        Args:
            declared_s: how long the recording says that it is, where it ended early.
        """
        losses = _Tally(dict(self._losses.seconds), dict(self._losses.frames))
        first_s = self._first_s or 0.0
        still_s = self._newest_s - self._picture_s
        if still_s > FREEZE_S:
            losses.add("frozen", still_s, self._repeats)
        duration_s = self._newest_s - first_s
        if declared_s is not None and declared_s > duration_s:
            losses.add("not_read", declared_s - duration_s, 0)
            duration_s = declared_s
        lost_s, lost_frames = sum(losses.seconds.values()), sum(losses.frames.values())
        return Coverage(
            duration_s,
            max(0.0, duration_s - lost_s),
            self._frames,
            max(0, self._frames - lost_frames),
            losses.losses(),
            self._impaired.losses(),
            self._masked_share,
        )

    def _share_out(self, causes: tuple[str, ...], is_blind: bool, seconds: float, frames: int) -> None:
        """Put time down to the detector's own cause before that of the scene, and to one only."""
        lost = [cause for cause in causes if cause in LOSSES]
        if lost:
            scene_cause = lost[0] == self._scene.blind
            self._losses.add(lost[1] if is_blind and scene_cause and len(lost) > 1 else lost[0], seconds, frames)
            return
        for cause in causes:
            self._impaired.add(cause, seconds, frames)


def masked_share(masks: Sequence[Sequence[tuple[float, float]]], size_px: tuple[int, int]) -> float:
    """Share of a picture of ``(width, height)`` pixels that polygons cover, to half a per cent."""
    covered = np.zeros((_MASK_SIDE, _MASK_SIDE), np.uint8)
    scale = _MASK_SIDE / np.array(size_px, np.float64)
    for polygon in masks:
        cv2.fillPoly(covered, [np.round(np.array(polygon, np.float64) * scale).astype(np.int32)], (1,))
    return float(covered.mean())


def _added(losses: Sequence[Loss]) -> tuple[Loss, ...]:
    """One entry a cause, longest first."""
    seconds: dict[str, float] = {}
    frames: dict[str, int] = {}
    for loss in losses:
        seconds[loss.cause] = seconds.get(loss.cause, 0.0) + loss.seconds
        frames[loss.cause] = frames.get(loss.cause, 0) + loss.frames
    joined = [Loss(cause, round(seconds[cause], 3), frames[cause]) for cause in seconds]
    return tuple(sorted(joined, key=lambda loss: (-loss.seconds, -loss.frames, loss.cause)))
