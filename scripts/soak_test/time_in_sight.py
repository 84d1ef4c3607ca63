"""How long a thing stays in sight after the path that explains its fall: what an alarm cannot be earlier than.

Paper that has lost its speed sails on for seconds; its fall is told when it is gone. A replay of the clip says which
falls these are, and a live incident is known again by where its path begins and how long it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgecv.calibration.camera import camera_of
from edgecv.capture import VideoFile
from edgecv.config.load import load_box
from edgecv.pipeline import Pipeline

_SAME_PX, _SAME_S = 8.0, 0.3


@dataclass(frozen=True, slots=True)
class SeenPath:
    """Where a path begins, pixels, and how long it is, seconds."""

    x_px: float
    y_px: float
    lasts_s: float

    def is_like(self, other: SeenPath) -> bool:
        """Whether both are of the same thing in the same clip."""
        near = abs(self.x_px - other.x_px) < _SAME_PX and abs(self.y_px - other.y_px) < _SAME_PX
        return near and abs(self.lasts_s - other.lasts_s) < _SAME_S


def seen_after_path(clip: Path, box: Path | None) -> Callable[[SeenPath], float]:
    """Replay a clip; return what tells how many seconds longer than its path a thing is in sight.

    Args:
        clip: what the cameras see.
        box: a box file whose only camera gives facade and calibration, or None.
    """
    pipeline = Pipeline() if box is None else _calibrated(box)
    longer: list[tuple[SeenPath, float]] = []
    with VideoFile(clip) as video:
        findings = [finding for frame in video for finding in pipeline.process(frame)]
    for finding in [*findings, *pipeline.flush()]:
        fall = finding.fall
        first, last, seen_s = fall.path.points[0], fall.path.points[-1], fall.track.points[-1].media_s
        x, y = first.detection.x_px + first.shift_px[0], first.detection.y_px + first.shift_px[1]
        longer.append((SeenPath(x, y, last.media_s - first.media_s), seen_s - last.media_s))

    def told(path: SeenPath) -> float:
        return next((seconds for known, seconds in longer if known.is_like(path)), 0.0)

    return told


def _calibrated(box: Path) -> Pipeline:
    camera = camera_of(load_box(box), None).camera
    return Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan)
