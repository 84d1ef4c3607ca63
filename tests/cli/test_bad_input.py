from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgecv.cli import main


@pytest.fixture
def wall(write_video, noise_frames) -> Path:
    return write_video("wall.mp4", noise_frames(40))


def _refused(capsys, arguments: list[str], code: int, *words: str) -> None:
    try:
        got = main(arguments)
    except SystemExit as stop:  # argparse leaves by itself
        got = int(stop.code or 0)
    said = capsys.readouterr()
    assert got == code
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    assert all(word in said.err for word in words), said.err


def test_unreadable_input_is_code_3_one_line_and_nothing_left(write_video, noise_frames, tmp_path, capsys) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty").mkdir()
    write_video("tiny.mp4", noise_frames(30, 16, 16))
    write_video("one.mp4", noise_frames(1))
    out = tmp_path / "out"
    for name, words in (
        ("missing.mp4", "no such file"),
        ("empty", "holds no video files"),
        ("text.mp4", "cannot be opened as video"),
        ("tiny.mp4", "16x16 is too small"),
        ("one.mp4", "has 1 frame"),
    ):
        _refused(capsys, ["replay", str(tmp_path / name), "--out", str(out)], 3, words)
        assert not out.exists()


def test_an_output_folder_that_cannot_be_written_is_code_2(wall, tmp_path, capsys) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    _refused(capsys, ["replay", str(wall), "--out", str(blocked)], 2, "--out", str(blocked), "cannot be written")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_without_permission_is_code_2(wall, tmp_path, capsys) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    _refused(capsys, ["replay", str(wall), "--out", str(locked / "out")], 2, "cannot be written")


def test_an_unknown_key_in_the_box_file_is_named_with_the_nearest(wall, tmp_path, capsys) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: a\ncameras:\n  north-1: {sorce: x.mp4}\n")
    replay = ["replay", str(wall), "--config", str(box), "--out", str(tmp_path / "o")]
    for verb in (["check", "--config", str(box)], replay):
        assert main(verb) == 2
        said = capsys.readouterr().err
        assert "sorce" in said
        assert "did you mean 'source'?" in said
        assert f"{box}:3" in said


def test_a_camera_that_is_not_in_the_box_is_named_with_the_nearest(wall, tmp_path, capsys) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: a\ncameras:\n  north-1: {source: x.mp4}\n")
    arguments = ["replay", str(wall), "--config", str(box), "--camera", "nort-1", "--out", str(tmp_path / "o")]
    _refused(capsys, arguments, 2, "nort-1", "did you mean 'north-1'?")


def test_one_of_several_cameras_must_be_named(wall, tmp_path, capsys) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: a\ncameras:\n  n: {source: x.mp4}\n  s: {source: y.mp4}\n")
    _refused(capsys, ["replay", str(wall), "--config", str(box), "--out", str(tmp_path / "o")], 2, "--camera", "n, s")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay"], "VIDEO"),
        (["frobnicate"], "invalid choice"),
        (["replay", "a.mp4", "--out", "o", "--push", "http://x"], "mqtt://"),
        (["replay", "a.mp4", "--out", "o", "--scale", "-1"], "pixels per metre"),
        (["replay", "a.mp4", "--out", "o", "--recorded-at", "yesterday"], "2026-05-01T22:14:00+08:00"),
        (["replay", "a.mp4", "--out", "o", "--camera", "n"], "--config"),
        (["check", "--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_wrong_usage_is_code_2_and_one_line(arguments, words, capsys) -> None:
    _refused(capsys, arguments, 2, words)


def test_footage_of_another_size_than_the_calibration_is_refused(demo_run, wall, tmp_path, capsys) -> None:
    arguments = ["replay", str(wall), "--config", str(demo_run.files.box), "--out", str(tmp_path / "o")]
    _refused(capsys, arguments, 2, "160x120", "640x360")


def test_check_says_what_it_understood(demo_run, capsys) -> None:
    assert main(["check", "--config", str(demo_run.files.box)]) == 0
    said = capsys.readouterr().out
    assert "reprojection error 0.0" in said
    assert "no problems found" in said


def test_the_example_box_is_right(capsys) -> None:
    box = Path(__file__).resolve().parents[2] / "configs" / "box.example.yaml"
    assert main(["check", "--config", str(box)]) == 0
