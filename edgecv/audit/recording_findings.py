"""One recording through the pipeline: its parts, and what was seen in them, with the wall time of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from edgecv.audit.joint_findings import SeenFinding
from edgecv.audit.named_recordings import NamedRecording
from edgecv.audit.partner_watch import WatchedRecording
from edgecv.audit.video_parts import Progress, VideoPart, check_picture, read_part, reading_notes
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import StreamInfo, VideoFile
from edgecv.errors import InputError
from edgecv.incidents.assumed_rate import without_speed
from edgecv.incidents.record import Clock
from edgecv.incidents.record_builder import Provenance, build_weighable
from edgecv.untrusted import file_text


@dataclass(frozen=True, slots=True)
class RecordingTerms:
    """What whoever asks for a replay knows of a recording.

    Attributes:
        recorded_at: wall time of the first frame; None to take the file's own.
        scale_px_per_m: a known scale, to report the fit's gravity in m/s².
        fps: pictures a second of videos without time stamps; None to take what the stream declares.
        progress: called with how far it is.
    """

    recorded_at: datetime | None
    scale_px_per_m: float | None
    fps: float | None
    progress: Progress


@dataclass(frozen=True, slots=True, eq=False)
class RecordingFindings:
    """What was seen in a recording.

    Attributes:
        parts: of one picture size each.
        seen: findings in order of time.
        notes: what to know of how it was read.
        watched: what other cameras' findings may be looked for in.
    """

    parts: tuple[VideoPart, ...]
    seen: tuple[SeenFinding, ...]
    notes: tuple[str, ...]
    watched: tuple[WatchedRecording, ...]


def findings_of(recording: NamedRecording, camera: CalibratedCamera, terms: RecordingTerms) -> RecordingFindings:
    """Analyse one recording, part by part where its pictures change their size.

    Args:
        recording: a file, or segments that have been joined.
        camera: whose it is.
        terms: what is known of it.

    Raises:
        InputError: it cannot be read.
        ConfigError: the calibration is for pictures of another size.
    """
    parts: list[VideoPart] = []
    video, opened = recording.video, recording.joined or recording.video
    with VideoFile(opened, terms.fps) as source:
        info, hashed = source.info, recording.sha256()
        check_picture(video, info.width, info.height, camera)
        while True:
            if parts and camera.image_size not in {None, (source.info.width, source.info.height)}:
                camera = replace(camera, pinhole=None, plan=None, masks=())
            try:
                parts.append(read_part(video, hashed, source, camera, terms.progress, is_first=not parts))
            except InputError:
                if not parts:
                    raise
                break  # a part too small or too short to see a fall in
            if not source.next_part():
                break
        last_t_s, repaired, gaps_s = source.last_t_s, source.stamps_repaired, source.gaps_s
    terms.progress(video, last_t_s, last_t_s)
    notes = tuple(f"{file_text(video)}: {note}" for note in reading_notes(info, parts, gaps_s))
    epoch, clock, session = _epoch(recording, info, last_t_s, terms)
    seen = []
    for part in parts:
        fitting = part.camera
        provenance = Provenance(
            fitting.site,
            fitting.device,
            file_text(video),
            epoch,
            clock,
            fitting.plan,
            fitting.config_sha256,
            terms.scale_px_per_m,
            session=session,
        )
        for finding in part.findings:
            incident, path = build_weighable(finding, provenance)
            if info.timing == "assumed":
                incident = without_speed(incident)
            seen.append(
                SeenFinding(
                    finding=finding,
                    incident=incident,
                    path=None if info.timing == "assumed" else path,  # a weight rests on the time between two pictures
                    camera=fitting,
                    epoch=epoch,
                    recording=opened,
                    from_begin=repaired,
                    part_s=part.span_s,
                )
            )
    watched = tuple(WatchedRecording(part.camera, epoch, clock, opened, part.span_s, terms.fps) for part in parts)
    return RecordingFindings(tuple(parts), tuple(seen), notes, watched)


def _epoch(
    recording: NamedRecording, info: StreamInfo, last_t_s: float, terms: RecordingTerms
) -> tuple[datetime, Clock, str | None]:
    """As :func:`recorded_epoch`; the first segment tells it of all."""
    if recording.joined is None:
        return recorded_epoch(info, last_t_s, terms.recorded_at)
    with VideoFile(recording.files[0], terms.fps) as first:
        return recorded_epoch(first.info, first.info.duration_s or 0.0, terms.recorded_at)


def recorded_epoch(
    info: StreamInfo, last_t_s: float, recorded_at: datetime | None = None
) -> tuple[datetime, Clock, str | None]:
    """Wall time of a recording's first frame, where it comes from, and the live connection it is a recording of.

    The time comes from the option, else from a recording of our own, else from the container; else the file's date
    counts as the end of the recording.
    """
    session = None if info.session is None else info.session.session
    if recorded_at is not None:
        return recorded_at, "option", session
    if info.session is not None:
        return info.session.epoch, "container", session
    if info.creation_time is not None:
        return info.creation_time, "container", None
    modified = datetime.fromtimestamp(info.path.stat().st_mtime, UTC)
    return modified - timedelta(seconds=last_t_s), "file_mtime", None
