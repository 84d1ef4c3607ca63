"""The whole examination, in the order in which an installer puts things right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from edgecv.config import Box, check_box, load_box
from edgecv.config.known_secrets import hide_secrets
from edgecv.config.service import Storage
from edgecv.config.state import state_directory
from edgecv.doctor.cameras import CameraReport, ProbeStream, camera_report
from edgecv.doctor.check_result import CheckResult, ok, problem
from edgecv.doctor.clock import clock_findings
from edgecv.doctor.devices import device_findings
from edgecv.doctor.disk import disk_findings
from edgecv.doctor.machine import cores_finding, memory_finding
from edgecv.doctor.retention import retention_findings
from edgecv.doctor.secret_files import secret_findings
from edgecv.doctor.stream_probe import probe_stream
from edgecv.doctor.targets import upstream_findings

_AT_ONCE = 4
"""Cameras looked at together: more, and a small box would be judged by what the doctor itself costs."""


def run_checks(box_file: Path, seconds: float = 5.0, probe: ProbeStream = probe_stream) -> list[CheckResult]:
    """Everything the doctor has to say of a box, without its secrets; never raises for what is wrong with it.

    Args:
        box_file: the box file; where it is wrong, the machine alone is examined.
        seconds: how long each camera is looked at.
        probe: opens a camera and samples its stream.
    """
    findings = _findings(box_file, seconds, probe)
    return [
        replace(finding, text=hide_secrets(finding.text), advice=hide_secrets(finding.advice)) for finding in findings
    ]


def _findings(box_file: Path, seconds: float, probe: ProbeStream) -> list[CheckResult]:
    report = check_box(box_file)
    findings = [_configuration(line, box_file) for line in report.problems]
    box = load_box(box_file) if report.ok else None
    if box is None:
        state = state_directory(None)
        return findings + _clock(box_file) + disk_findings(state, Storage().disk_share) + retention_findings(state)
    findings.append(ok("configuration", f"{box_file} has no problems"))
    cameras = _cameras(box, seconds, probe)
    settings = box.settings.storage
    recorded = settings.record_hours * 3600.0 * sum(camera.bytes_per_s for camera in cameras)
    findings += secret_findings(box)
    findings += _clock(box_file)
    findings += disk_findings(state_directory(box), settings.disk_share, recorded)
    findings += retention_findings(state_directory(box))
    findings.append(memory_finding(len(cameras)))
    if any(camera.cores for camera in cameras):
        findings.append(cores_finding(sum(camera.cores for camera in cameras)))
    findings += [finding for camera in cameras for finding in camera.findings]
    findings += device_findings(box)
    return findings + upstream_findings(box)


def _configuration(line: str, box_file: Path) -> CheckResult:
    cause, _, advice = line.removeprefix(f"{box_file}:").rpartition("; ")
    return problem("configuration", (cause or advice).strip(), advice if cause else f"put it right in {box_file}")


def _clock(box_file: Path) -> list[CheckResult]:
    return clock_findings(box_file.stat().st_mtime if box_file.exists() else None)


def _cameras(box: Box, seconds: float, probe: ProbeStream) -> list[CameraReport]:
    state = state_directory(box)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as looks:
        return list(looks.map(lambda one: camera_report(box, one, state, seconds, probe), box.camera_ids))
