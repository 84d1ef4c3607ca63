"""Evidence of what a replay saw: one folder for each incident, and one for each further camera that saw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecv.audit.joint_findings import JoinedFinding, SeenFinding
from edgecv.audit.replay_result import ReplayResult
from edgecv.audit.run_report import IncidentSection
from edgecv.durable_files import sha256_file
from edgecv.evidence.bundle_files import Evidence, write_evidence
from edgecv.evidence.flux_plot import flux_line_of, flux_plot
from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.evidence.manifest import MANIFEST
from edgecv.evidence.plot_data import heights_of
from edgecv.incidents.record import Incident
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.mass import PathDraws


@dataclass(frozen=True, slots=True)
class EvidenceFolder:
    """Where evidence goes.

    Attributes:
        path: the folder of folders.
        fps: pictures a second of videos without time stamps, where somebody knows.
    """

    path: Path
    fps: float | None

    def write(self, incident: Incident, seen: SeenFinding, fall: Fall, path: PathDraws | None) -> Evidence:
        """One camera's evidence of an incident.

        Args:
            incident: the record.
            seen: by which camera, in which recording.
            fall: what is drawn into the pictures.
            path: what the path says of the weight; not weighed when left out.
        """
        return write_evidence(
            incident,
            fall,
            seen.recording,
            self.path / incident.id,
            seen.camera.pinhole,
            seen.camera.plan,
            from_begin=seen.from_begin,
            fps=self.fps,
            part_s=seen.part_s,
            path=path,
        )


def write_findings(
    alone: Sequence[SeenFinding],
    joined: Sequence[JoinedFinding],
    staging: Path,
    result: ReplayResult,
    fps: float | None,
) -> list[IncidentSection]:
    """Write the evidence of all incidents, and add the records to the result, in order of time.

    Args:
        alone: what one camera saw.
        joined: what several saw.
        staging: the folder of folders.
        result: gets the records.
        fps: pictures a second of videos without time stamps, where somebody knows.
    """
    folder = EvidenceFolder(staging, fps)
    pages = []
    for each in _in_order(alone, joined):
        first = each.seen[0] if isinstance(each, JoinedFinding) else each
        if any(first.incident.id == earlier.id for earlier in (*result.incidents, *result.candidates)):
            continue  # the same recording was named twice
        if isinstance(each, JoinedFinding):
            pages.append(_write_joined(each, folder, result))
        elif each.incident.tier == "candidate":
            result.candidates.append(each.incident)
        else:
            evidence = folder.write(each.incident, each, each.finding.fall, each.path)
            result.incidents.append(evidence.incident)
            pages.append(_page(each.finding.fall, evidence))
    return pages


def _in_order(alone: Sequence[SeenFinding], joined: Sequence[JoinedFinding]) -> list[SeenFinding | JoinedFinding]:
    """As they were seen; of several cameras, by wall time."""
    if not joined:
        return list(alone)
    return sorted(
        [*joined, *alone],
        key=lambda each: (each.seen[0] if isinstance(each, JoinedFinding) else each).incident.started_at,
    )


def _write_joined(each: JoinedFinding, folder: EvidenceFolder, result: ReplayResult) -> IncidentSection:
    """The partners' evidence, which the record names with its hash, then the record's own."""
    partners, stills = [], []
    for seen, fall in zip(each.seen[1:], each.falls[1:], strict=True):
        evidence = folder.write(seen.incident, seen, fall, None)
        partners.append((evidence.incident, sha256_file(folder.path / seen.incident.id / MANIFEST)))
        stills.append(evidence.still_jpg)
    incident, path = each.incident(partners)
    first = each.seen[0]
    evidence = folder.write(incident, first, each.falls[0], None if first.path is None else path)
    result.incidents.append(evidence.incident)
    return _page(each.falls[0], evidence, tuple(stills))


def _page(fall: Fall, evidence: Evidence, partners: tuple[bytes, ...] = ()) -> IncidentSection:
    heights = heights_of(fall)
    band = (heights.low, heights.high)
    plot = height_time_plot(heights.seen, heights.fitted, heights.vacuum, "height above the last sighting, m", band)
    line = flux_line_of(evidence.incident.model_dump())
    light = "" if line is None else flux_plot(line)
    return IncidentSection(
        evidence.incident, evidence.still_jpg, evidence.strobe_jpg, plot, evidence.files, light, partners
    )
