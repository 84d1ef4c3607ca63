"""Replay of recorded video: the audit's way through the same pipeline that the live box runs.

Everything is written into a folder beside the wanted one and moved into place at the end, so that a replay that fails
leaves nothing half-written.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edgecv.audit.named_recordings import NamedRecording, named_recordings, readable
from edgecv.audit.run_report import IncidentSection, Report, VideoSection, render_report
from edgecv.audit.run_summary import RUN_SUMMARY, run_summary
from edgecv.audit.settings_table import settings_table, versions_table
from edgecv.audit.video_parts import Progress, VideoPart, check_picture, read_part, reading_notes
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import StreamInfo, VideoFile
from edgecv.capture.segments import join
from edgecv.classification import Finding
from edgecv.durable_files import flush_directory, write_atomic
from edgecv.errors import ConfigError, InputError
from edgecv.evidence.bundle_files import Evidence, write_evidence
from edgecv.evidence.flux_plot import flux_line_of, flux_plot
from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.evidence.plot_data import heights_of
from edgecv.incidents.assumed_rate import without_speed
from edgecv.incidents.record import Clock, Incident
from edgecv.incidents.record_builder import Provenance, build_weighable
from edgecv.untrusted import file_text
from edgecv.visibility.coverage import Coverage


@dataclass(slots=True)
class ReplayResult:
    """The result of a replay.

    Attributes:
        incidents: tier 1, in order of the videos and of time.
        candidates: tier 2.
        problems: one line for each video that could not be read, or not to its end.
        notes: what to know of how videos were read.
        out: the folder with the results.
        coverage: how much of each video that was read could be judged, by its path as it was given.
    """

    out: Path
    incidents: list[Incident] = field(default_factory=list)
    candidates: list[Incident] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)


def replay(
    videos: Sequence[Path],
    out: Path,
    camera: CalibratedCamera | None = None,
    recorded_at: datetime | None = None,
    scale_px_per_m: float | None = None,
    progress: Progress = lambda _path, _t, _end: None,
    fps: float | None = None,
) -> ReplayResult:
    """Replay videos into a folder.

    Args:
        videos: recordings, each analysed on its own; the segments in a folder are one where they follow on one another.
        out: folder for the records, run.json, report.html and the evidence; made where it is missing.
        camera: whose footage it is; uncalibrated when left out.
        recorded_at: wall time of the first frame; None to take the file's own.
        scale_px_per_m: a known scale, to report the fit's gravity in m/s².
        progress: called with how far it is.
        fps: pictures a second of videos without time stamps; None to take what the stream declares.

    Raises:
        ConfigError: ``out`` cannot be written.
        InputError: not one of the videos could be read; nothing is written.
    """
    staging = _make_staging(out)
    result, terms = ReplayResult(out), _Terms(recorded_at, scale_px_per_m, fps, progress)
    sections: list[VideoSection] = []
    pages: list[IncidentSection] = []
    try:
        recordings = named_recordings(videos, staging, result.notes, result.problems)
        for recording in recordings:
            video = recording.video
            try:
                if recording.joined is not None:
                    for cut in join(recording.files, recording.joined):
                        result.problems.append(
                            f"{file_text(cut)}: this segment is cut or damaged: only its begin could be read"
                        )
                new_sections, new_pages = _replay_one(recording, staging, result, camera or CalibratedCamera(), terms)
            except InputError as error:
                result.problems.append(readable(str(error), video))
                continue
            except ConfigError as error:
                if len(recordings) == 1:
                    raise
                result.problems.append(readable(str(error), video))
                continue
            sections.extend(new_sections)
            result.coverage.update({section.path: section.coverage for section in new_sections})
            pages.extend(new_pages)
            early = (section.ended_early for section in new_sections if section.ended_early is not None)
            result.problems.extend(f"{file_text(video)}: {text}" for text in early)
            if recording.joined is not None:
                recording.joined.unlink(missing_ok=True)
        if not sections:
            raise InputError("\n".join(result.problems))
        report = Report(
            videos=tuple(sections),
            incidents=tuple(pages),
            candidates=tuple(result.candidates),
            settings=settings_table(),
            versions=versions_table(),
        )
        write_atomic(staging / "incidents.jsonl", _lines(result.incidents))
        write_atomic(staging / "candidates.jsonl", _lines(result.candidates))
        write_atomic(staging / RUN_SUMMARY, run_summary(report, result.problems))
        write_atomic(staging / "report.html", render_report(report))
        _publish(staging, out)
    except OSError as error:
        raise ConfigError(
            f"--out {out}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if out.is_dir() and not any(out.iterdir()):
            with suppress(OSError):  # it may stand in a folder of somebody else's
                out.rmdir()
    return result


@dataclass(frozen=True, slots=True)
class _Terms:
    """What whoever asks for a replay knows of the videos; see :func:`replay`."""

    recorded_at: datetime | None
    scale_px_per_m: float | None
    fps: float | None
    progress: Progress


def _replay_one(
    recording: NamedRecording, staging: Path, result: ReplayResult, camera: CalibratedCamera, terms: _Terms
) -> tuple[list[VideoSection], list[IncidentSection]]:
    """Analyse one video, part by part where its pictures change their size."""
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
    result.notes.extend(f"{file_text(video)}: {note}" for note in reading_notes(info, parts, gaps_s))
    epoch, clock, session = _epoch(recording, info, last_t_s, terms)
    pages = []
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
            if any(incident.id == earlier.id for earlier in (*result.incidents, *result.candidates)):
                continue  # the same recording was named twice
            if incident.tier == "candidate":
                result.candidates.append(incident)
                continue
            evidence = write_evidence(
                incident,
                finding.fall,
                opened,
                staging / incident.id,
                fitting.pinhole,
                fitting.plan,
                from_begin=repaired,
                fps=terms.fps,
                part_s=part.span_s,
                path=None if info.timing == "assumed" else path,  # a weight rests on the time between two pictures
            )
            result.incidents.append(evidence.incident)
            pages.append(_page(finding, evidence))
    return [part.section for part in parts], pages


def _epoch(
    recording: NamedRecording, info: StreamInfo, last_t_s: float, terms: _Terms
) -> tuple[datetime, Clock, str | None]:
    """As :func:`recorded_epoch`; the first segment tells it of all."""
    if recording.joined is None:
        return recorded_epoch(info, last_t_s, terms.recorded_at)
    with VideoFile(recording.files[0], terms.fps) as first:
        return recorded_epoch(first.info, first.info.duration_s or 0.0, terms.recorded_at)


def _page(finding: Finding, evidence: Evidence) -> IncidentSection:
    heights = heights_of(finding.fall)
    band = (heights.low, heights.high)
    plot = height_time_plot(heights.seen, heights.fitted, heights.vacuum, "height above the last sighting, m", band)
    line = flux_line_of(evidence.incident.model_dump())
    light = "" if line is None else flux_plot(line)
    return IncidentSection(evidence.incident, evidence.still_jpg, evidence.strobe_jpg, plot, evidence.files, light)


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


def _make_staging(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".replay-", dir=out))
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror}); choose another folder") from error


def _publish(staging: Path, out: Path) -> None:
    """Move everything into place, evidence first, so that a line in incidents.jsonl never points to nothing."""
    folders = [path for path in sorted(staging.iterdir()) if path.is_dir()]
    for path in folders:
        target = out / path.name
        if target.exists():
            shutil.rmtree(target)
        path.rename(target)
    for name in ("report.html", RUN_SUMMARY, "candidates.jsonl", "incidents.jsonl"):
        (staging / name).replace(out / name)
    flush_directory(out)


def _lines(incidents: Sequence[Incident]) -> str:
    return "".join(incident.to_json() + "\n" for incident in incidents)
