"""Two recordings of one scene by cameras whose clocks differ: one incident, by both."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edgecv.audit.joint_findings import SeenFinding, join_findings
from edgecv.audit.named_recordings import NamedRecording
from edgecv.audit.recording_findings import RecordingTerms, findings_of
from edgecv.audit.verify import verify_bundle
from edgecv.calibration.camera import camera_of
from edgecv.cli import main
from edgecv.config import load_box
from edgecv.durable_files import sha256_file
from edgecv.incidents.joint_record import alone
from edgecv.incidents.record import Incident
from edgecv.simulation import write_scene
from edgecv.simulation.random_scene import checked
from edgecv.simulation.scene_builder import build_scene
from edgecv.simulation.video import SimulatedFiles

CLOCK_S = 0.62
FALL = {"name": "full bottle", "at_s": 2.2, "floor": 11, "window": "04", "velocity": [0.4, 0.2, 1.2], "grey": 220}
SCENE = {
    "seed": 5,
    "size": [960, 540],
    "duration_s": 5.5,
    "camera": {
        "position": [-12, 1.6, 24],
        "look_at": [0, 20, 0],
        "focal_px": 520,
        "distortion": [0, 0, 0, 0, 0],
    },
    "partners": [{"position": [16, 1.6, 26], "clock_s": CLOCK_S}],
    "facade": {
        "floors": 14,
        "windows": [{"name": f"{n:02d}", "left": 3.5 * n - 17.5, "right": 3.5 * n - 15.9} for n in range(1, 10)],
        "balconies": [],
    },
    "wind": {"steady": [0.8, 0, 0.2], "gust": 0.0},
    "objects": [FALL],
    "codec": {"preset": "ultrafast"},
}


@dataclass(frozen=True)
class Run:
    files: SimulatedFiles
    out: Path
    incidents: list[dict[str, Any]]
    truth: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("pair")
    files = write_scene(build_scene(checked(SCENE, "pair"), "pair", folder), folder)
    out = folder / "out"
    assert main(_arguments(files, out)) == 0
    lines = (out / "incidents.jsonl").read_text().splitlines()
    return Run(files, out, [json.loads(line) for line in lines], json.loads(files.truth.read_text())["events"][0])


def _arguments(files: SimulatedFiles, out: Path) -> list[str]:
    partner = files.partners[0]
    cameras = ["--camera", files.camera_id, "--camera", partner.camera_id]
    when = ["--recorded-at", "2026-03-01T08:00:00Z"]
    videos = [str(files.video), str(partner.video)]
    return ["replay", *videos, "--config", str(files.box), *cameras, *when, "--out", str(out)]


def test_one_fall_before_two_cameras_is_one_incident_by_both(run: Run) -> None:
    assert len(run.incidents) == 1
    record = run.incidents[0]
    assert [view["device"] for view in record["joint"]["views"]] in (["pair", "pair-2"], ["pair-2", "pair"])
    assert record["id"] == record["joint"]["views"][0]["id"]
    assert record["device"] == record["joint"]["views"][0]["device"]
    assert (record["origin"]["floor"], record["origin"]["window"]) == (run.truth["floor"], run.truth["window"])


def test_it_knows_the_clock_and_the_drag_better_than_one_camera(run: Run) -> None:
    record = run.incidents[0]
    first, second = record["joint"]["views"]
    behind = second["clock_s"] if first["device"] == "pair" else -second["clock_s"]
    assert behind == pytest.approx(CLOCK_S, abs=0.01)
    terminal = record["mass"]["terminal_velocity"]
    assert terminal["median"] == pytest.approx(run.truth["terminal_velocity_mps"], rel=0.03)
    for view in (first, second):
        alone_mps = view["mass"]["terminal_velocity"]
        assert terminal["high"] - terminal["low"] < alone_mps["high"] - alone_mps["low"]


def test_its_path_in_space_ends_below_where_it_was_let_go(run: Run) -> None:
    path = run.incidents[0]["joint"]["path"]
    assert path[0]["xyz_m"] == pytest.approx(run.truth["release_m"], abs=1.0)
    heights = [place["xyz_m"][1] for place in path]
    assert heights == sorted(heights, reverse=True)
    assert max(max(place["sd_m"]) for place in path) < 0.5


def test_evidence_of_both_is_verified_together(run: Run) -> None:
    record = Incident.model_validate(run.incidents[0])
    assert record.joint is not None
    partner = record.joint.views[1]
    assert sha256_file(run.out / partner.id / "manifest.json") == partner.manifest_sha256
    seen = verify_bundle(run.out / record.id, None, replay=False)
    assert seen.ok
    assert not any("saw the same fall" in note for note in seen.notes)
    clip = run.out / partner.id / "clip.mp4"
    content = clip.read_bytes()
    try:
        clip.write_bytes(content[:-1])
        assert any(partner.id in line for line in verify_bundle(run.out / record.id, None, replay=False).problems)
        clip.write_bytes(content)
        manifest = run.out / partner.id / "manifest.json"
        listed = manifest.read_bytes()
        manifest.unlink()
        assert str(manifest) in verify_bundle(run.out / record.id, None, replay=False).problems[0]
        manifest.write_bytes(listed)
        (run.out / partner.id).rename(run.out / "elsewhere")
        missing = verify_bundle(run.out / record.id, None, replay=False)
        assert missing.ok
        assert any("saw the same fall" in note for note in missing.notes)
    finally:
        if not (run.out / partner.id).exists():
            (run.out / "elsewhere").rename(run.out / partner.id)
        clip.write_bytes(content)


def test_a_part_without_a_calibration_keeps_nothing_from_being_joined(run: Run) -> None:
    """Pictures that change their size: what was seen in those that the calibration is not for comes first."""
    seen = _seen(run)
    bare = replace(seen[0].camera, pinhole=None, plan=None, masks=())
    uncalibrated = replace(seen[0], camera=bare, incident=seen[0].incident.model_copy(update={"id": "other"}))
    joined, by_one = join_findings([uncalibrated, *seen])
    assert [view.incident.device for view in joined[0].views] in (["pair", "pair-2"], ["pair-2", "pair"])
    assert by_one == [uncalibrated]


def test_a_recording_that_is_named_twice_is_joined_once(run: Run) -> None:
    seen = _seen(run)
    joined, by_one = join_findings([*seen, *_seen(run)])
    assert [set(map(id, one.seen)) for one in joined] == [set(map(id, seen))]
    assert by_one == []


def _seen(run: Run) -> list[SeenFinding]:
    box = load_box(run.files.box)
    terms = RecordingTerms(datetime(2026, 3, 1, 8, tzinfo=UTC), None, None, lambda _path, _t, _end: None)
    seen: list[SeenFinding] = []
    for files in (run.files, run.files.partners[0]):
        recording = NamedRecording(files.video, (files.video,))
        seen.extend(findings_of(recording, camera_of(box, files.camera_id).camera, terms).seen)
    return seen


def test_a_clip_is_compared_with_what_its_own_camera_said(run: Run) -> None:
    record = Incident.model_validate(run.incidents[0])
    assert record.joint is not None
    own = alone(record)
    assert own.joint is None
    assert own.mass == record.joint.views[0].mass
    assert verify_bundle(run.out / record.id, None).ok


def test_the_report_names_both_cameras(run: Run) -> None:
    report = (run.out / "report.html").read_text()
    assert "pair-2" in report
    assert "lines of sight" in report


def test_the_same_videos_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(_arguments(run.files, again)) == 0
    assert (again / "incidents.jsonl").read_bytes() == (run.out / "incidents.jsonl").read_bytes()


def test_without_a_camera_for_each_nothing_is_joined(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "alone"
    videos = [str(run.files.video), str(run.files.partners[0].video)]
    assert main(["replay", *videos, "--out", str(out)]) == 0
    records = [json.loads(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert len(records) == 2
    assert all(record["joint"] is None for record in records)


def test_cameras_must_be_as_many_as_videos(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _arguments(run.files, tmp_path / "out")
    arguments.remove(str(run.files.partners[0].video))
    assert main(arguments) == 2
    assert "--camera" in capsys.readouterr().err
