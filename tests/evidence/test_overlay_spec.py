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
    write_overlay_spec,
)
from edgecv.incidents.record import Origin

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
