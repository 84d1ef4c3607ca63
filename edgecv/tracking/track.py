"""The path of one object through the picture."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.detection.detection import Detection


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """One detection of a track.

    Attributes:
        frame: frame number.
        t_s: media time at which the picture was taken, seconds: motion is measured against it.
        detection: the blob, in pixels of the reference picture (camera motion removed).
        shift_px: ``(dx, dy)`` to add for pixels of this very frame.
        clutter_px2: clutter density here: detections per square pixel that chance makes.
        stamp_s: media time of the time stamp, where that is another.
        is_second_look: it was searched for along a fitted path: its place is measured, its box is the neighbours'.
    """

    frame: int
    t_s: float
    detection: Detection
    shift_px: tuple[float, float]
    clutter_px2: float
    stamp_s: float | None = None
    is_second_look: bool = False

    @property
    def media_s(self) -> float:
        """Media time of the frame in the file."""
        return self.t_s if self.stamp_s is None else self.stamp_s


@dataclass(frozen=True, slots=True)
class Track:
    """Detections in order of time that one motion explains.

    Attributes:
        points: at least three detections, strictly increasing in time.
        scan_count: frames with new evidence between the first and the last detection, both included.
        picture_size_px: ``(width, height)`` of the frames.
        frame_interval_s: usual time between frames with new evidence.
    """

    points: tuple[TrackPoint, ...]
    scan_count: int
    picture_size_px: tuple[int, int]
    frame_interval_s: float

    @property
    def start_s(self) -> float:
        """Media time of the first detection."""
        return self.points[0].t_s

    @property
    def end_s(self) -> float:
        """Media time of the last detection."""
        return self.points[-1].t_s


@dataclass(frozen=True, slots=True)
class Falling:
    """An active track that descends fast.

    Attributes:
        start_s: media time at which it was last detected near its top.
        x_px: column where it is now.
        y_px: row where it is now.
        size_px: square root of its area.
        speed_px_s: how fast it goes down.
    """

    start_s: float
    x_px: float
    y_px: float
    size_px: float
    speed_px_s: float
