"""What a recorded video says of itself: pictures, frame rate, duration, and whether its times are its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgecv.capture.file_stamps import FileStamps
from edgecv.capture.open_container import carries_stamps
from edgecv.capture.recording import RecordedSession, recorded_session

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Timing = Literal["stamps", "told", "declared", "assumed"]
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # containers without a clock say 1904 or 1970
_USUAL_FPS = 25.0
_LEAST_FPS, _MOST_FPS = 0.1, 500.0
"""Rates outside are a container's clock, not its pictures."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a video says of itself.

    Attributes:
        path: the file.
        codec: FFmpeg's name of the codec.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        rotation_deg: display rotation that is applied, counter-clockwise: 0, 90, 180 or 270.
        average_fps: nominal frame rate, or None.
        duration_s: as declared, or None.
        creation_time: as declared, or None where missing or implausible.
        session: the live connection it is a recording of, where the daemon made it.
        timing: where its times come from: the pictures' own stamps; a frame rate that somebody told, or that the
            stream declares; or one that was assumed, for nobody says.
    """

    path: Path
    codec: str
    width: int
    height: int
    rotation_deg: int
    average_fps: float | None
    duration_s: float | None
    creation_time: datetime | None
    session: RecordedSession | None = None
    timing: Timing = "stamps"


def file_stamps(container: InputContainer, stream: VideoStream, fps: float | None = None) -> FileStamps:
    """The one clock of a file that has just been opened.

    Args:
        container: nothing read yet.
        stream: its video stream.
        fps: pictures a second, where the file has no time stamps and somebody knows.
    """
    return FileStamps(
        stream.time_base or Fraction(1, 1000),
        nominal_s(container, stream, fps),
        absent=not carries_stamps(container),
        reordered=bool(stream.codec_context.has_b_frames),
    )


def nominal_s(container: InputContainer, stream: VideoStream, fps: float | None) -> float:
    """Time between two pictures as far as anybody says, seconds."""
    if fps is not None and not carries_stamps(container):
        return 1.0 / fps
    rate = _declared_fps(container, stream)
    return 1.0 / (rate if rate is not None else _USUAL_FPS)


def _declared_fps(container: InputContainer, stream: VideoStream) -> float | None:
    """What container or codec say; FFmpeg's own guess about pictures without time stamps is nobody's word."""
    rates = [stream.average_rate, stream.base_rate] if carries_stamps(container) else [stream.codec_context.framerate]
    return next((float(rate) for rate in rates if rate is not None and _LEAST_FPS <= rate <= _MOST_FPS), None)


def describe(
    path: Path, container: InputContainer, stream: VideoStream, first: VideoFrame, fps: float | None
) -> StreamInfo:
    """Put together what a file, its first picture, and somebody who knows its rate (else None) say."""
    rotation = int(getattr(first, "rotation", 0) or 0) % 360
    rotation = rotation if rotation % 90 == 0 else 0
    width, height = first.width, first.height
    if rotation in (90, 270):
        width, height = height, width
    declared_fps = _declared_fps(container, stream)
    timing: Timing = "stamps"
    if not carries_stamps(container):
        timing = "told" if fps is not None else "declared" if declared_fps is not None else "assumed"
    created = container.metadata.get("creation_time") or stream.metadata.get("creation_time")
    return StreamInfo(
        path=path,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        rotation_deg=rotation,
        average_fps=fps if timing == "told" else declared_fps,
        duration_s=declared_duration_s(container, stream),
        creation_time=plausible_time(created),
        session=recorded_session(container.metadata.get("comment")),
        timing=timing,
    )


def ends_early(read_s: float, declared_s: float | None, interval_s: float) -> bool:
    """Whether so much is missing of a declared duration that a file is cut or damaged; all in seconds."""
    return declared_s is not None and declared_s - read_s > max(1.0, 0.02 * declared_s, 3.0 * interval_s)


def declared_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """How long a video says that it is; None where it does not."""
    duration_s = None
    if stream.duration is not None and stream.time_base is not None:
        duration_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration_s = container.duration / 1e6
        start_s = (container.start_time or 0) / 1e6
        # a segment of Matroska that has its recorder's stamps counts from the recording's begin, not from its own
        if "matroska" in container.format.name and 0.0 < start_s < duration_s:
            duration_s -= start_s
    return duration_s if duration_s and duration_s > 0 else None


def plausible_time(text: str | None) -> datetime | None:
    """A container's time of creation; None where there is none, or its clock was never set."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment > _EARLIEST else None
