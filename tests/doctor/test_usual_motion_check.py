from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_streets import car, pass_by

from edgecv.doctor.usual_motion_check import usual_motion_findings
from edgecv.motion_map import MotionMap, to_npz


@pytest.fixture(scope="module")
def street() -> bytes:
    motion_map, now_s, rng = MotionMap(), 0.0, np.random.default_rng(3)
    for _ in range(90):
        now_s = pass_by(motion_map, car(rng, across=True), now_s, 20.0)
    return to_npz(motion_map)


def test_the_street_is_named_with_its_place_its_share_and_what_it_means(tmp_path: Path, street: bytes) -> None:
    file = tmp_path / "north.npz"
    file.write_bytes(street)
    (finding,) = usual_motion_findings("camera north", file)
    assert finding.level == "ok" and finding.where == "camera north"
    assert "lower" in finding.text and "upper" not in finding.text
    assert "kept as candidates" in finding.text and "% of its picture" in finding.text


def test_a_camera_that_looks_at_little_else_is_better_pointed_elsewhere(tmp_path: Path) -> None:
    full = MotionMap()
    full.counts[:, 1, 5, :3] = 500.0
    full.counts[:, 1, 5, 5], full.counts[:, 1, 5, 6] = 500.0 * 10.0, 500.0 * 101.0  # as bright as vehicles
    full.watched_s = full.age_s = 36000.0
    file = tmp_path / "north.npz"
    file.write_bytes(to_npz(full))
    (finding,) = usual_motion_findings("camera north", file)
    assert finding.level == "warning" and "100% of its picture" in finding.text and "street" in finding.advice


def test_no_map_says_nothing_an_empty_one_that_there_is_none_and_a_damaged_one_what_to_do(tmp_path: Path) -> None:
    assert usual_motion_findings("camera north", tmp_path / "north.npz") == []
    (tmp_path / "north.npz").write_bytes(to_npz(MotionMap()))
    (finding,) = usual_motion_findings("camera north", tmp_path / "north.npz")
    assert finding.level == "ok" and "nothing goes the same way" in finding.text
    (tmp_path / "north.npz").write_bytes(b"torn")
    (finding,) = usual_motion_findings("camera north", tmp_path / "north.npz")
    assert finding.level == "warning" and "restart the daemon" in finding.advice
    (tmp_path / "folder").mkdir()
    assert usual_motion_findings("camera north", tmp_path / "folder")[0].level == "ok"
