from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecv.errors import ConfigError
from edgecv.simulation import load_scene, random_scene
from edgecv.simulation.catalogue import SINKING, USUAL
from edgecv.simulation.nuisances import NUISANCES
from edgecv.simulation.random_scene import CONDITIONS, scene_yaml

SCENES = sorted((Path(__file__).resolve().parents[2] / "configs" / "scenes").glob("*.yaml"))


def _load(folder: Path, text: str):
    path = folder / "scene.yaml"
    path.write_text(text)
    return load_scene(path)


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_every_scene_in_configs_can_be_loaded_and_shows_its_falls(path: Path) -> None:
    scene = load_scene(path)
    assert 20 <= scene.duration_s <= 40
    assert bool(scene.objects) == (path.stem != "nuisances_only")
    for thing in scene.objects:
        u, v = scene.camera.project(np.array(thing.position_m))
        assert 0 <= u < scene.size[0]
        assert -scene.size[1] <= v < scene.size[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sed: 3\n", "did you mean 'seed'"),
        ("nuisances: {bird: 1}\n", "did you mean 'birds'"),
        ("nuisances: {rain: {drop: 5}}\n", "did you mean 'drops'"),
        ("nuisances: {rain: much}\n", "nuisances.rain"),
        ("objects: [{name: brik}]\n", "did you mean 'brick'"),
        ("objects: {random: {names: [egg, shoo]}}\n", "did you mean 'shoe'"),
        ("size: [1280, 721]\n", "size"),
        ("codec: {name: mpeg2}\n", "codec.name"),
        ("facade: {floors: 9}\nobjects: [{name: egg, floor: 12}]\n", "has 9 floors"),
        ("objects: [{name: egg, window: '99'}]\n", "no window column '99'"),
        ("facade: {balconies: [attic]}\n", "no window column 'attic'"),
        ("condition: dusk\n", "condition"),
        ("processing: {gama: 2}\n", "did you mean 'gamma'"),
        ("processing: {noise_reduction: 2}\n", "noise_reduction"),
        ("facade: {panes: blue}\n", "facade.panes"),
        ("exposure_s: 0.2\nfps: 25\n", "longer than a frame"),
    ],
)
def test_a_mistake_in_a_scene_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert told in str(caught.value)
    assert "scene.yaml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_a_scene_file_gives_is_taken(tmp_path: Path) -> None:
    scene = _load(
        tmp_path,
        """
size: [640, 360]
fps: 30
duration_s: 5
condition: night
exposure_s: 0.01
noise: 1.5
camera: {position: [0, 2, 20], look_at: [0, 12, 0], focal_px: 500}
facade: {floors: 8, windows: [{name: "a", left: -2, right: 0}, {name: "b", left: 2, right: 4}], balconies: ["b"]}
objects:
  - {name: full bottle, at_s: 1.5, floor: 5, window: "a", velocity: [0, 0, 2], diameter_m: 0.2, mass_kg: 0.5}
nuisances: {rain: 0.7, birds: {strength: 2, diving: 1}, snow: 0, clock: true}
codec: {name: h265, kbps: 250}
timing: {mode: variable}
wind: {steady: [1, 0, 0], gust: 0}
""",
    )
    assert (scene.size, scene.fps, scene.night, scene.exposure_s, scene.noise_sd) == ((640, 360), 30, True, 0.01, 1.5)
    (bottle,) = scene.objects
    assert (bottle.floor, bottle.window, bottle.release_s, bottle.diameter_m, bottle.mass_kg) == (5, "a", 1.5, 0.2, 0.5)
    assert -2 <= bottle.position_m[0] <= 0
    assert 12 <= bottle.position_m[1] <= 15
    assert scene.nuisances["rain"]["strength"] == 0.7
    assert scene.nuisances["birds"]["diving"] == 1
    assert set(scene.nuisances) == {"rain", "birds", "clock"}
    assert scene.balconies == (1,)
    assert (scene.codec.name, scene.codec.kbps, scene.timing.mode) == ("h265", 250, "variable")
    assert scene.conditions == ("night", "rain", "low_bitrate", "vfr")


