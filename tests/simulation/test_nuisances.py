from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation import FallingObject, Scene
from edgecv.simulation.nuisances import NUISANCES
from edgecv.simulation.nuisances.motion import Shake
from edgecv.simulation.render import RenderedFrame, render

SIZE = (320, 240)
CAMERA = looking_at((0.0, 1.5, 14.0), (0.0, 9.0, 0.0), 300.0, SIZE)
PLAN = FacadePlan.of([3.0] * 6, [("a", -5.0, -3.0), ("b", -1.0, 1.0), ("c", 3.0, 5.0)])
SCENE = Scene(SIZE, 10, 3.0, 1, CAMERA, PLAN, noise_sd=0.0)
STONE = FallingObject("stone", 0.3, 0.002, 0.3, 250.0, 4, "b", (0.2, 14.0, 0.4), (0.3, 0.0, 1.0), 0.2)
OFTEN = {"every_s": 0.3}


# the street is seen from a mast; the other camera looks up from below
MAST = looking_at((0.0, 6.0, 22.0), (0.0, 2.0, 0.0), 260.0, SIZE)
ON_THE_GROUND = ("traffic", "pedestrians")


@cache
def _frames(name: str | None, mast: bool = False) -> list[RenderedFrame]:
    given = {} if name is None else {name: OFTEN if "every_s" in NUISANCES[name].parameters else {}}
    thrown = (STONE,) if name == "reflection" else ()
    camera = MAST if mast else CAMERA
    noise_sd = 2.0 if name == "ir_noise" else 0.0
    return list(render(replace(SCENE, camera=camera, nuisances=given, objects=thrown, noise_sd=noise_sd)))


@pytest.mark.parametrize("name", NUISANCES)
def test_each_nuisance_changes_the_picture(name: str) -> None:
    mast = name in ON_THE_GROUND
    without = _frames(None, mast)
    if name == "reflection":
        without = list(render(replace(SCENE, objects=(STONE,))))
    changes = [np.abs(a.luma.astype(int) - b.luma).max() for a, b in zip(_frames(name, mast), without, strict=True)]
    assert max(changes) >= 3


def test_without_nuisances_and_noise_nothing_changes() -> None:
    frames = _frames(None)
    assert all(np.array_equal(frame.luma, frames[0].luma) for frame in frames)
    assert all(frame.tracks == () for frame in frames)


@pytest.mark.parametrize("name", [n for n in NUISANCES if n not in ("reflection", "exposure_steps")])
def test_a_strength_of_nothing_is_the_same_as_leaving_it_out(name: str) -> None:
    off = next(render(replace(SCENE, nuisances={name: {"strength": 0.0}})))
    if name != "ir_noise":
        assert np.array_equal(off.luma, _frames(None)[0].luma)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("birds", "bird"),
        ("insects", "insect"),
        ("leaves", "leaf"),
        ("drips", "drip"),
        ("bird_flights", "bird"),
        ("near_insects", "insect"),
    ],
)
def test_what_moves_is_where_the_track_says(name: str, label: str) -> None:
    seen = 0
    for frame, empty in zip(_frames(name), _frames(None), strict=True):
        change = np.abs(frame.luma.astype(int) - empty.luma)
        boxes = np.zeros(change.shape, bool)
        for found, _, place in frame.tracks:
            assert found == label
            x0, x1 = int(place.x - place.w / 2 - 40), int(place.x + place.w / 2 + 40)
            y0, y1 = int(place.y - place.h / 2 - 40), int(place.y + place.h / 2 + 40)
            boxes[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
            seen += 1
        inner = change[30:-30, 30:-30][~boxes[30:-30, 30:-30]]
        assert inner.max(initial=0) <= 8 or not frame.tracks
    assert seen >= 3


def test_a_bump_moves_the_picture_by_what_the_shake_says() -> None:
    scene = replace(SCENE, nuisances={"shake": {"tremble_px": 0.0, "sway_px": 4.0, "bump_px": 0.0}})
    shake = Shake.sample(scene, NUISANCES["shake"].complete(scene.nuisances["shake"]))
    still = _frames(None)[0].luma.astype(np.float64)
    for frame in list(render(scene))[::7]:
        dx, dy = shake.shift(frame.t_s)
        # the shift by which the still picture explains the moved one best, by least squares on the gradients
        gy, gx = np.asarray(np.gradient(still))
        inner = np.s_[20:-20, 20:-20]
        moved = frame.luma.astype(np.float64) - still
        a = np.stack([gx[inner].ravel(), gy[inner].ravel()], axis=1)
        if np.hypot(dx, dy) > 1.0:
            continue  # the gradients only explain small shifts
        found, *_ = np.linalg.lstsq(a, -moved[inner].ravel(), rcond=None)
        assert found == pytest.approx([dx, dy], abs=0.35)


def test_a_mirror_image_shows_in_the_panes_only_and_is_no_event() -> None:
    frames = _frames("reflection")
    mirrors = [frame.mirrors[0] for frame in frames if frame.mirrors[0] is not None]
    objects = [frame.objects[0] for frame in frames if frame.objects[0] is not None]
    assert 0 < len(mirrors) < len(objects)
    assert max(m.contrast for m in mirrors) < max(o.contrast for o in objects)


def test_the_clock_stands_still_while_the_camera_shakes_and_changes_every_second() -> None:
    frames = _frames("clock")
    corner = np.s_[10:30, 0:130]
    by_second = {int(frame.t_s + 1e-9): frame.luma[corner] for frame in frames}
    texts = [frame.luma[corner].astype(int) for frame in frames]
    changes = [np.abs(a - b).max() > 20 for a, b in pairwise(texts)]
    assert len(by_second) == 3
    assert sum(changes) in (2, 3)
