from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation import FallingObject, Scene
from edgecv.simulation.drawing import blend_share
from edgecv.simulation.facade_picture import draw_background, glass_of, outline
from edgecv.simulation.noise_reduction import NoiseReduction
from edgecv.simulation.render import render
from edgecv.simulation.scene import Processing

SIZE = (320, 240)
CAMERA = looking_at((0.0, 1.5, 14.0), (0.0, 9.0, 0.0), 300.0, SIZE)
PLAN = FacadePlan.of([3.0] * 6, [("a", -5.0, -3.0), ("b", -1.0, 1.0), ("c", 3.0, 5.0)])
STONE = FallingObject("stone", 0.3, 0.002, 0.3, 250.0, 4, "b", (0.2, 14.0, 0.4), (0.3, 0.0, 1.0), 0.2)
SCENE = Scene(SIZE, 25, 1.6, 1, CAMERA, PLAN, (STONE,), exposure_s=0.02, noise_sd=0.0)


def test_half_the_light_of_white_and_of_black_is_brighter_than_half_the_grey() -> None:
    under = np.zeros((1, 1), np.float32)
    blend_share(under, np.full((1, 1), 0.5, np.float32), 255.0, 2.2)
    assert under[0, 0] == pytest.approx(255.0 * 0.5 ** (1 / 2.2), rel=1e-4)
    grey = np.zeros((1, 1), np.float32)
    blend_share(grey, np.full((1, 1), 0.5, np.float32), 255.0)
    assert grey[0, 0] == pytest.approx(127.5)


def test_a_bright_smear_is_brighter_in_linear_light_and_the_truth_is_the_same() -> None:
    by_grey, by_light = (list(render(replace(SCENE, processing=Processing(gamma)))) for gamma in (1.0, 2.2))
    empty = next(render(replace(SCENE, objects=()))).luma.astype(int)
    for a, b in zip(by_grey, by_light, strict=True):
        assert a.objects == b.objects
    change = [np.abs(frames[20].luma.astype(int) - empty).sum() for frames in (by_grey, by_light)]
    assert change[1] > 1.05 * change[0]


def test_noise_reduction_takes_noise_away_where_nothing_moves_and_leaves_what_is_large_and_moves() -> None:
    rng = np.random.default_rng(1)
    reduction = NoiseReduction(0.8, 3.0)
    outputs = []
    for n in range(60):
        picture = 100.0 + rng.normal(0.0, 3.0, (80, 80)).astype(np.float32)
        picture[20:40, n : n + 12] += 60.0
        outputs.append(reduction.next(picture))
    assert np.std([out[60:, :] for out in outputs[30:]], axis=0).mean() < 1.5
    assert outputs[-1][25:35, 61:69].mean() == pytest.approx(160.0, abs=5.0)


def test_noise_reduction_fades_what_is_small_and_faint_and_leaves_a_ghost() -> None:
    reduction = NoiseReduction(0.9, 3.0)
    outputs = []
    for n in range(20):
        picture = np.full((60, 60), 100.0, np.float32)
        if n >= 10:
            picture[30, 2 * n : 2 * n + 2] += 12.0
        outputs.append(reduction.next(picture))
    assert 0.2 < outputs[-1][30, 38] - 100.0 < 6.0
    assert outputs[-1][30, 34] > 100.2  # where it was two frames ago


def test_a_part_of_a_scene_with_noise_reduction_is_nearly_that_of_the_whole() -> None:
    scene = replace(SCENE, duration_s=4.0, noise_sd=2.0, processing=Processing(2.2, 0.6))
    whole = {frame.index: frame.luma for frame in render(scene)}
    part = {frame.index: frame.luma for frame in render(scene, 3.0, 3.4)}
    assert list(part) == list(range(75, 85))
    assert all(np.abs(part[n].astype(int) - whole[n]).max() <= 1 for n in part)


def test_mixed_panes_are_dark_and_bright_and_dark_ones_are_not() -> None:
    def greys(panes: str) -> list[float]:
        picture = draw_background(replace(SCENE, panes=panes))
        middles = [outline(CAMERA, glass_of(PLAN, f, c)).mean(axis=0) for f in range(1, 7) for c in range(3)]
        inside = [(x, y) for x, y in middles if 3 < x < SIZE[0] - 8 and 3 < y < SIZE[1] - 3]
        return [float(picture[round(y), round(x) + 5]) for x, y in inside]

    assert max(greys("dark")) < 150.0
    assert min(greys("mixed")) < 90.0
    assert max(greys("mixed")) > 150.0
