"""The whole line from frames to findings on small simulated scenes, however the frames are delivered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.classification import Finding
from edgecv.geometry import FacadePlan, looking_at
from edgecv.pipeline import Pipeline
from edgecv.simulation import FallingObject, Scene
from edgecv.simulation.render import render

SIZE = (640, 360)
CAMERA = looking_at((0.0, 1.5, 18.0), (0.0, 12.0, 0.0), 480.0, SIZE)
PLAN = FacadePlan.of([3.0] * 7, [("a", -5.0, -3.0), ("b", -1.0, 1.0), ("c", 3.0, 5.0)])
BOTTLE = FallingObject("bottle", 0.5, 0.006, 0.16, 245.0, 6, "b", (0.0, 17.0, 0.2), (0.5, 0.2, 1.0), 1.2)
SCENE = Scene(SIZE, 25, 3.4, 3, CAMERA, PLAN, (BOTTLE,))


@cache
def _pictures(fps: int = 25, **changes: Any) -> list[NDArray[np.uint8]]:
    return [frame.luma for frame in render(replace(SCENE, fps=fps, **changes))]


def _findings(frames: list[Frame], **kwargs: Any) -> list[Finding]:
    pipeline = Pipeline(**kwargs)
    found = [finding for frame in frames for finding in pipeline.process(frame)]
    return found + pipeline.flush()


def _even(pictures: list[NDArray[np.uint8]], fps: float) -> list[Frame]:
    return [Frame(n, n / fps, picture) for n, picture in enumerate(pictures)]


def _one_incident(found: list[Finding]) -> None:
    assert [finding.verdict.tier for finding in found] == ["incident"]
    assert found[0].fall.fit.start_s == pytest.approx(1.25, abs=0.25)


def test_a_fall_is_one_incident() -> None:
    _one_incident(_findings(_even(_pictures(), 25)))


def test_half_the_frame_rate_loses_nothing() -> None:
    _one_incident(_findings([Frame(n, n / 25, p) for n, p in enumerate(_pictures()) if n % 2 == 0]))


def test_a_camera_of_20_frames_in_a_file_of_30_is_seen_like_the_camera_itself() -> None:
    pictures = _pictures(20)
    shown = [Frame(k, k / 30, pictures[int(k * 20 / 30 + 1e-9)]) for k in range(int(len(pictures) * 1.5))]
    found = _findings(shown)
    _one_incident(found)
    assert found[0].fall.fit.chi2_reduced < 0.5


def test_variable_frame_rate_with_a_third_of_the_frames_dropped_loses_nothing() -> None:
    rng = np.random.default_rng(0)
    kept = [Frame(n, n / 25, p) for n, p in enumerate(_pictures()) if rng.random() > 0.33]
    _one_incident(_findings([replace(frame, index=n) for n, frame in enumerate(kept)]))


def test_an_odd_sized_picture_is_no_problem() -> None:
    _one_incident(_findings(_even([p[:-1, 1:] for p in _pictures()], 25)))


def test_a_mask_over_the_path_hides_it() -> None:
    mask = ((0.0, 0.0), (639.0, 0.0), (639.0, 359.0), (0.0, 359.0))
    assert _findings(_even(_pictures(), 25), masks=(mask,)) == []


def test_a_scene_in_which_nothing_falls_gives_nothing() -> None:
    assert _findings(_even(_pictures(objects=()), 25)) == []


def test_the_same_fall_upside_down_is_no_incident() -> None:
    found = _findings(_even([np.ascontiguousarray(p[::-1]) for p in _pictures()], 25))
    assert not [finding for finding in found if finding.verdict.tier == "incident"]


def test_two_runs_over_the_same_frames_are_equal() -> None:
    first, second = (_findings(_even(_pictures(), 25)) for _ in range(2))
    assert [f.fall.path.points for f in first] == [f.fall.path.points for f in second]
    assert np.array_equal(first[0].fall.fit.parameters, second[0].fall.fit.parameters)
