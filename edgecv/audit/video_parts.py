"""The pictures of a recording through the pipeline: one part after another, where their size changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from edgecv.audit.run_report import VideoSection
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import StreamInfo, VideoFile
from edgecv.classification import Finding
from edgecv.errors import ConfigError, InputError
from edgecv.pipeline import Pipeline
from edgecv.untrusted import file_text
from edgecv.visibility.coverage import CoverageMeter

_SMALLEST_PX = 48  # a window of this many pixels shows no facade
_FEWEST_FRAMES = 2


Progress = Callable[[Path, float, float | None], None]
"""Called with the video, the media time reached and the media time expected, seconds."""

_NAMED_GAPS = 5
"""What was recorded by motion has hundreds."""


@dataclass(frozen=True, slots=True)
class VideoPart:
    """Pictures of one size in a row: how they were read, by whose calibration, and what was in them, from when to when.

    A recording put together of two has two."""

    section: VideoSection
    camera: CalibratedCamera
    findings: list[Finding]
    span_s: tuple[float, float]


def read_part(
    video: Path, hashed: str, source: VideoFile, camera: CalibratedCamera, progress: Progress, *, is_first: bool
) -> VideoPart:
    """Analyse the pictures of one size that come next.

    Args:
        video: by what it is called.
        hashed: its SHA-256.
        source: the open video.
        camera: whose calibration fits these pictures.
        progress: called with how far it is.
        is_first: whether the video begins with them.

    Raises:
        InputError: they are too small, or too few, to see a fall in.
    """
    pipeline = Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan)
    findings: list[Finding] = []
    info, began_s = source.info, None
    errors_before = source.decode_errors
    meter = CoverageMeter((info.width, info.height), camera.masks)
    if min(info.width, info.height) < _SMALLEST_PX:
        raise InputError(f"{video}: its picture of {info.width}x{info.height} is too small")
    for frame in source:
        began_s = frame.t_s if began_s is None else began_s
        findings.extend(pipeline.process(frame))
        if pipeline.detected is not None:
            meter.look(frame.luma, pipeline.detected)
        progress(video, frame.t_s, info.duration_s)
    counts = pipeline.counts
    if counts.frames < _FEWEST_FRAMES:
        raise InputError(f"{video}: has {counts.frames} frame; motion needs a video of at least a second")
    findings.extend(pipeline.flush())
    resized = source.is_resized
    ended_early = None if resized else source.ended_early
    section = VideoSection(
        path=file_text(video) if is_first else f"{file_text(video)} from {began_s:.2f} s",
        sha256=hashed,
        codec=info.codec,
        width=info.width,
        height=info.height,
        fps=info.average_fps,
        duration_s=source.last_t_s - (0.0 if is_first else began_s or 0.0),
        frames=counts.frames,
        repeated_frames=counts.repeated_frames,
        decode_errors=source.decode_errors - (0 if is_first else errors_before),
        ended_early=ended_early,
        tracks=counts.tracks,
        falls=counts.falls,
        left_out=counts.left_out,
        coverage=meter.coverage(info.duration_s if ended_early is not None and is_first else None),
    )
    return VideoPart(section, camera, findings, (began_s or 0.0, source.last_t_s))


def reading_notes(
    info: StreamInfo, parts: Sequence[VideoPart], gaps_s: Sequence[tuple[float, float]] = ()
) -> list[str]:
    """How its times were read, and with which calibration each part of it.

    Args:
        info: what the file says of itself.
        parts: of pictures of one size.
        gaps_s: when its pauses began, and how long they are, seconds.
    """
    notes = []
    if info.timing == "declared":
        notes.append(f"carries no time stamps; timed by the {info.average_fps:g} frames a second that it declares")
    elif info.timing == "assumed":
        notes.append(
            "carries no time stamps and says no frame rate; 25 a second are assumed, and neither floor nor weight are "
            "told; give the rate of its camera with --fps"
        )
    for at_s, length_s in gaps_s[:_NAMED_GAPS]:
        notes.append(
            f"gap of {length_s:.1f} s at {at_s:.2f} s: a pause in the recording, or its clock was set forward; "
            "then times after it are late by as much"
        )
    if len(gaps_s) > _NAMED_GAPS:
        notes.append(f"{len(gaps_s) - _NAMED_GAPS} more gaps")
    for before, after in pairwise(parts):
        size = f"{after.section.width}x{after.section.height}"
        fits = after.camera.pinhole is before.camera.pinhole
        consequence = "" if fits else "; the calibration does not fit it, and no floor is told"
        notes.append(f"its picture changes to {size} at {after.span_s[0]:.2f} s{consequence}")
    return notes


def check_picture(video: Path, width: int, height: int, camera: CalibratedCamera) -> None:
    """See whether a video's pictures can be analysed with a camera's calibration.

    Raises:
        InputError: they are too small to see a fall in.
        ConfigError: the calibration is for pictures of another size.
    """
    if min(width, height) < _SMALLEST_PX:
        raise InputError(
            f"{video}: its picture of {width}x{height} is too small to see a fall in; at least "
            f"{_SMALLEST_PX}x{_SMALLEST_PX} is needed"
        )
    if camera.image_size is not None and camera.image_size != (width, height):
        raise ConfigError(
            f"{video}: is {width}x{height} but the calibration of {camera.device} was made at "
            f"{camera.image_size[0]}x{camera.image_size[1]}; replay footage of that size or calibrate again"
        )
