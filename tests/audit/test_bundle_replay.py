"""Bundles of a true replay of the demo's scene: only the clip can tell what is said of it here."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from known_bundles import SEALED_AT, edit_json

from edgecv.audit.verify import Verification, verify_bundle
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import Link, seal

Edit = Callable[[dict[str, Any]], object]
BOTTLE = 2  # the third fall: the clip begins long enough before it


class SealedDemo:
    """Makes bundles as a box would, with whatever changed before they are sealed with the box's own key."""

    def __init__(self, demo_run, folder: Path) -> None:
        self._run = demo_run
        self._folder = folder
        self.key = BoxKey.load_or_create(folder / "state")

    def bundle(self, edit: Edit = lambda _record: None, *, calibrated: bool = True) -> Path:
        incident_id = self._run.incidents[BOTTLE]["id"]
        folder = self._folder / incident_id
        shutil.copytree(self._run.out / incident_id, folder)
        if calibrated:
            shutil.copy(self._run.files.box, folder / "box.yaml")
            shutil.copy(self._run.files.box.with_name("calibration.yaml"), folder)
        edit_json(folder / "incident.json", edit)
        return self.seal(folder)

    def seal(self, folder: Path) -> Path:
        seal(folder, self.key, Link(1, None), folder.name, SEALED_AT)
        return folder

    def check(self, folder: Path) -> Verification:
        return verify_bundle(folder, self.key.public)


@pytest.fixture
def demo(demo_run, tmp_path: Path) -> SealedDemo:
    return SealedDemo(demo_run, tmp_path)


def shift_track(by_px: float) -> Edit:
    def edit(record: dict[str, Any]) -> None:
        for point in record["track"]:
            point["x"] += by_px

    return edit


def test_a_true_bundle_is_borne_out_by_its_clip(demo: SealedDemo) -> None:
    assert demo.check(demo.bundle()) == Verification((), (), False)


def test_where_nobody_wrote_when_the_clip_begins_it_is_found_out(demo: SealedDemo) -> None:
    folder = demo.bundle(lambda r: r["evidence"].update(clip_start_s=None, clip=None))
    assert demo.check(folder) == Verification((), (), False)


def test_another_floor_signed_by_the_box_itself_is_told_by_the_replay_alone(demo: SealedDemo) -> None:
    folder = demo.bundle(lambda r: r["origin"].update(floor=8))
    assert verify_bundle(folder, demo.key.public, replay=False).ok
    (problem,) = demo.check(folder).problems
    assert problem.startswith(f"{folder}: the replayed clip names floor 11, the record floor 8")


def test_another_mass_is_told(demo: SealedDemo) -> None:
    (problem,) = demo.check(demo.bundle(lambda r: r["mass"].update({"class": "light"}))).problems
    assert problem.endswith("the replayed clip gives the mass as heavy, the record as light")


def test_a_track_beside_the_true_one_is_told(demo: SealedDemo) -> None:
    problems = demo.check(demo.bundle(shift_track(30.0))).problems
    assert "the replayed track lies 30.0 px from the record's" in problems[0]
    assert "a second look: the clip shows something moving at" in problems[1]


def test_an_incident_at_a_time_when_nothing_fell_is_told(demo: SealedDemo) -> None:
    def later(record: dict[str, Any]) -> None:
        for point in record["track"]:
            point["t"] += 20.0

    problems = demo.check(demo.bundle(later)).problems
    assert "the replayed clip shows no incident at the record's time" in problems[0]


def test_a_clip_that_shows_nothing_is_told(demo: SealedDemo, write_video, noise_frames) -> None:
    folder = demo.bundle()
    empty = write_video("empty.mp4", noise_frames(60, 640, 360))
    shutil.move(empty, folder / "clip.mp4")
    digest = hashlib.sha256((folder / "clip.mp4").read_bytes()).hexdigest()
    edit_json(folder / "incident.json", lambda r: r["evidence"].update(sha256=digest))
    problems = demo.check(demo.seal(folder)).problems
    assert "shows no incident" in problems[0]
    assert "at 0 of the record's" in problems[1]


def test_what_a_first_look_sees_less_of_a_second_one_bears_out(demo: SealedDemo, monkeypatch) -> None:
    def sees_nothing(*_args: object, **_kwargs: object) -> None:
        return None

    monkeypatch.setattr("edgecv.audit.bundle_replay.best_match", sees_nothing)
    checked = demo.check(demo.bundle())
    assert checked.ok
    (note,) = checked.notes
    assert "shows no incident at the record's time, but a second look bears the record out at" in note


def test_a_second_look_still_refuses_another_floor_and_another_mass(demo: SealedDemo, monkeypatch) -> None:
    def sees_nothing(*_args: object, **_kwargs: object) -> None:
        return None

    monkeypatch.setattr("edgecv.audit.bundle_replay.best_match", sees_nothing)

    def forge(record: dict[str, Any]) -> None:
        record["origin"]["floor"] = 8
        record["mass"]["class"] = "light"

    problems = "\n".join(demo.check(demo.bundle(forge)).problems)
    assert "a second look: the replayed clip names floor 11, the record floor 8" in problems
    assert "a second look: the replayed clip gives the mass as heavy, the record as light" in problems


def test_without_the_calibration_the_track_is_compared_and_that_is_said(demo: SealedDemo) -> None:
    folder = demo.bundle(lambda r: r["origin"].update(floor=8), calibrated=False)
    checked = demo.check(folder)
    assert checked.ok
    assert checked.notes == (
        f"{folder}: there is no box.yaml with the camera's calibration: floor and mass were not compared",
    )


def test_a_calibration_for_other_pictures_is_left_out_as_the_box_does(demo: SealedDemo) -> None:
    folder = demo.bundle(lambda r: r["origin"].update(floor=None))
    calibration = yaml.safe_load((folder / "calibration.yaml").read_text())
    calibration["image_size"] = [1920, 1080]
    for point in calibration["points"]:
        point["pixel"] = [1.5 * c for c in point["pixel"]]
    (folder / "calibration.yaml").write_text(yaml.safe_dump(calibration))
    checked = demo.check(demo.seal(folder))
    assert not any("floor" in problem for problem in checked.problems)
    assert "do not fit the calibration, which was not used" in checked.notes[0]


def test_a_box_file_that_is_wrong_is_told(demo: SealedDemo) -> None:
    folder = demo.bundle()
    (folder / "box.yaml").write_text("site: [")
    problems = demo.check(demo.seal(folder)).problems
    assert all(line.startswith(f"{folder}: cannot be replayed: ") for line in problems)
    assert problems


def test_the_version_that_recorded_is_told_where_it_is_another(demo: SealedDemo) -> None:
    checked = demo.check(demo.bundle(lambda r: r["software"].update(version="0.0.0")))
    assert checked.ok
    assert "recorded by edgecv 0.0.0, replayed by " in checked.notes[0]


def test_what_a_replay_wrote_verifies_without_a_key(demo_run, tmp_path: Path) -> None:
    incident_id = demo_run.incidents[BOTTLE]["id"]
    folder = tmp_path / incident_id
    shutil.copytree(demo_run.out / incident_id, folder)
    checked = verify_bundle(folder, None)
    assert checked.ok
    assert [note.partition(": ")[2].split(":")[0] for note in checked.notes] == [
        "is not sealed",
        "there is no box.yaml with the camera's calibration",
    ]
    assert json.loads((folder / "incident.json").read_text())["evidence"]["clip"] == "clip.mp4"
