"""Replay of recorded video: the audit's way through the same pipeline that the live box runs.

Everything is written into a folder beside the wanted one and moved into place at the end, so that a replay that fails
leaves nothing half-written.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast

from edgecv.audit.finding_evidence import write_findings
from edgecv.audit.joint_findings import SeenFinding, join_findings
from edgecv.audit.named_recordings import NamedRecording, named_recordings, readable
from edgecv.audit.partner_watch import WatchedRecording, doubted
from edgecv.audit.recording_findings import RecordingTerms, findings_of
from edgecv.audit.replay_result import ReplayResult
from edgecv.audit.run_report import IncidentSection, Report, VideoSection, render_report
from edgecv.audit.run_summary import RUN_SUMMARY, run_summary
from edgecv.audit.settings_table import settings_table, versions_table
from edgecv.audit.video_parts import Progress
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture.segments import join
from edgecv.durable_files import flush_directory, write_atomic
from edgecv.errors import ConfigError, InputError
from edgecv.incidents.record import Incident
from edgecv.untrusted import file_text

__all__ = ["ReplayResult", "replay"]
_Each = TypeVar("_Each")


def replay(
    videos: Sequence[Path],
    out: Path,
    camera: CalibratedCamera | Sequence[CalibratedCamera] | None = None,
    recorded_at: datetime | Sequence[datetime | None] | None = None,
    scale_px_per_m: float | None = None,
    progress: Progress = lambda _path, _t, _end: None,
    fps: float | None = None,
) -> ReplayResult:
    """Replay videos into a folder.

    Recordings of different cameras that see the same facade are analysed each on its own; what several saw is one
    incident, by the joint path.

    Args:
        videos: recordings, each analysed on its own; the segments in a folder are one where they follow on one another.
        out: folder for the records, run.json, report.html and the evidence; made where it is missing.
        camera: whose footage all videos are, or one for each of them; uncalibrated when left out.
        recorded_at: wall time of the first frame of all videos, or one for each; None to take the file's own.
        scale_px_per_m: a known scale, to report the fit's gravity in m/s².
        progress: called with how far it is.
        fps: pictures a second of videos without time stamps; None to take what the stream declares.

    Raises:
        ConfigError: ``out`` cannot be written.
        InputError: not one of the videos could be read; nothing is written.
    """
    staging = _make_staging(out)
    run = _Run(staging, ReplayResult(out), fps)
    cameras = _one_each(camera or CalibratedCamera(), len(videos))
    times = _one_each(recorded_at, len(videos))
    try:
        recordings = named_recordings(videos, staging, run.result.notes, run.result.problems)
        are_partners = len({each.device for each in cameras}) > 1
        for recording in recordings:
            terms = RecordingTerms(times[recording.argument], scale_px_per_m, fps, progress)
            try:
                run.read(recording, cameras[recording.argument], terms)
            except InputError as error:
                run.result.problems.append(readable(str(error), recording.video))
                continue
            except ConfigError as error:
                if len(recordings) == 1:
                    raise
                run.result.problems.append(readable(str(error), recording.video))
                continue
            if not are_partners:  # nobody else saw it, and joined segments need not wait
                run.write_evidence()
        run.write_evidence()
        run.write_records()
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
    return run.result


class _Run:
    """What has been read so far, and is to be written."""

    def __init__(self, staging: Path, result: ReplayResult, fps: float | None) -> None:
        self.result = result
        self._staging, self._fps = staging, fps
        self._sections: list[VideoSection] = []
        self._pages: list[IncidentSection] = []
        self._waiting: list[SeenFinding] = []
        self._joined_files: list[Path] = []
        self._watched: list[WatchedRecording] = []

    def read(self, recording: NamedRecording, camera: CalibratedCamera, terms: RecordingTerms) -> None:
        """Analyse a recording; what was seen waits for what other cameras saw."""
        video, problems = recording.video, self.result.problems
        if recording.joined is not None:
            self._joined_files.append(recording.joined)
            problems.extend(
                f"{file_text(cut)}: this segment is cut or damaged: only its begin could be read"
                for cut in join(recording.files, recording.joined)
            )
        findings = findings_of(recording, camera, terms)
        self.result.notes.extend(findings.notes)
        sections = [part.section for part in findings.parts]
        self._sections.extend(sections)
        self.result.coverage.update({section.path: section.coverage for section in sections})
        problems.extend(f"{file_text(video)}: {each.ended_early}" for each in sections if each.ended_early is not None)
        self._waiting.extend(findings.seen)
        self._watched.extend(findings.watched)

    def write_evidence(self) -> None:
        """Write the evidence of all that waits."""
        joined, alone = join_findings(self._waiting)
        judged = [doubted(each, self._watched, self._waiting, alone) for each in alone]
        self._pages.extend(write_findings(judged, joined, self._staging, self.result, self._fps))
        self._waiting.clear()
        self._watched.clear()
        while self._joined_files:
            self._joined_files.pop().unlink(missing_ok=True)

    def write_records(self) -> None:
        """Write the records and the report.

        Raises:
            InputError: no video could be read.
        """
        result, staging = self.result, self._staging
        if not self._sections:
            raise InputError("\n".join(result.problems))
        report = Report(
            videos=tuple(self._sections),
            incidents=tuple(self._pages),
            candidates=tuple(result.candidates),
            settings=settings_table(),
            versions=versions_table(),
        )
        write_atomic(staging / "incidents.jsonl", _lines(result.incidents))
        write_atomic(staging / "candidates.jsonl", _lines(result.candidates))
        write_atomic(staging / RUN_SUMMARY, run_summary(report, result.problems))
        write_atomic(staging / "report.html", render_report(report))


def _one_each(value: _Each | Sequence[_Each], count: int) -> list[_Each]:
    """The same for all, or what there is for each."""
    return list(value) if isinstance(value, list | tuple) else [cast("_Each", value)] * count


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
