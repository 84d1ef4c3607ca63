from __future__ import annotations

import numpy as np
import pytest
from known_paths import track_of
from known_streets import pass_by

from edgecv.motion_map import MotionMap
from edgecv.motion_map.overview import Overview


def _conveyor(turn_deg: float) -> MotionMap:
    """Things that go straight through the picture's middle, one in 30 s for half an hour."""
    motion_map, now_s, t = MotionMap(), 0.0, np.arange(0.0, 1.5, 0.04)
    along = np.array([np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))])
    for _ in range(70):
        now_s = pass_by(
            motion_map, track_of(t, np.array([960.0, 540.0]) + np.outer(300.0 * (t - 0.75), along)), now_s, 30.0
        )
    return motion_map


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0, 180.0, 270.0])
def test_arrows_point_where_things_go_and_say_how_often(turn_deg: float) -> None:
    overview = Overview.of(_conveyor(turn_deg))
    off = [abs((cell.turn_deg - turn_deg + 180.0) % 360.0 - 180.0) for cell in overview.cells]
    assert len(off) > 4 and max(off) < 23.0
    assert 110.0 < overview.rate_per_hour <= 121.0
    assert 0.005 < overview.share < 0.05
    assert overview.watched_h == pytest.approx(70 * 30 / 3600.0, rel=0.01)
    shares = overview.shares_of_ninths()
    assert max(shares) == shares[4] > 0.0


def test_an_empty_map_has_no_usual_motion() -> None:
    overview = Overview.of(MotionMap())
    assert overview.cells == () and overview.share == overview.rate_per_hour == 0.0
    assert overview.shares_of_ninths() == (0.0,) * 9
