"""The whole examination and the command, on a box whose camera is a small video."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from doctor.small_video import facade, write_video

from edgecv.cli import doctor
from edgecv.cli.arguments import build_parser
from edgecv.config import check_box
from edgecv.doctor import CheckResult, run_checks
from edgecv.doctor.cameras import WATCH
from edgecv.visibility.reference_picture import Reference

BOX = """
site: estate-1
facades:
  north: {floors: 16}
cameras:
  north-1: {source: north-1.mp4, facade: north}
storage: {directory: state, disk_share: 0.999}
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "north-1.mp4", pictures=76)


@pytest.fixture
def box_file(tmp_path: Path, video: Path) -> Path:
    (tmp_path / "north-1.mp4").symlink_to(video)
    (tmp_path / "state").mkdir()
    path = tmp_path / "box.yaml"
    path.write_text(BOX)
    return path


def run(*arguments: str) -> int:
    options = build_parser().parse_args(["doctor", *arguments])
    return doctor.run(options)


def of(findings: list[CheckResult], where: str, words: str) -> CheckResult:
    (found,) = [finding for finding in findings if finding.where == where and words in finding.text]
    return found


def test_a_box_is_examined_from_its_file_to_its_receivers(box_file: Path) -> None:
    findings = run_checks(box_file, 2.0)
    wheres = list(dict.fromkeys(finding.where for finding in findings))
    assert wheres == ["configuration", "clock", "disk", "machine", "camera north-1", "upstream"]
    assert of(findings, "camera north-1", "sends h264 640x360, 25.0 frames/s").level == "ok"
    assert of(findings, "camera north-1", "a fall from floor 16").level == "ok"
    assert of(findings, "camera north-1", "no calibration").level == "warning"
    assert of(findings, "machine", "the cameras take about").level == "ok"


def test_a_turned_camera_is_found_by_its_stored_reference(box_file: Path) -> None:
    stored = box_file.parent / "state" / WATCH / "north-1.npz"
    stored.parent.mkdir()
    stored.write_bytes(Reference.of(facade()).to_npz())
    assert of(run_checks(box_file, 1.0), "camera north-1", "looks where it did").level == "ok"
    stored.write_bytes(Reference.of(np.roll(facade(), 30, axis=0)).to_npz())
    assert of(run_checks(box_file, 1.0), "camera north-1", "has turned").level == "warning"
    stored.write_bytes(b"damaged")
    assert of(run_checks(box_file, 1.0), "camera north-1", "is damaged").level == "warning"


def test_a_camera_that_cannot_be_reached_is_told_without_its_password(box_file: Path) -> None:
    box_file.write_text(BOX.replace("north-1.mp4", "rtsp://admin:hunter22@127.0.0.1:1/stream1"))
    findings = run_checks(box_file, 1.0)
    assert of(findings, "camera north-1", "cannot be opened").level == "problem"
    assert "hunter22" not in f"{findings}"


def test_a_wrong_box_file_is_told_line_by_line_and_the_machine_is_examined_anyway(box_file: Path) -> None:
    box_file.write_text(BOX.replace("source", "sauce"))
    findings = run_checks(box_file, 1.0)
    assert of(findings, "configuration", "sauce").level == "problem"
    assert {"clock", "disk"} <= {finding.where for finding in findings}
    assert not any(finding.where.startswith("camera") for finding in findings)


def test_the_command_prints_findings_with_their_advice(box_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box_file.write_text(BOX.replace("north-1.mp4", "nothing.mp4"))
    assert run("--config", str(box_file), "--seconds", "1") == 1
    printed = capsys.readouterr().out
    assert "PROBLEM camera north-1: " in printed
    assert "\n         -> " in printed
    assert "problem" in printed.splitlines()[-1]


def test_as_json_each_finding_is_a_line(
    box_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    two = [CheckResult("ok", "all well", "disk"), CheckResult("warning", "slow", "disk", "use another")]
    monkeypatch.setattr(doctor, "run_checks", lambda _file, _seconds: two)
    assert run("--config", str(box_file), "--json") == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed[1] == {"level": "warning", "what": "slow", "where": "disk", "advice": "use another"}


@pytest.mark.parametrize("seconds", ["0", "-3", "soon", "nan", "1e9"])
def test_a_senseless_number_of_seconds_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--config", "box.yaml", "--seconds", seconds)
    assert stopped.value.code == 2
    assert "0.5 to 600" in capsys.readouterr().err


def test_no_secret_of_an_address_is_in_a_finding(box_file: Path, tmp_path: Path) -> None:
    upstream = "upstream: {targets: [{name: chat, url: 'http://127.0.0.1:9/hook/hunter22?access_token=hunter22'}]}\n"
    camera = "rtsp://admin:hunter22@127.0.0.1:9/user=admin_password=hunter22_channel=1?pwd=hunter22"
    box_file.write_text(BOX.replace("north-1.mp4", f"'{camera}'") + upstream)
    findings = run_checks(box_file, 1.0)
    assert of(findings, "camera north-1", "cannot be opened").level == "problem"
    assert of(findings, "configuration", "holds a password").level == "warning"
    assert "hunter22" not in json.dumps([finding.as_json() for finding in findings])
    assert "hunter22" not in " ".join(check_box(box_file).notes)


def test_no_finding_holds_a_secret_of_the_box(tmp_path: Path) -> None:
    box_file = tmp_path / "box.yaml"
    box_file.write_text(
        "site: estate-1\nstorage: {directory: state}\ncameras:\n"
        "  north-1: {source: 'rtsp:/admin:hunter%2F22@127.0.0.1:1/ch1'}\n"
        "  north-2: {source: 'rtsp://127.0.0.1:1/user=admin_password=hunter%2F22_channel=1'}\n"
        "  north-3: {source: 'rtsp://127.0.0.1:1/x?password=hunter/22 two'}\n"
        "upstream: {targets: [{name: chat, url: 'https://127.0.0.1:1/hook/AbC123dEf456gHi7'}]}\n"
    )
    said = " ".join(f"{finding.text} {finding.advice}" for finding in run_checks(box_file, 0.1))
    assert not any(secret in said for secret in ("hunter", "AbC123dEf456gHi7"))
