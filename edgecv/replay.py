"""Replay of recorded video: the audit's way through the same pipeline that the live box runs.

Everything is written into a folder beside the wanted one and moved into place at the end, so that a replay that fails
leaves nothing half-written.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edgecv.audit.run_report import IncidentSection, Report, VideoSection, render_report
from edgecv.audit.run_summary import RUN_SUMMARY, run_summary
from edgecv.audit.settings_table import settings_table, versions_table
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import StreamInfo, VideoFile
from edgecv.classification import Finding
from edgecv.durable_files import flush_directory, sha256_file, write_atomic
from edgecv.errors import ConfigError, InputError
from edgecv.evidence.bundle_files import write_evidence
from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.evidence.plot_data import heights_of
from edgecv.incidents.record import Clock, Incident
from edgecv.incidents.record_builder import Provenance, build_incident
from edgecv.pipeline import Pipeline
from edgecv.visibility.coverage import Coverage, CoverageMeter

_SMALLEST_PX = 48  # a window of this many pixels shows no facade
_FEWEST_FRAMES = 2


@dataclass(slots=True)
class ReplayResult:
    """The result of a replay.

    Attributes:
        incidents: tier 1, in order of the videos and of time.
        candidates: tier 2.
        problems: one line for each video that could not be read, or not to its end.
        out: the folder with the results.
        coverage: how much of each video that was read could be judged, by its path as it was given.
    """

    out: Path
    incidents: list[Incident] = field(default_factory=list)
    candidates: list[Incident] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)


Progress = Callable[[Path, float, float | None], None]
"""Called with the video, the media time reached and the media time expected, seconds."""


def replay(
    videos: Sequence[Path],
    out: Path,
    camera: CalibratedCamera | None = None,
    recorded_at: datetime | None = None,
    scale_px_per_m: float | None = None,
    progress: Progress = lambda _path, _t, _end: None,
) -> ReplayResult:
    """Replay videos into a folder.

    Args:
        videos: recordings, each analysed on its own.
        out: folder for the records, run.json, report.html and the evidence; made where it is missing.
        camera: whose footage it is; uncalibrated when left out.
        recorded_at: wall time of the first frame; None to take the file's own.
        scale_px_per_m: a known scale, to report the fit's gravity in m/s².
        progress: called with how far it is.

    Raises:
        ConfigError: ``out`` cannot be written.
        InputError: not one of the videos could be read; nothing is written.
    """
    staging = _make_staging(out)
    result = ReplayResult(out)
    sections: list[VideoSection] = []
    pages: list[IncidentSection] = []
    try:
        for video in videos:
            try:
                section, new_pages = _replay_one(
                    video, staging, result, camera or CalibratedCamera(), recorded_at, scale_px_per_m, progress
                )
            except InputError as error:
                result.problems.append(str(error))
                continue
            sections.append(section)
            result.coverage[section.path] = section.coverage
            pages.extend(new_pages)
            if section.ended_early is not None:
                result.problems.append(f"{video}: {section.ended_early}")
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


def _replay_one(
    video: Path,
    staging: Path,
    result: ReplayResult,
    camera: CalibratedCamera,
    recorded_at: datetime | None,
    scale_px_per_m: float | None,
    progress: Progress,
) -> tuple[VideoSection, list[IncidentSection]]:
    pipeline = Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan)
    findings: list[Finding] = []
    with VideoFile(video) as source:
        info = source.info
        _check_picture(video, info.width, info.height, camera)
        meter = CoverageMeter((info.width, info.height), camera.masks)
        for frame in source:
            findings.extend(pipeline.process(frame))
            if pipeline.detected is not None:
                meter.look(frame.luma, pipeline.detected)
            progress(video, frame.t_s, info.duration_s)
        if source.frames_read < _FEWEST_FRAMES:
            raise InputError(f"{video}: has {source.frames_read} frame; motion needs a video of at least a second")
        progress(video, source.last_t_s, source.last_t_s)
        ended_early, decode_errors, last_t_s = source.ended_early, source.decode_errors, source.last_t_s
        restart_s = source.stamps_restart_s
    findings.extend(pipeline.flush())
    epoch, clock, session = recorded_epoch(info, last_t_s, recorded_at)
    provenance = Provenance(
        camera.site,
        camera.device,
        str(video),
        epoch,
        clock,
        camera.plan,
        camera.config_sha256,
        scale_px_per_m,
        session=session,
    )
    pages = []
    for finding in findings:
        incident = build_incident(finding, provenance)
        if any(incident.id == earlier.id for earlier in (*result.incidents, *result.candidates)):
            continue  # the same recording was named twice
        if incident.tier == "candidate":
            result.candidates.append(incident)
            continue
        folder = staging / incident.id
        evidence = write_evidence(incident, finding.fall, video, folder, camera.pinhole, camera.plan, restart_s)
        result.incidents.append(evidence.incident)
        heights = heights_of(finding.fall)
        band = (heights.low, heights.high)
        plot = height_time_plot(heights.seen, heights.fitted, heights.vacuum, "height above the last sighting, m", band)
        pages.append(IncidentSection(evidence.incident, evidence.still_jpg, evidence.strobe_jpg, plot, evidence.files))
    counts = pipeline.counts
    section = VideoSection(
        path=str(video),
        sha256=sha256_file(video),
        codec=info.codec,
        width=info.width,
        height=info.height,
        fps=info.average_fps,
        duration_s=last_t_s,
        frames=counts.frames,
        repeated_frames=counts.repeated_frames,
        decode_errors=decode_errors,
        ended_early=ended_early,
        tracks=counts.tracks,
        falls=counts.falls,
        coverage=meter.coverage(info.duration_s if ended_early is not None else None),
    )
    return section, pages


def _check_picture(video: Path, width: int, height: int, camera: CalibratedCamera) -> None:
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
