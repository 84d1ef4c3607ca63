"""Rules without code: a day of water sensors, and what the box file may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from rehearsing import ROUGH, rehearse, told

from edgecv.simulation.devices.channel import Channel
from edgecv.simulation.devices.rules import water_day


@pytest.mark.parametrize(("channel", "skewed", "kill_every"), [(Channel(), 0.0, None), (ROUGH, 0.4, 7)])
def test_a_day_of_water_sensors_raises_each_flood_once_and_nothing_else(
    tmp_path: Path, channel: Channel, skewed: float, kill_every: int | None
) -> None:
    day = water_day(20, 5, "mqtt://127.0.0.1:1", skewed)
    found, rehearsal = rehearse(tmp_path, day, channel, 6, kill_every=kill_every)
    assert found.perfect, told(found)
    assert len(found.found) >= 15
    pushed = [event["id"] for event in rehearsal.messages("incident")]
    assert sorted(pushed) == sorted(alarm.id for alarm in rehearsal.records())
