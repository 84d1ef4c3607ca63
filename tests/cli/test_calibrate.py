from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from edgecv.cli import main

SCENE = """
seed: 5
size: [960, 540]
duration_s: 6
camera: {position: [2.0, 1.7, 30.0], look_at: [0.0, 20.0, 0.0], focal_px: 700.0}
facade: {floors: 14}
objects:
  - {name: fruit, floor: 11, window: "03", at_s: 3.0, velocity: [0, 0, 0.3], diameter_m: 0.24, mass_kg: 0.6,
     drag_area_m2: 0.018, grey: 230}
"""


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recording of a ball dropped from floor 11, window 03, its box and calibration."""
    folder = tmp_path_factory.mktemp("drop")
    (folder / "drop.yaml").write_text(SCENE)
    assert main(["simulate", str(folder / "drop.yaml"), "--out", str(folder)]) == 0
    return folder


def _wrong_metres(drop: Path, folder: Path, share: float) -> Path:
    """The same box with a calibration whose metres are too long by ``share``."""
    for name in ("drop.box.yaml", "drop.mp4"):
        shutil.copy(drop / name, folder / name)
    calibration = yaml.safe_load((drop / "drop.calibration.yaml").read_text())
    for point in calibration["points"]:
        point["facade"] = [v / share for v in point["facade"]]
    (folder / "drop.calibration.yaml").write_text(yaml.safe_dump(calibration))
    return folder / "drop.box.yaml"


def test_a_drop_from_the_named_window_confirms_a_right_calibration(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["calibrate", "drop", str(drop / "drop.mp4"), "--config", str(drop / "drop.box.yaml")]
    check = tmp_path / "check.jpg"
    assert main([*command, "--floor", "11", "--window", "03", "--check", str(check)]) == 0
    printed = capsys.readouterr().out
    assert "gravity agrees" in printed and "located: floor 11, window 03" in printed
    drawn, frame = cv2.imread(str(check)), cv2.VideoCapture(str(drop / "drop.mp4")).read()[1]
    assert drawn is not None and drawn.shape == frame.shape
    assert np.abs(drawn.astype(int) - frame).max(axis=2).max() > 100  # something is drawn on it
    assert main([*command, "--floor", "9", "--check", str(check)]) == 1
    assert "but it was floor 9" in capsys.readouterr().out


def test_a_drop_finds_and_corrects_wrong_metres(drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = _wrong_metres(drop, tmp_path, 1.2)
    command = ["calibrate", "drop", str(tmp_path / "drop.mp4"), "--config", str(box), "--floor", "11"]
    command += ["--check", str(tmp_path / "check.jpg")]
    before = (tmp_path / "drop.calibration.yaml").read_bytes()
    assert main(command) == 1
    assert "--rescale corrects it" in capsys.readouterr().err
    assert (tmp_path / "drop.calibration.yaml").read_bytes() == before
    assert main([*command, "--rescale"]) == 0
    true = yaml.safe_load((drop / "drop.calibration.yaml").read_text())["points"]
    made = yaml.safe_load((tmp_path / "drop.calibration.yaml").read_text())["points"]
    for a, b in zip(true, made, strict=True):
        np.testing.assert_allclose(b["facade"], a["facade"], rtol=0.04, atol=0.05)


def test_marked_points_become_a_calibration_that_check_accepts(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = yaml.safe_load((drop / "drop.calibration.yaml").read_text())["points"]
    points = tmp_path / "marks.yaml"
    points.write_text(yaml.safe_dump({"points": marks}))
    box = _wrong_metres(drop, tmp_path, 1.0)
    (tmp_path / "drop.calibration.yaml").unlink()
    command = ["calibrate", "points", str(drop / "drop.mp4"), "--config", str(box), "--points", str(points)]
    assert main([*command, "--check", str(tmp_path / "check.jpg")]) == 0
    assert "reprojection error 0.0" in capsys.readouterr().out
    assert main(["check", "--config", str(box)]) == 0


def test_a_grid_is_not_taken_unseen(
    drop: Path, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = tmp_path / "box.yaml"
    facades = {"north": {"floors": 30, "floor_height": 2.9}}
    cameras = {"c1": {"source": "x.mp4", "facade": "north", "calibration": "c1.yaml"}}
    box.write_text(yaml.safe_dump({"site": "tower", "facades": facades, "cameras": cameras}))
    command = ["calibrate", "still", str(clips / "facade_tower.jpg"), "--config", str(box), "--lowest-floor", "5"]
    command += ["--check", str(tmp_path / "check.jpg")]
    assert main(command) == 2  # nobody to ask
    assert "give --yes" in capsys.readouterr().err
    assert not (tmp_path / "c1.yaml").exists() and (tmp_path / "check.jpg").exists()
    assert main([*command, "--yes"]) == 0
    assert 'name: "03"' in capsys.readouterr().out
    assert main(["check", "--config", str(box)]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["points", "nothing.jpg", "--points", "p.yaml"], "nothing.jpg"),
        (["drop", "drop.mp4", "--floor", "99"], "--floor = 99"),
        (["drop", "drop.mp4", "--floor", "3", "--window", "zz"], "known are 01"),
        (["still", "drop.box.yaml", "--lowest-floor", "1"], "cannot be opened as video"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    arguments: list[str], told: str, drop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(drop)
    assert main(["calibrate", *arguments, "--config", "drop.box.yaml"]) in (2, 3)
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
