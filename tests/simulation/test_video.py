from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgecv.calibration.camera import camera_of
from edgecv.capture import VideoFile
from edgecv.config import load_box
from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation import FallingObject, Scene, write_scene
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.object_renderer import appearance
from edgecv.simulation.render import render
from edgecv.simulation.scene import Codec, Timing

SIZE = (320, 240)
CAMERA = looking_at((0.0, 1.5, 14.0), (0.0, 9.0, 0.0), 300.0, SIZE)
PLAN = FacadePlan.of([3.0] * 5, [("a", -4.0, -2.0), ("b", 1.0, 3.0)])
STONE = FallingObject("stone", 0.3, 0.002, 0.2, 250.0, 4, "b", (2.0, 11.0, 0.3), (0.5, 0.0, 1.0), 0.2)
SCENE = Scene(SIZE, 25, 1.6, 1, CAMERA, PLAN, (STONE,))


def _decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    with VideoFile(path) as video:
        return [(frame.t_s, frame.luma.copy()) for frame in video]


def test_the_same_scene_gives_the_same_truth_and_the_same_pixels(tmp_path: Path) -> None:
    scene = replace(SCENE, nuisances={"rain": {}, "birds": {}, "shake": {}, "trees": {}})
    first, second = (write_scene(scene, tmp_path / name) for name in ("a", "b"))
    assert first.truth.read_bytes() == second.truth.read_bytes()
    for (t1, a), (t2, b) in zip(_decoded(first.video), _decoded(second.video), strict=True):
        assert t1 == t2
        assert np.array_equal(a, b)


def test_a_part_of_a_scene_has_the_pixels_of_the_whole() -> None:
    scene = replace(SCENE, nuisances={name: {} for name in NUISANCES})
    whole = {frame.index: frame.luma for frame in render(scene)}
    part = {frame.index: frame.luma for frame in render(scene, 0.4, 1.2)}
    assert list(part) == list(range(10, 30))
    assert all(np.array_equal(luma, whole[index]) for index, luma in part.items())


def test_another_seed_gives_another_picture() -> None:
    a, b = (next(render(replace(SCENE, seed=seed))).luma for seed in (1, 2))
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("codec", [Codec(), Codec("h264", 120), Codec("h265", None, 24, "ultrafast")])
def test_the_truth_is_in_the_compressed_video(tmp_path: Path, codec: Codec) -> None:
    files = write_scene(replace(SCENE, codec=codec), tmp_path)
    with av.open(str(files.video)) as container:
        assert container.streams.video[0].codec_context.name == {"h264": "h264", "h265": "hevc"}[codec.name]
    truth = json.loads(files.truth.read_text())
    (event,) = truth["events"]
    assert (event["object"], event["floor"], event["window"], event["released_s"]) == ("stone", 4, "b", 0.2)
    assert truth["conditions"] == ["day", *(["low_bitrate"] if codec.kbps else [])]
    frames = _decoded(files.video)
    assert len(frames) == files.frames == 40
    empty = np.median([luma for _, luma in frames], axis=0)
    for index, t_s, x, y, *_ in event["frames"][5:20]:
        assert frames[index][0] == pytest.approx(t_s, abs=1e-3)
        assert abs(float(frames[index][1][round(y), round(x)]) - empty[round(y), round(x)]) > 10


def test_the_truth_box_holds_what_changed() -> None:
    scene = replace(SCENE, noise_sd=0.0, exposure_s=0.02)
    for with_stone, without in zip(render(scene), render(replace(scene, objects=())), strict=True):
        ys, xs = np.nonzero(np.abs(with_stone.luma.astype(int) - without.luma) > 12)
        drawn = with_stone.objects[0]
        if drawn is None:
            continue
        box = drawn.place
        assert box.x - box.w / 2 - 1.5 <= xs.min() <= box.x - box.w / 2 + 2.5
        assert box.x + box.w / 2 - 2.5 <= xs.max() <= box.x + box.w / 2 + 1.5
        assert box.y - box.h / 2 - 1.5 <= ys.min() <= box.y - box.h / 2 + 3.5
        assert box.y + box.h / 2 - 3.5 <= ys.max() <= box.y + box.h / 2 + 1.5


def test_a_longer_exposure_smears_as_far_as_the_object_flies_meanwhile() -> None:
    short, long = (list(render(replace(SCENE, exposure_s=e))) for e in (0.001, 0.03))
    for n in range(16, 26):
        a, b = short[n].objects[0], long[n].objects[0]
        before, after = short[n - 1].objects[0], short[n + 1].objects[0]
        assert a and b and before and after
        speed = (after.place.y - before.place.y) / 2.0 * 25.0
        assert b.place.h - a.place.h == pytest.approx(0.029 * speed, abs=1.0)


