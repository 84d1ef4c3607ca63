"""Everything about one camera: its login, its stream, its picture and its frame rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture.stream import StreamError, StreamSettings
from edgecv.config import Box
from edgecv.daemon.motion_map_store import motion_map_file
from edgecv.daemon.visibility_monitor import WATCH
from edgecv.daemon.worker_spec import spec_of
from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.doctor.image_quality_check import focus_findings, light_findings, place_findings, smallest_floor_px
from edgecv.doctor.sampling_check import fall_findings
from edgecv.doctor.stream_check import stream_findings
from edgecv.doctor.stream_probe import StreamProbe, probe_stream
from edgecv.doctor.usual_motion_check import usual_motion_findings
from edgecv.errors import ConfigError, InputError
from edgecv.visibility.reference_picture import Reference

ProbeStream = Callable[[StreamSettings, float], StreamProbe]


@dataclass(frozen=True, slots=True)
class CameraReport:
    """One camera's findings, and what it costs.

    Attributes:
        findings: in the order in which to put things right.
        cores: processor seconds a second that it takes; 0 where it was not probed.
        bytes_per_s: its bit rate; 0 where it was not probed.
    """

    findings: tuple[CheckResult, ...]
    cores: float = 0.0
    bytes_per_s: float = 0.0


_ANALYSIS_SHARE = 0.25
"""Analysing a frame costs this share of decoding it: 0.18-0.23 of H.264, 0.12-0.31 of others, as measured."""


def camera_report(
    box: Box, camera_id: str, state: Path, seconds: float, probe: ProbeStream = probe_stream
) -> CameraReport:
    """Look at one camera of a box for some seconds; never raises for what is wrong with it."""
    where = f"camera {camera_id}"
    try:
        spec, _ = spec_of(box, camera_id, state)
    except ConfigError as error:
        cause, _, advice = str(error).removeprefix(f"{box.path}: ").rpartition("; ")
        text = f"it was not looked at: {cause or advice}"
        return CameraReport((problem(where, text, advice if cause else "ask edgecv check"),))
    try:
        stream = probe(spec.stream, seconds)
    except StreamError as error:
        return CameraReport((_unseen(where, error),))
    findings = stream_findings(where, stream, spec.camera.image_size)
    findings += _sight(where, stream, state / WATCH / f"{camera_id}.npz", spec.camera)
    findings += usual_motion_findings(where, motion_map_file(state, camera_id))
    plan, pose = spec.camera.plan, spec.camera.pinhole
    if plan is None:
        findings.append(ok(where, "no facade is given for it: floors and windows stay unknown"))
    else:
        fits = spec.camera.image_size in (None, stream.size_px)
        findings += fall_findings(where, stream.fps, plan, pose if fits else None, stream.size_px)
        if pose is None:
            advice = "calibrate it: edgecv calibrate"
            findings.append(warning(where, "it has no calibration: floors and windows cannot be told", advice))
    cores = stream.decode_s * stream.fps * (1.0 + _ANALYSIS_SHARE)
    return CameraReport(tuple(findings), cores, stream.bytes_per_s)


def _unseen(where: str, error: StreamError) -> CheckResult:
    cause, _, advice = str(error).rpartition("; ")
    if "busy" in str(error).lower():
        return warning(where, cause or advice, "the daemon uses it: systemctl stop edgecv, and ask again")
    return problem(where, cause or str(error), advice if cause else "check its power, its cable and its address")


def _sight(where: str, stream: StreamProbe, stored: Path, camera: CalibratedCamera) -> list[CheckResult]:
    luma = stream.lumas[1]
    dark_or_bright = light_findings(where, luma)
    if dark_or_bright:
        return dark_or_bright  # nothing else can be judged then
    findings = focus_findings(where, stream.lumas)
    try:
        reference = Reference.from_npz(stored.read_bytes())
    except FileNotFoundError:
        return findings
    except OSError as error:
        return [*findings, ok(where, f"its reference picture {stored} cannot be read ({error.strerror})")]
    except InputError as error:
        return [*findings, warning(where, f"{stored}: {error}", f"remove it: rm {stored}")]
    pose, plan = camera.pinhole, camera.plan
    floor_px = None if pose is None or plan is None else smallest_floor_px(plan, pose, stream.size_px)
    return findings + place_findings(where, luma, reference, floor_px)
