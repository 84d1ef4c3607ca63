"""Rules without code: a day of water sensors, and what the box file may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import ROUGH, Rehearsal, rehearse, told

from edgecv.config import check_box
from edgecv.simulation.devices.lossy_channel import Channel
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


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
messages = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "time", "n", "cm", "lid"), anything))


@given(
    payloads=st.lists(st.binary(max_size=40) | (messages | anything).map(lambda m: json.dumps(m).encode()), max_size=8)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_message_however_mangled_fails_the_handler(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]
) -> None:
    section: dict[str, Any] = {
        "kind": "rules",
        "mqtt": {"url": "mqtt://127.0.0.1:1"},
        "topics": ["#"],
        "subject": "$.id",
        "time": "$.time",
        "counter": "$.n",
        "silent_after_s": 60,
        "rules": [
            {"name": "water", "value": "$.cm", "above": 10, "for_s": 1},
            {"name": "lid", "value": "$.lid", "equals": True},
        ],
    }
    sensors = Rehearsal(tmp_path_factory.mktemp("fuzz"), section)
    for index, payload in enumerate(payloads):
        sensors.feed("t", payload, 1_772_000_000.0 + index)
    sensors.tell_time(1_772_001_000.0)
    sensors.work()
    assert sensors.runner.context.counts.get("failures", 0.0) == 0.0, sensors.rows("SELECT * FROM unreadable")


ANGLES: dict[str, Any] = {
    "kind": "rules",
    "mqtt": {"url": "mqtt://127.0.0.1:1"},
    "topics": ["#"],
    "rules": [{"name": "upright", "value": "$.angle", "outside": [-15, 15], "for_s": 60, "no_reading": [999]}],
}


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_an_angle_too_far_to_either_side_is_an_alarm_with_its_worst_value(tmp_path: Path, side: float) -> None:
    mast = Rehearsal(tmp_path, ANGLES)
    for minute, angle in enumerate((0.0, 999.0, 20.0 * side, 80.0 * side, 30.0 * side, 0.0)):
        mast.feed("mast/1", {"angle": angle}, 1_772_000_000.0 + minute * 60.0)
    mast.work()
    (alarm,) = mast.records()
    assert alarm.details["limit"] == "below -15 or above 15 for 1 min"
    assert (alarm.details["value"], alarm.details["worst"]) == (80.0 * side, 80.0 * side)
    assert alarm.ended_at is not None


def test_a_value_that_is_no_reading_is_no_alarm_and_no_malformed_message(tmp_path: Path) -> None:
    mast = Rehearsal(tmp_path, ANGLES)
    for minute in range(5):
        mast.feed("mast/1", {"angle": 999}, 1_772_000_000.0 + minute * 60.0)
    mast.work()
    assert mast.records() == []
    assert mast.runner.context.counts.get("unreadable", 0) == 0


def test_what_lies_outside_has_two_limits_and_no_way_back(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    for limit, problem in (
        ({"outside": [15, -15]}, "must be [least, most]"),
        ({"outside": [-15, 15], "above": 20}, "exclude each other"),
        ({"outside": [-15, 15], "back": 10}, "is of one side only"),
    ):
        rule = {"name": "r", "value": "$.a", **limit}
        device = {"kind": "rules", "mqtt": {"url": "mqtt://h"}, "topics": ["t"], "rules": [rule]}
        box.write_text(json.dumps({"site": "s", "devices": {"d": device}}))
        assert problem in "\n".join(check_box(box).problems)
