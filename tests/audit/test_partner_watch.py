"""What one camera holds for an incident is doubted where its partner looked at the place and saw nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgecv.audit.named_recordings import NamedRecording
from edgecv.audit.partner_watch import doubted
from edgecv.audit.recording_findings import RecordingFindings, RecordingTerms, findings_of
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.replay import ReplayResult, replay
from edgecv.simulation import write_scene
from edgecv.simulation.random_scene import checked
from edgecv.simulation.scene import Scene
from edgecv.simulation.scene_builder import build_scene
from edgecv.simulation.video import SimulatedFiles, write_video

BEGUN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SCENE: dict[str, Any] = {
    "seed": 5,
    "size": [960, 540],
    "duration_s": 12.5,
    "camera": {"position": [-12, 1.6, 24], "look_at": [0, 20, 0], "focal_px": 520, "distortion": [0, 0, 0, 0, 0]},
    "partners": [{"position": [16, 1.6, 26], "clock_s": -0.2}],
    "facade": {
        "floors": 14,
        "windows": [{"name": f"{n:02d}", "left": 3.5 * n - 17.5, "right": 3.5 * n - 15.9} for n in range(1, 10)],
        "balconies": [],
    },
    "wind": {"steady": [0.8, 0, 0.2], "gust": 0.0},
    "objects": [
        {"name": "kitchen bag", "at_s": 5.5, "floor": 11, "window": "04", "velocity": [0.4, 0.2, 1.2], "grey": 225}
    ],
    "codec": {"preset": "ultrafast"},
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, SimulatedFiles]:
    """A bag that falls, rendered for two cameras; the second one's video is of the facade without it."""
    folder = tmp_path_factory.mktemp("watch")
    built = build_scene(checked(SCENE, "pair"), "pair", folder)
    files = write_scene(built, folder)
    write_video(replace(built.of_partner(0), objects=()), files.partners[0].video, folder / "none.json")
    return built, files


def _cameras(files: SimulatedFiles) -> list[CalibratedCamera]:
    box = load_box(files.box)
    return [camera_of(box, name).camera for name in ("pair", "pair-2")]


def _replayed(files: SimulatedFiles, cameras: list[CalibratedCamera], out: Path) -> ReplayResult:
    return replay([files.video, files.partners[0].video], out, cameras, BEGUN)


def test_what_the_partner_should_have_seen_and_did_not_is_a_candidate(
    scene: tuple[Scene, SimulatedFiles], tmp_path: Path
) -> None:
    result = _replayed(scene[1], _cameras(scene[1]), tmp_path / "out")
    assert result.incidents == []
    (candidate,) = result.candidates
    assert candidate.device == "pair"
    assert "camera pair-2 looks at the place" in candidate.verdict.reasons[-1]
    assert candidate.verdict.reason_codes[-1] is not None
    written = (tmp_path / "out" / "candidates.jsonl").read_text()
    assert json.loads(written)["tier"] == "candidate"


def test_a_partner_that_masks_the_place_says_nothing(scene: tuple[Scene, SimulatedFiles], tmp_path: Path) -> None:
    first, second = _cameras(scene[1])
    masked = replace(second, masks=(((0.0, 0.0), (960.0, 0.0), (960.0, 420.0), (0.0, 420.0)),))
    result = _replayed(scene[1], [first, masked], tmp_path / "out")
    assert [incident.device for incident in result.incidents] == ["pair"]


def test_a_partner_of_another_facade_says_nothing(scene: tuple[Scene, SimulatedFiles], tmp_path: Path) -> None:
    first, second = _cameras(scene[1])
    result = _replayed(scene[1], [first, replace(second, facade="east")], tmp_path / "out")
    assert [incident.device for incident in result.incidents] == ["pair"]


def test_by_a_file_s_date_nothing_is_doubted(
    scene: tuple[Scene, SimulatedFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of recordings of different hours have one date: of when they were copied."""
    monkeypatch.setattr("edgecv.audit.joint_findings._FILE_DATE_SD_S", 0.5)  # so that the recordings cover it
    files = scene[1]
    videos = [files.video, files.partners[0].video]
    for video in videos:
        os.utime(video, (1.8e9, 1.8e9))
    result = replay(videos, tmp_path / "out", _cameras(files))
    assert [incident.media.clock for incident in result.incidents] == ["file_mtime"]


def test_what_the_partner_saw_by_a_clock_minutes_off_may_be_the_same_fall(
    scene: tuple[Scene, SimulatedFiles],
) -> None:
    first, second = _cameras(scene[1])
    (seen,) = _findings(scene[1].video, first).seen
    watched = _findings(scene[1].partners[0].video, second).watched
    assert doubted(seen, watched, [seen], [seen]).incident.tier == "candidate"
    other = replace(seen, camera=second, epoch=BEGUN + timedelta(minutes=5))
    assert doubted(seen, watched, [seen, other], [seen, other]) is seen
    # one that is joined tells the clock
    assert doubted(seen, watched, [seen, other], [seen]).incident.tier == "candidate"


def _findings(video: Path, camera: CalibratedCamera) -> RecordingFindings:
    terms = RecordingTerms(BEGUN, None, None, lambda _path, _t, _end: None)
    return findings_of(NamedRecording(video, (video,)), camera, terms)
