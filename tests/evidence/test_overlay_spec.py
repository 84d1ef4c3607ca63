"""What pictures are drawn from outlives the process that saw the fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_falls import known_fall

from edgecv.evidence.overlay_spec import SKETCH, Sketch, read_sketch, sketch_of, write_sketch
from edgecv.incidents.record import Origin

POINTS = ((0.1, 1.0 / 3.0), (2.0**0.5, 1e-17))


def test_the_very_same_numbers_are_read_again(tmp_path: Path) -> None:
    sketch = Sketch(curve=POINTS, floor_lines=((POINTS[0], POINTS[1], "七楼"),), window_outline=POINTS * 2)
    write_sketch(sketch, tmp_path)
    assert read_sketch(tmp_path) == sketch


@pytest.mark.parametrize("content", [None, b"", b'{"curve": "nowhere"}'])
def test_one_that_is_not_there_or_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / SKETCH).write_bytes(content)
    assert read_sketch(tmp_path) is None


def test_the_curve_runs_along_the_sightings() -> None:
    fall = known_fall()
    curve = np.array(sketch_of(fall, Origin(), None, None).curve)
    shift = np.median([p.shift_px for p in fall.path.points], axis=0)
    for seen in fall.path.uv_px + shift:
        assert np.hypot(*(curve - seen).T).min() < 6.0, "a sighting lies away from the curve"
