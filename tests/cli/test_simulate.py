from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgecv.cli import main

SMALL = "seed: 2\nsize: [320, 240]\nduration_s: 2\nobjects: {random: {count: 1}}\n"


def test_a_scene_file_becomes_video_truth_and_box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = tmp_path / "yard.yaml"
    scene.write_text(SMALL)
    assert main(["simulate", str(scene), "--out", str(tmp_path / "out")]) == 0
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"yard.mp4", "yard.truth.json", "yard.box.yaml", "yard.calibration.yaml"}
    truth = json.loads((tmp_path / "out" / "yard.truth.json").read_text())
    assert (truth["scene"], truth["seed"], truth["size"]) == ("yard", 2, [320, 240])
    assert "50 frames" in capsys.readouterr().out
    assert main(["check", "--config", str(tmp_path / "out" / "yard.box.yaml")]) == 0


def test_random_scenes_are_written_with_the_file_that_makes_them_again(tmp_path: Path) -> None:
    arguments = ["simulate", "--random", "1", "--seed", "7", "--with", "night,insects", "--seconds", "0.4"]
    assert main([*arguments, "--out", str(tmp_path / "a")]) == 0
    assert main(["simulate", str(tmp_path / "a" / "random-7.yaml"), "--out", str(tmp_path / "b")]) == 0
    first, second = (tmp_path / folder / "random-7.truth.json" for folder in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert "insect" in json.loads(first.read_text())["nuisances"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to render"),
        (["no-such.yaml"], "no-such.yaml"),
        (["--random", "1", "--with", "fog"], "no nuisance 'fog'"),
        (["a/x.yaml", "b/x.yaml"], "two scenes are called 'x'"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text(SMALL)
    assert main(["simulate", *arguments, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()
