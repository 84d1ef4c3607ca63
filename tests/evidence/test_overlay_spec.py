"""What pictures are drawn from outlives the process that saw the fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_falls import known_fall

from edgecv.evidence.overlay_spec import (
    OVERLAY_SPEC,
    OverlaySpec,
    overlay_spec_of,
    read_overlay_spec,
    with_weighing,
    write_overlay_spec,
)
from edgecv.incidents.record import Origin
from edgecv.trajectory.mass import path_draws

POINTS = ((0.1, 1.0 / 3.0), (2.0**0.5, 1e-17))


def test_the_very_same_numbers_are_read_again(tmp_path: Path) -> None:
    sketch = OverlaySpec(curve=POINTS, floor_lines=((POINTS[0], POINTS[1], "七楼"),), window_outline=POINTS * 2)
    write_overlay_spec(sketch, tmp_path)
    assert read_overlay_spec(tmp_path) == sketch


@pytest.mark.parametrize("content", [None, b"", b'{"curve": "nowhere"}'])
def test_one_that_is_not_there_or_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / OVERLAY_SPEC).write_bytes(content)
    assert read_overlay_spec(tmp_path) is None


def test_the_curve_runs_along_the_sightings() -> None:
    fall = known_fall()
    curve = np.array(overlay_spec_of(fall, Origin(), None, None).curve)
    shift = np.median([p.shift_px for p in fall.path.points], axis=0)
    for seen in fall.path.uv_px + shift:
        assert np.hypot(*(curve - seen).T).min() < 6.0, "a sighting lies away from the curve"


def test_a_fit_that_holds_what_is_no_number_costs_the_weighing_and_not_the_pictures(tmp_path: Path) -> None:
    fall = known_fall()
    path = path_draws(fall)
    path.log_terminal[3] = np.nan  # JSON has no form for it: the whole sketch could not be read again
    plain = overlay_spec_of(fall, Origin(), None, None)
    assert with_weighing(plain, fall, path_draws(fall)).weighing is not None
    sketch = with_weighing(plain, fall, path)
    write_overlay_spec(sketch, tmp_path)
    assert read_overlay_spec(tmp_path) == plain