def test_a_heavy_thing_falls_with_the_acceleration_of_gravity_in_the_picture() -> None:
    camera = looking_at((0.0, 9.0, 30.0), (0.0, 9.0, 0.0), 600.0, SIZE)
    weight = replace(STONE, mass_kg=50.0, velocity_mps=(0.0, 0.0, 1e-6), position_m=(0.0, 14.0, 0.2))
    rows = [
        (frame.t_s, frame.objects[0].place.y)
        for frame in render(replace(SCENE, camera=camera, objects=(weight,)))
        if frame.objects[0] is not None and frame.t_s > 0.25
    ]
    t, y = np.array(rows).T
    assert 2.0 * np.polyfit(t, y * (29.8 / 600.0), 2)[0] == pytest.approx(9.81, rel=0.01)


def test_a_tumbling_thing_shows_its_diameter_on_the_average_of_its_turns() -> None:
    bottle = replace(STONE, aspect=3.0, spin_hz=2.0, diameter_m=0.2)
    camera = SCENE.camera
    times = np.linspace(STONE.release_s, STONE.release_s + 10.0, 2000)  # seven turns out of the picture
    areas = [np.pi * np.prod(appearance(bottle, camera, np.array(STONE.position_m), t, False)[0]) for t in times]
    depth = float(((np.array(STONE.position_m) - camera.position_m) @ camera.rotation.T)[2])
    diameter_px = 2.0 * np.sqrt(np.mean(areas) / np.pi)
    assert diameter_px == pytest.approx(0.2 * camera.focal_px / depth, rel=0.02)


def test_the_box_file_lists_the_balconies(tmp_path: Path) -> None:
    files = write_scene(replace(SCENE, balconies=(1,), duration_s=0.2), tmp_path)
    plan = camera_of(load_box(files.box), None).camera.plan
    assert plan is not None
    assert [window.balcony_m for window in plan.windows][:2] == [0.0, pytest.approx(1.2)]


@pytest.mark.parametrize(("mode", "count"), [("constant", 40), ("half_rate", 20), ("repeated", 40)])
def test_frame_times_are_those_of_the_timing(tmp_path: Path, mode: str, count: int) -> None:
    files = write_scene(replace(SCENE, timing=Timing(mode)), tmp_path)
    times = [t for t, _ in _decoded(files.video)]
    assert len(times) == count
    assert np.allclose(np.diff(times), 0.08 if mode == "half_rate" else 0.04, atol=1e-3)


def test_a_variable_rate_leaves_frames_out_and_shifts_the_others(tmp_path: Path) -> None:
    scene = replace(SCENE, duration_s=4.0, timing=Timing("variable", 0.4, 0.2))
    files = write_scene(scene, tmp_path)
    times = np.array([t for t, _ in _decoded(files.video)])
    assert 60 < len(times) < 100
    assert np.all(np.diff(times) > 0)
    assert np.diff(times).std() > 0.005
    event = json.loads(files.truth.read_text())["events"][0]
    for index, t_s, *_ in event["frames"]:
        assert times[index] == pytest.approx(t_s, abs=1e-3)


def test_every_third_frame_shows_the_one_before_it_again() -> None:
    frames = list(render(replace(SCENE, timing=Timing("repeated"))))
    same = [np.array_equal(a.luma, b.luma) for a, b in pairwise(frames)]
    assert same == [n % 3 == 1 for n in range(len(frames) - 1)]
    assert frames[17].objects[0] == frames[16].objects[0]


def test_the_box_file_solves_to_the_camera_of_the_scene(tmp_path: Path) -> None:
    lens = (-0.06, 0.001, 0.0, 0.0, 0.0)
    camera = looking_at((1.0, 1.6, 16.0), (0.0, 8.0, 0.0), 300.0, SIZE, lens)
    files = write_scene(replace(SCENE, camera=camera, duration_s=0.2), tmp_path)
    solved = camera_of(load_box(files.box), None).camera
    assert solved.pinhole is not None
    assert solved.plan is not None
    assert solved.pinhole.position_m == pytest.approx([1.0, 1.6, 16.0], abs=0.3)
    assert solved.plan.floor_count == 5


def test_a_picture_can_be_the_background(tmp_path: Path) -> None:
    wall = np.full((480, 640), 60, np.uint8)
    wall[:, 320:] = 180
    cv2.imwrite(str(tmp_path / "wall.png"), wall)
    luma = next(render(replace(SCENE, background=tmp_path / "wall.png", noise_sd=0.0))).luma
    assert (luma[100, 20], luma[100, 300]) == (60, 180)


def test_a_video_can_be_the_background_and_is_played_over_and_over(tmp_path: Path) -> None:
    files = write_scene(replace(SCENE, duration_s=0.4, noise_sd=0.0, objects=()), tmp_path)
    shown = list(render(replace(SCENE, background=files.video, noise_sd=0.0, objects=())))
    source = _decoded(files.video)
    assert np.array_equal(shown[13].luma, source[3][1])