def test_a_random_scene_can_be_made_again_from_what_it_writes_down(tmp_path: Path) -> None:
    made = random_scene(5, conditions=["night", "rain", "vfr"], nuisances={"birds": 0.5}, objects={"count": 4})
    again = _load(tmp_path, scene_yaml(made))
    assert again.objects == made.objects
    assert np.array_equal(again.camera.rotation, made.camera.rotation)
    assert again.nuisances == made.nuisances
    assert again.conditions == made.conditions == ("night", "rain", "vfr")


def test_random_scenes_have_objects_of_the_size_that_was_asked_for() -> None:
    scene = random_scene(8, objects={"count": 12, "size_px": (3.0, 5.0), "names": ("stone", "egg")})
    assert len(scene.objects) == 12
    for thing in scene.objects:
        depth = (np.array(thing.position_m) - scene.camera.position_m) @ scene.camera.rotation[2]
        assert 3.0 <= scene.camera.focal_px * thing.diameter_m / depth <= 5.0
        assert thing.name in ("stone", "egg")


def test_the_first_choice_of_a_seed_does_not_depend_on_what_else_is_on() -> None:
    plain, busy = random_scene(3), random_scene(3, conditions=["rain"], nuisances=["birds", "clock"])
    assert plain.objects == busy.objects
    assert plain.noise_sd == busy.noise_sd


def test_many_seeds_all_give_a_scene_with_something_to_see() -> None:
    found = [random_scene(seed, objects=6) for seed in range(25)]
    assert sum(len(scene.objects) for scene in found) >= 140
    assert len({thing.name for scene in found for thing in scene.objects}) == len(USUAL)


def test_sheets_are_among_what_falls_only_where_they_are_named() -> None:
    usual = [thing.name for seed in range(6) for thing in random_scene(seed, objects=12).objects]
    assert not set(usual) & set(SINKING)
    named = random_scene(8, objects={"count": 6, "names": SINKING}, duration_s=30.0)
    assert named.objects
    for thing in named.objects:
        sink = -thing.states(thing.release_s + np.arange(0.0, 6.0, 0.05)).velocities_mps[0, 40:, 1]
        assert 0.8 <= sink.mean() <= 3.2
        assert sink.min() > -0.5  # it may lift for an instant, never climb


def test_random_scenes_by_chance_have_cameras_and_windows_of_all_sorts_and_can_be_made_again(tmp_path: Path) -> None:
    scenes = [random_scene(seed, conditions=None, nuisances=None, duration_s=4.0) for seed in range(12)]
    assert {scene.panes for scene in scenes} == {"dark", "mixed"}
    assert {scene.processing.gamma for scene in scenes} == {1.0, 2.2}
    assert {scene.processing.noise_reduction > 0.0 for scene in scenes} == {True, False}
    again = _load(tmp_path, scene_yaml(scenes[3]))
    assert (again.processing, again.panes, again.nuisances) == (
        scenes[3].processing, scenes[3].panes, scenes[3].nuisances
    )  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_is_found_in_the_scene(name: str) -> None:
    assert name in random_scene(1, conditions=[name]).conditions


def test_the_codec_of_a_random_scene_can_be_chosen() -> None:
    codec = random_scene(1, conditions=["low_bitrate"], codec={"preset": "superfast"}).codec
    assert (codec.name, codec.preset) == ("h265", "superfast")
    assert random_scene(1, codec={"crf": 30}).codec.kbps is None


def test_an_unknown_condition_or_nuisance_is_told() -> None:
    with pytest.raises(ConfigError, match="did you mean 'night'"):
        random_scene(1, conditions=["nigth"])
    with pytest.raises(ConfigError, match="did you mean 'insects'"):
        random_scene(1, nuisances=["insect"])
    assert "insects" in NUISANCES
