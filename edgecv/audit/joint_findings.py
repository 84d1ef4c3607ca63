"""Findings of several cameras that are one fall: which, and the record and evidence that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.partners import SharedFacade, shared_facades
from edgecv.classification import ClassificationSettings, Finding
from edgecv.classification.verdict import Verdict
from edgecv.geometry.camera import PinholeCamera
from edgecv.incidents.joint_record import RecordedView, joint_falls, joint_incident
from edgecv.incidents.record import Clock, Incident
from edgecv.joint import CameraPath, JointFall, JointSettings, associate
from edgecv.joint.joint_verdict import joint_verdict
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.mass import PathDraws

_FILE_DATE_SD_S = 2.0
"""Error of a file's date as the end of its recording: whole seconds on some file systems, and buffers."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenFinding:
    """A finding of a recording.

    Attributes:
        finding: the fall and its verdict.
        incident: its record.
        path: what its path says of the weight; None where it must not be weighed.
        camera: whose recording it is.
        epoch: wall time of the recording's first frame.
        recording: the open file.
        from_begin: see :func:`~edgecv.evidence.bundle_files.write_evidence`.
        part_s: begin and end of the recording's part of that picture size.
    """

    finding: Finding
    incident: Incident
    path: PathDraws | None
    camera: CalibratedCamera
    epoch: datetime
    recording: Path
    from_begin: bool
    part_s: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class JoinedFinding:
    """Findings that are one fall.

    Attributes:
        seen: of each camera, the one first whose record is superseded.
        falls: of each camera, as the joint path has it.
        views: of each camera, as the record takes it.
        joint: what they have in common.
        shared: the facade.
        settings: by which it was decided.
    """

    seen: tuple[SeenFinding, ...]
    falls: tuple[Fall, ...]
    views: tuple[RecordedView, ...]
    joint: JointFall
    shared: SharedFacade
    settings: ClassificationSettings

    def incident(self, partners: Sequence[tuple[Incident, str]]) -> tuple[Incident, PathDraws]:
        """The joint record, and what its path says of the weight.

        Args:
            partners: records and SHA-256 of the manifests of all views but the first, once their evidence is written.
        """
        views = [self.views[0]]
        for view, (record, manifest) in zip(self.views[1:], partners, strict=True):
            views.append(replace(view, incident=record, manifest_sha256=manifest))
        verdict = joint_verdict(_verdicts(self.seen), self.joint.ratio, self.settings)
        assert verdict is not None, "a pair without a verdict is not joined"
        return joint_incident(views, self.joint, verdict, self.shared.plan)


def join_findings(
    findings: Sequence[SeenFinding],
    settings: ClassificationSettings | None = None,
    joint_settings: JointSettings | None = None,
) -> tuple[list[JoinedFinding], list[SeenFinding]]:
    """Return what several cameras saw, and what one camera saw, each in the order of the findings.

    Args:
        findings: of all recordings.
        settings: what makes an incident.
        joint_settings: gates and priors of what cameras add.
    """
    s, limits = settings or ClassificationSettings(), joint_settings or JointSettings()
    by_device: dict[str, list[SeenFinding]] = {}
    once: dict[tuple[str, str], SeenFinding] = {}
    for seen in findings:  # a recording that is named twice would be two falls
        once.setdefault((seen.camera.device, seen.incident.id), seen)
    for seen in once.values():
        if seen.camera.pinhole is not None:  # a part with pictures of another size is not calibrated
            by_device.setdefault(seen.camera.device, []).append(seen)
    joined: list[JoinedFinding] = []
    taken: set[int] = set()
    for first, second in combinations(by_device.values(), 2):
        left = [[seen for seen in group if id(seen) not in taken] for group in (first, second)]
        if not all(left):
            continue
        for one in _joined(left[0], left[1], s, limits):
            joined.append(one)
            taken.update(id(seen) for seen in one.seen)
    names = {(seen.camera.device, seen.incident.id) for one in joined for seen in one.seen}
    return joined, [seen for seen in findings if (seen.camera.device, seen.incident.id) not in names]


def _joined(
    first: list[SeenFinding], second: list[SeenFinding], settings: ClassificationSettings, limits: JointSettings
) -> list[JoinedFinding]:
    """Of two cameras, on the facade that explains each fall best."""
    best: dict[tuple[int, int], tuple[JointFall, SharedFacade, tuple[CameraPath, CameraPath]]] = {}
    since = first[0].epoch
    for shared in shared_facades(first[0].camera, second[0].camera):
        paths = [
            [camera_path(seen, pinhole, since, limits) for seen in group]
            for group, pinhole in ((first, shared.first), (second, shared.second))
        ]
        for joint in associate(paths[0], paths[1], shared.plan, joint_settings=limits):
            key = joint.first, joint.second
            evidence = joint.posterior.launches.log_evidence
            if key not in best or evidence > best[key][0].posterior.launches.log_evidence:
                best[key] = joint, shared, (paths[0][joint.first], paths[1][joint.second])
    ambiguous = {place for n in range(2) for place in _repeated([key[n] for key in best], n)}
    return [
        _joined_finding((first[i], second[j]), *best[i, j], settings)
        for i, j in best
        if not {(0, i), (1, j)} & ambiguous
        and joint_verdict(_verdicts((first[i], second[j])), best[i, j][0].ratio, settings) is not None
    ]


def _repeated(places: list[int], camera: int) -> set[tuple[int, int]]:
    """Paths that two facades join with different ones: that tells nothing."""
    return {(camera, place) for place in places if places.count(place) > 1}


def _joined_finding(
    seen: tuple[SeenFinding, SeenFinding],
    joint: JointFall,
    shared: SharedFacade,
    paths: tuple[CameraPath, CameraPath],
    settings: ClassificationSettings,
) -> JoinedFinding:
    """The record that was an incident first is the one that is superseded."""
    views = [RecordedView(each.incident, path, n) for n, (each, path) in enumerate(zip(seen, paths, strict=True))]
    clocks = [joint.posterior.clock_s(n)[0] for n in range(2)]
    order = sorted(range(2), key=lambda n: (seen[n].incident.tier != "incident", paths[n].start_s + clocks[n]))
    ordered = tuple(views[n] for n in order)
    falls = tuple(joint_falls(ordered, joint))
    return JoinedFinding(tuple(seen[n] for n in order), falls, ordered, joint, shared, settings)


def camera_path(seen: SeenFinding, pinhole: PinholeCamera, since: datetime, limits: JointSettings) -> CameraPath:
    """A finding as a path of its camera.

    Args:
        seen: the finding.
        pinhole: the camera in the shared facade's coordinates.
        since: wall time at which the shared time begins.
        limits: errors of clocks.
    """
    media = seen.incident.media
    ahead_s = (seen.epoch - since).total_seconds()
    return CameraPath.of(seen.finding.fall, pinhole, ahead_s, clock_sd_s(media.clock, media.clock_error_s, limits))


def clock_sd_s(clock: Clock, error_s: float | None, limits: JointSettings) -> float:
    """How far the wall time of a recording may be off.

    Args:
        clock: where it comes from.
        error_s: what is known of its error.
        limits: what is assumed where nothing is.
    """
    if error_s is not None:
        return error_s
    return _FILE_DATE_SD_S if clock == "file_mtime" else limits.clock_sd_s


def _verdicts(seen: Sequence[SeenFinding]) -> list[tuple[Fall, Verdict]]:
    return [(each.finding.fall, each.finding.verdict) for each in seen]
