"""``edgecv evaluate`` on small videos of a bright thing that falls before a wall, 20 px to the metre."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.cli import main

FPS, START, GRAVITY_PX_S2, TOP_PX, LEFT_PX, SPEED_PX_S = 25, 25, 196.0, 12.0, 90.0, 20.0
FRAMES = 66


def _place(frame: int) -> tuple[float, float] | None:
    t = (frame - START) / FPS
    y = TOP_PX + 0.5 * GRAVITY_PX_S2 * t * t
    return None if t < 0 or y > 236 else (LEFT_PX + SPEED_PX_S * t, y)


def _pictures(falls: bool) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(11)
    rows, columns = np.mgrid[:240, :320]
    wall = 100.0 + 12.0 * np.sin(columns / 9.0) + 8.0 * np.cos(rows / 13.0)
    pictures = []
    for n in range(FRAMES):
        place = _place(n) if falls else None
        picture = wall + rng.normal(0.0, 1.2, wall.shape)
        if place is not None:
            picture += 110.0 * np.exp(-((columns - place[0]) ** 2 + (rows - place[1]) ** 2) / (2.0 * 1.7**2))
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    return pictures


def _truth(x_offset: float = 0.0) -> dict[str, Any]:
    rows = [[n, n / FPS, place[0] + x_offset, place[1], 6.0, 6.0] for n in range(FRAMES) if (place := _place(n))]
    event = {"object": "ball", "size_px": 4.5, "contrast": 60.0, "gone_s": rows[-1][1], "frames": rows}
    return {"conditions": ["day"], "nuisances": ["bird"], "events": [event]}


@pytest.fixture
def folder(tmp_path: Path, write_video: Any) -> Path:
    """Two videos: a fall with its truth, and a quiet one without."""
    write_video("fall.mp4", _pictures(True), options={"crf": "16"})
    write_video("quiet.mp4", _pictures(False), options={"crf": "30"})
    (tmp_path / "fall.truth.json").write_text(json.dumps(_truth()))
    return tmp_path


def test_a_fall_is_found_and_everything_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = "recall>=1,false_incidents<=0,fade_f>=0.8,fade_tro>=0.8,delay_max_s<=0.5"
    files = ["--json", str(folder / "e.json"), "--csv", str(folder / "e.csv")]
    assert main(["evaluate", str(folder), *files, "--require", wanted, "--jobs", "2"]) == 0
    shown = capsys.readouterr().out
    assert "1 clip, 2.6 s" in shown
    assert "Real footage: 1 clip, 2.6 s" in shown  # the quiet one: nobody says that it was rendered
    assert "1 of 1" in shown
    written = json.loads((folder / "e.json").read_text())
    by_name = {Path(clip["clip"]).name: clip for clip in written["clips"]}
    (event,) = by_name["fall.mp4"]["events"]
    assert (event["outcome"], event["too_short"]) == ("incident", False)
    assert event["distance_px"] < 1.5
    assert event["visibility"]["sightings"] >= 30
    assert by_name["quiet.mp4"]["events"] == []
    assert (by_name["quiet.mp4"]["real"], by_name["fall.mp4"]["real"]) == (True, False)
    assert by_name["quiet.mp4"]["presence_s"] == {"quiet": pytest.approx((FRAMES - 1) / FPS)}
    assert by_name["quiet.mp4"]["tro"] is None
    assert by_name["fall.mp4"]["frames"] == FRAMES
    assert 0.0 < by_name["fall.mp4"]["analysis_ms"] < 1000.0
    assert written["totals"]["false_incidents"]["hours"] == pytest.approx(2 * (FRAMES - 1) / FPS / 3600)
    assert len((folder / "e.csv").read_text().splitlines()) == 3


def test_without_truth_the_same_fall_is_a_false_incident(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "fall.truth.json").unlink()
    video = str(folder / "fall.mp4")
    assert main(["evaluate", video, "--require", "false_incidents<=0"]) == 1
    assert capsys.readouterr().err == "edgecv: required false_incidents<=0, but it is 1\n"


def test_half_the_frames_and_repeated_ones_still_show_the_fall(folder: Path) -> None:
    for frames in ("half", "repeat-third"):
        wanted = "recall>=1,false_incidents<=0,visible_recall>=1,visible_events>=1"
        assert main(["evaluate", str(folder / "fall.mp4"), "--frames", frames, "--require", wanted]) == 0


def test_truth_somewhere_else_is_a_miss_and_a_false_incident_but_no_failure(folder: Path) -> None:
    (folder / "fall.truth.json").write_text(json.dumps(_truth(x_offset=60.0)))
    assert main(["evaluate", str(folder / "fall.mp4"), "--json", str(folder / "e.json")]) == 0
    figures = json.loads((folder / "e.json").read_text())["figures"]
    assert (figures["recall"], figures["false_incidents"], figures["fade_f"], figures["fade_tro"]) == (0, 1, 0, 0)


def test_a_broken_video_is_told_at_the_end_and_the_others_go_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = folder / "broken.mp4"
    broken.write_bytes(b"no video at all")
    assert main(["evaluate", str(broken), str(folder / "quiet.mp4"), str(folder / "gone.mp4")]) == 3
    shown = capsys.readouterr()
    assert "1 clip," in shown.out
    first, second = shown.err.splitlines()
    assert first.startswith(f"edgecv: {folder / 'gone.mp4'}: does not exist")
    assert second.startswith(f"edgecv: {broken}: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--require", "recall=1"], "--require: 'recall=1' is not a demand like recall>=0.98"),
        (["--require", "recal>=1"], "did you mean 'recall'?"),
        (["--json", "nowhere/e.json"], "--json nowhere/e.json: its folder does not exist"),
        (["--jobs", "0"], "'0' is not a whole number above 0"),
    ],
)
def test_a_wrong_option_is_one_line_before_any_work(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: Any = main(["evaluate", str(tmp_path), *arguments])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_real_fall_and_its_truth_go_together(clips: Path, tmp_path: Path) -> None:
    assert main(["evaluate", str(clips / "office3.mp4"), "--json", str(tmp_path / "e.json")]) == 0
    (clip,) = json.loads((tmp_path / "e.json").read_text())["clips"]
    assert [event["outcome"] for event in clip["events"]] == ["incident"]
    assert [f for f in clip["findings"] if f["tier"] == "incident" and f["role"] == "false"] == []


def test_a_scene_is_rendered_first_and_called_by_its_own_name(tmp_path: Path) -> None:
    scene = tmp_path / "empty.yaml"
    scene.write_text("seed: 3\nsize: [320, 240]\nduration_s: 1\nobjects: []\nnuisances: {insects: 1}\n")
    assert main(["evaluate", str(scene), "--json", str(tmp_path / "e.json")]) == 0
    (clip,) = json.loads((tmp_path / "e.json").read_text())["clips"]
    assert (clip["clip"], clip["frames"], clip["events"], clip["calibrated"]) == (str(scene), 25, [], True)
    assert (clip["conditions"], clip["nuisances"]) == (["day"], ["insect"])
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".mp4"] == []
