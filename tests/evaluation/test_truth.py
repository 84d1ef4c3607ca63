from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgecv.errors import InputError
from edgecv.evaluation.truth import box_beside, load_truth, truth_beside

ROWS = [[n, n / 25, 50.0, 3.0 * n, 4.0, 9.0] for n in range(10)]


def _write(folder: Path, content: Any) -> Path:
    path = folder / "a.truth.json"
    path.write_text(json.dumps(content))
    return path


def test_a_full_truth_file_is_read_as_it_is(tmp_path: Path) -> None:
    event = {"object": "egg", "floor": 7, "window": "03", "gone_s": 1.5, "terminal_velocity_mps": 26.0}
    event |= {"size_px": 2.5, "contrast": 31.0, "frames": ROWS}
    truth = load_truth(
        _write(
            tmp_path,
            {
                "scene": "s",
                "conditions": ["day", "rain"],
                "nuisances": ["bird"],
                "events": [event],
                "mirror_images": [{"frames": ROWS}],
                "nuisance_tracks": [{"label": "bird", "frames": ROWS}],
            },
        )
    )
    (egg,) = truth.events
    assert (egg.name, egg.floor, egg.window, egg.gone_s, egg.size_px, egg.contrast) == ("egg", 7, "03", 1.5, 2.5, 31.0)
    assert egg.path.frames.tolist() == list(range(10))
    assert (truth.conditions, truth.nuisances) == (("day", "rain"), ("bird",))
    assert truth.nuisance_tracks[0].label == "bird"
    assert len(truth.mirror_images) == 1


def test_hand_made_truth_ends_with_its_last_box_and_has_the_boxes_size(tmp_path: Path) -> None:
    (event,) = load_truth(_write(tmp_path, {"events": [{"object": "box", "frames": ROWS}]})).events
    assert event.gone_s == pytest.approx(9 / 25)
    assert event.size_px == 6.0  # the root of 4 x 9
    assert event.contrast is None


def test_what_a_renderer_wrote_is_no_real_footage_and_marked_boxes_are(tmp_path: Path) -> None:
    marked = {"events": [{"frames": ROWS}]}
    assert load_truth(_write(tmp_path, marked)).real
    assert not load_truth(_write(tmp_path, marked | {"scene": "s"})).real
    assert not load_truth(_write(tmp_path, {"events": [{"frames": ROWS, "contrast": 20.0}]})).real
    assert not load_truth(_write(tmp_path, marked | {"real": False})).real


@pytest.mark.parametrize(("frames", "step", "too_short"), [(7, 1, True), (8, 1, False), (10, 1, False)])
def test_fewer_than_eight_frames_are_too_short_to_see(tmp_path: Path, frames: int, step: int, too_short: bool) -> None:
    (event,) = load_truth(_write(tmp_path, {"events": [{"frames": ROWS[:frames]}]})).events
    assert event.too_short is too_short


def test_less_than_a_third_of_a_second_is_too_short_however_many_frames(tmp_path: Path) -> None:
    rows = [[n, n / 60, 50.0, 3.0 * n, 4.0, 9.0] for n in range(17)]
    (event,) = load_truth(_write(tmp_path, {"events": [{"frames": rows}]})).events
    assert event.visible_s == pytest.approx(17 / 60)
    assert event.too_short


def test_an_event_never_drawn_is_no_event(tmp_path: Path) -> None:
    assert load_truth(_write(tmp_path, {"events": [{"object": "ghost", "frames": []}]})).events == ()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"events": [{"frames": [[1, 2, 3]]}]}, "events.0.frames.0.3"),
        ({"events": [{"frames": [[1, 0.0, 1, 1, "wide", 1]]}]}, "events.0.frames.0.4"),
        ({}, "events"),
        ([], "the file"),
    ],
)
def test_a_broken_truth_file_is_named_with_its_key(tmp_path: Path, content: Any, named: str) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        load_truth(path)
    assert str(caught.value).startswith(f"{path}: {named}: ")
    assert "\n" not in str(caught.value)


def test_files_beside_a_video_are_its_own_or_the_folders_when_it_is_alone(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    video.touch()
    assert truth_beside(video) is None
    (tmp_path / "truth.json").touch()
    assert truth_beside(video) == tmp_path / "truth.json"
    (tmp_path / "b.mp4").touch()
    assert truth_beside(video) is None
    (tmp_path / "a.truth.json").touch()
    (tmp_path / "a.box.yaml").touch()
    assert truth_beside(video) == tmp_path / "a.truth.json"
    assert box_beside(video) == tmp_path / "a.box.yaml"
