"""Layouts of payloads: signs, axes, parts in any order, byte orders by field, what is no reading, what does not fit."""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsing import Rehearsal

from edgecv.config import check_box
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.payload_codecs import Decoder, reader
from edgecv.handlers.manhole.presets import PRESETS
from edgecv.handlers.manhole.readings import combined, tilt_of_axes
from edgecv.simulation.devices.device_trace import MIDNIGHT_S
from edgecv.simulation.devices.manhole import dev_eui, manhole_day

EUI = dev_eui(7)
TOPIC = f"application/1/device/{EUI}/event/up"
EM310 = {"preset": "milesight-em310-tilt"}


def readings(decoder: dict[str, Any], raw: bytes, document: Any = None) -> dict[str, float]:
    return reader(Decoder.model_validate(decoder))(raw, document)


def angles(x: float, y: float, z: float) -> bytes:
    """A frame of an EM310-TILT."""
    return bytes.fromhex("03CF") + struct.pack("<hhhB", *(round(angle * 100) for angle in (x, y, z)), 0)


class Covers:
    """Covers behind ChirpStack, heard one frame after another."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        day = manhole_day(1, 0, "mqtt://127.0.0.1:1").settings
        self.rehearsal = Rehearsal(folder, {**day, "maintenance": [], **settings})
        self._counter = 0

    def hear(self, raw: bytes, minutes: float, port: int = 85) -> None:
        self._counter += 1
        event = {
            "deviceInfo": {"devEui": EUI},
            "fCnt": self._counter,
            "fPort": port,
            "data": base64.b64encode(raw).decode(),
        }
        self.rehearsal.feed(TOPIC, event, MIDNIGHT_S + minutes * 60.0)
        self.rehearsal.work()

    def kinds(self) -> list[str]:
        return [alarm.kind for alarm in self.rehearsal.records()]


@pytest.mark.parametrize(
    "tilted",
    [
        (-80.0, 0.0, 10.0),
        (80.0, 0.0, 10.0),
        (0.0, -80.0, 10.0),
        (30.0, 30.0, 45.0),
        (0.0, 0.0, -90.0),
    ],
)
def test_a_cover_tipped_to_any_side_is_an_alarm_and_one_that_lies_is_none(
    tmp_path: Path, tilted: tuple[float, float, float]
) -> None:
    covers = Covers(tmp_path, decoder=EM310)
    covers.hear(angles(0.5, -0.5, 89.0), 0)
    covers.hear(angles(0.5, 0.5, 89.0), 5)
    assert covers.kinds() == []
    covers.hear(angles(*tilted), 10)
    covers.hear(angles(*tilted), 15)
    assert covers.kinds() == ["manhole_moved"]
    assert covers.rehearsal.records()[0].details["tilt_deg"] >= 40.0


def test_a_layout_with_one_signed_angle_alarms_to_both_sides(tmp_path: Path) -> None:
    layout = {"form": "bytes", "fields": [{"name": "tilt_deg", "at": 0, "type": "i8"}]}
    covers = Covers(tmp_path, decoder=layout)
    for minute in (0, 5):
        covers.hear(struct.pack("b", -80), minute)
    assert covers.kinds() == ["manhole_moved"]


MOUNTED = ((0.0, 0.0, 90.0), (0.0, 0.0, -90.0), (0.0, 90.0, 0.0))


@given(tilt=st.floats(0.0, 179.0), turn=st.floats(0.0, 360.0), mounted=st.sampled_from(MOUNTED))
def test_the_tilt_by_axes_is_the_angle_that_the_cover_was_turned_by(
    tilt: float, turn: float, mounted: tuple[float, float, float]
) -> None:
    """The truth: gravity turned by a known angle about an axis at right angles to it."""
    rest = [math.sin(math.radians(angle)) for angle in mounted]
    across = [math.cos(math.radians(turn)), math.sin(math.radians(turn))]
    free = [index for index in range(3) if not round(rest[index])]
    gravity = [math.cos(math.radians(tilt)) * part for part in rest]
    for index, part in zip(free, across, strict=True):
        gravity[index] += math.sin(math.radians(tilt)) * part
    axes = {index: math.degrees(math.asin(max(-1.0, min(1.0, part)))) for index, part in enumerate(gravity)}
    assert tilt_of_axes(axes, mounted) == pytest.approx(tilt, abs=0.01)


def test_axes_that_count_from_where_they_were_set_give_the_largest_difference() -> None:
    assert tilt_of_axes({0: -12.0, 1: 30.0, 2: 4.0}, (0.0, 0.0, 0.0)) == 30.0
    assert tilt_of_axes({0: -80.0}, (0.0, 0.0, 90.0)) == 80.0
    assert tilt_of_axes({0: 0.0, 1: 0.0}, (0.0, 0.0, 90.0)) == 0.0


def test_parts_in_any_order_give_the_same_readings() -> None:
    parts = [bytes.fromhex("017564"), angles(10.0, 0.0, 80.0), bytes.fromhex("ff0bff"), bytes.fromhex("ff090300")]
    first = readings(EM310, b"".join(parts))
    assert first["tilt_deg"] == pytest.approx(10.0, abs=0.05)
    assert readings(EM310, b"".join(reversed(parts))) == first


@pytest.mark.parametrize(
    "raw",
    [
        "017564 03CF0000",  # ends within a part
        "017564 77AA01",  # a part that is not known
        "0175",  # no value
        "01",
        "03CF000000002823",  # one byte short
    ],
)
def test_a_frame_that_does_not_fit_its_layout_is_counted_as_unreadable_and_not_half_read(
    tmp_path: Path, raw: str
) -> None:
    covers = Covers(tmp_path, decoder=EM310, battery={"below": 200})
    covers.hear(bytes.fromhex(raw), 0)
    assert covers.rehearsal.runner.context.counts["unreadable"] == 1
    assert covers.kinds() == []


def test_a_frame_of_attributes_alone_is_a_sign_of_life(tmp_path: Path) -> None:
    covers = Covers(tmp_path, decoder=EM310)
    covers.hear(bytes.fromhex("ff0bff ff0101 ff166329c42503920003 ff090100 ff0a0101 ff0f00"), 0)
    assert covers.rehearsal.runner.context.counts.get("unreadable", 0) == 0


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ({"type": "i16"}, "FF9C", -100.0),
        ({"type": "i16", "order": "little"}, "9CFF", -100.0),
        ({"type": "u24"}, "010000", 65536.0),
        ({"type": "i24", "order": "little"}, "FEFFFF", -2.0),
        ({"type": "u32", "order": "little"}, "01000000", 1.0),
        ({"type": "f32", "order": "little"}, "0000A041", 20.0),
        ({"type": "f16"}, "4D00", 20.0),
        ({"type": "i16", "bits": [1, 15], "scale": 0.01}, "B9B1", -90.0),  # the lowest bit is a flag
        ({"type": "u16", "bits": [0, 14]}, "CB88", 2952.0),
        ({"type": "u8", "bits": [4, 4]}, "A5", 10.0),
        ({"type": "i8", "absolute": True}, "B0", 80.0),
        ({"type": "i8", "scale": -1.0, "plus": 5.0}, "02", 3.0),
        ({"type": "u8", "bit": 7}, "80", 1.0),
    ],
)
def test_fields_have_a_sign_an_order_and_bits_of_their_own(field: dict[str, Any], raw: str, value: float) -> None:
    decoder = {"form": "bytes", "fields": [{"name": "water_cm", "at": 0, **field}]}
    assert readings(decoder, bytes.fromhex(raw))["water_cm"] == pytest.approx(value)


def test_both_orders_may_stand_in_one_payload() -> None:
    fields = [
        {"name": "water_cm", "at": 0, "type": "u16"},
        {"name": "battery_v", "at": 2, "type": "u16", "order": "little", "scale": 0.001},
    ]
    said = readings({"form": "bytes", "order": "big", "fields": fields}, bytes.fromhex("0010 480D"))
    assert said == pytest.approx({"water_cm": 16.0, "battery_v": 3.4})


@pytest.mark.parametrize("length", [3, 5])
def test_a_layout_of_a_length_takes_no_other(length: int) -> None:
    decoder = {"form": "bytes", "length": [4], "fields": [{"name": "water_cm", "at": 0, "type": "u16"}]}
    assert readings(decoder, bytes(4)) == {"water_cm": 0.0}
    with pytest.raises(MalformedError, match="not as long as its layout"):
        readings(decoder, bytes(length))


def test_values_of_json_are_adjusted_too() -> None:
    decoder = {
        "form": "values",
        "values": {"distance_cm": "$.Distance", "tilt_x_deg": "$.x", "tilt_y_deg": "$.y"},
        "adjust": {"distance_cm": {"scale": 0.1, "no_reading": [0, 20], "valid": [28, 750]}},
        "height_cm": 200.0,
    }
    assert readings(decoder, b"", {"Distance": 20, "x": 0, "y": 0}) == {"unmeasured": 1.0, "tilt_deg": 0.0}
    said = readings(decoder, b"", {"Distance": 1500, "x": -60.0, "y": 0.0})
    assert said == pytest.approx({"fault": 0.0, "unmeasured": 0.0, "water_cm": 50.0, "tilt_deg": 60.0})


def test_what_is_too_near_is_no_level_and_an_alarm_of_its_own(tmp_path: Path) -> None:
    decoder = {"preset": "dragino-ldds75", "height_cm": 300.0}
    covers = Covers(tmp_path, decoder=decoder, water={"above": 250}, reports_changes=True)
    for minute in range(0, 60, 5):
        covers.hear(bytes.fromhex("0B45 0014 00 0105 01"), minute, port=2)
    (near,) = covers.rehearsal.records()
    assert (near.kind, near.ended_at) == ("manhole_water", None)
    covers.hear(bytes.fromhex("0B45 0190 00 0105 01"), 65, port=2)  # 40 cm below the sensor
    assert covers.kinds() == ["manhole_water", "manhole_water"]
    assert {record.details["value"] for record in covers.rehearsal.records()} == {1.0, 260.0}


def test_a_limit_of_percent_is_none_of_volts(tmp_path: Path) -> None:
    decoder = {"form": "bytes", "fields": [{"name": "battery_v", "at": 0, "scale": 0.1}]}
    covers = Covers(tmp_path, decoder=decoder, battery={"below": 15}, battery_v={"below": 3.0})
    covers.hear(bytes([36]), 0)
    assert covers.kinds() == []
    covers.hear(bytes([29]), 5)
    assert covers.kinds() == ["manhole_battery"]


def test_a_sensor_that_says_what_cannot_be_fails_until_it_works_again(tmp_path: Path) -> None:
    covers = Covers(tmp_path, decoder={"preset": "dragino-ldds75", "height_cm": 300.0}, water={"above": 250})
    for minute in (0, 5):
        covers.hear(bytes.fromhex("0B45 0000 00 0105 00"), minute, port=2)
    assert covers.kinds() == ["manhole_damaged"]
    for minute in (10, 15):
        covers.hear(bytes.fromhex("0B45 0500 00 0105 01"), minute, port=2)
    assert covers.rehearsal.records()[0].ended_at is not None


def test_a_leak_sensor_raises_the_alarm_of_water_and_ends_it(tmp_path: Path) -> None:
    covers = Covers(tmp_path, decoder={"preset": "milesight-em300-sld"})
    covers.hear(bytes.fromhex("050000"), 0)
    covers.hear(bytes.fromhex("050001"), 5)
    (alarm,) = covers.rehearsal.records()
    assert (alarm.kind, alarm.text) == ("manhole_water", f"{EUI}: there is water")
    covers.hear(bytes.fromhex("050000"), 10)
    assert covers.rehearsal.records()[0].ended_at is not None


def problems(folder: Path, decoder: Any, **settings: Any) -> str:
    box = folder / "box.yaml"
    device = {"kind": "manhole", "mqtt": {"url": "mqtt://h"}, "decoder": decoder, **settings}
    box.write_text(json.dumps({"site": "s", "devices": {"c": device}}))
    return "\n".join(check_box(box).problems)


TILT = {"name": "tilt_deg", "at": 0, "type": "i16"}


@pytest.mark.parametrize(
    ("decoder", "problem"),
    [
        ({"form": "bytes", "fields": [TILT, TILT | {"at": 2}]}, "for two axes use tilt_x_deg and tilt_y_deg"),
        ({"form": "cayenne_lpp", "channels": {"1": "open", "2": "open"}}, "another channel's reading too"),
        ({"form": "tlv", "entries": [{"key": "01", "length": 2, "fields": [TILT, TILT]}]}, "another field's name too"),
        ({"form": "tlv", "entries": [{"key": "0a", "length": 1}, {"key": "0A", "length": 1}]}, "is entry 0's too"),
        ({"form": "tlv", "entries": [{"key": "01", "length": 1}, {"key": "0203", "length": 1}]}, "not as long as"),
        ({"form": "tlv", "entries": [{"key": "01"}]}, "is needed for the form 'tlv'"),
        ({"form": "flagged", "entries": [{"key": "01", "length": 1}]}, "is needed for the form 'flagged'"),
        ({"form": "tlv", "entries": [{"key": "01", "length": 1, "fields": [TILT]}]}, "beyond the entry's length of 1"),
        ({"form": "bytes", "fields": [TILT | {"bits": [8, 9]}]}, "outside of the 16 bits of i16"),
        ({"form": "bytes", "fields": [TILT | {"valid": [5, -5]}]}, "must be [least, most]"),
        ({"form": "tlv"}, "is needed for the form 'tlv'"),
        ({"order": "big"}, "or preset must say how payloads are read"),
    ],
)
def test_check_refuses_a_layout_that_would_overwrite_or_miss_something(
    tmp_path: Path, decoder: dict[str, Any], problem: str
) -> None:
    assert problem in problems(tmp_path, decoder)


def test_check_refuses_covers_of_one_name_and_water_of_a_distance_without_a_height(tmp_path: Path) -> None:
    covers = {"24e124fffe000001": {"name": "a"}, "24e124fffe000002": {"name": "a"}, "24E124FFFE000001": {"name": "b"}}
    said = problems(tmp_path, EM310, covers=covers)
    assert "is the name of 24e124fffe000001 too" in said and "is the same cover as '24e124fffe000001'" in said
    preset = {"preset": "dragino-ldds75"}
    assert "the sensor tells a distance, not a level" in problems(tmp_path, preset, water={"above": 50})
    assert problems(tmp_path, preset | {"height_cm": 300}, water={"above": 50}) == ""


@given(raw=st.binary(max_size=60), preset=st.sampled_from(sorted(PRESETS)))
def test_no_bytes_raise_anything_but_malformed(raw: bytes, preset: str) -> None:
    try:
        said = readings({"preset": preset, "height_cm": 300.0}, raw)
    except MalformedError:
        return
    assert all(math.isfinite(value) for value in said.values())


THINGS_STACK = {
    "topics": ["v3/+/devices/+/up"],
    "id": "$.end_device_ids.dev_eui",
    "time": "$.received_at",
    "counter": "$.uplink_message.f_cnt",
    "data": "$.uplink_message.frm_payload",
    "port": "$.uplink_message.f_port",
}


@pytest.mark.parametrize("encoding", ["base64", "hex"])
def test_frames_of_another_network_server_are_read_by_the_same_layouts(tmp_path: Path, encoding: str) -> None:
    covers = Covers(tmp_path, decoder=EM310, plain=THINGS_STACK | {"encoding": encoding}).rehearsal
    for count, angle in enumerate((0.0, -80.0, -80.0)):
        raw = angles(angle, 0.0, 90.0 - abs(angle))
        data = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
        uplink = {"f_cnt": count + 1, "f_port": 85, "frm_payload": data}
        document = {"end_device_ids": {"dev_eui": EUI.upper()}, "uplink_message": uplink}
        covers.feed("v3/app@ttn/devices/cover/up", document, MIDNIGHT_S + count * 300.0)
    covers.work()
    assert [alarm.kind for alarm in covers.records()] == ["manhole_moved"]
    covers.feed(
        "v3/app@ttn/devices/cover/up", document | {"uplink_message": uplink | {"frm_payload": "!"}}, MIDNIGHT_S + 1e3
    )
    covers.work()
    assert covers.runner.context.counts["unreadable"] == 1


def test_check_asks_where_the_bytes_of_another_network_server_stand(tmp_path: Path) -> None:
    plain = {name: path for name, path in THINGS_STACK.items() if name != "data"}
    assert "this decoder reads bytes" in problems(tmp_path, EM310, plain=plain)
    assert problems(tmp_path, EM310, plain=THINGS_STACK) == ""
    assert problems(tmp_path, {"form": "values", "values": {"tilt_deg": "$.t"}}, plain=plain) == ""


@pytest.mark.parametrize("axes", [{"tilt_x_deg": 175.0, "tilt_y_deg": 0.0}, {"tilt_x_deg": 0.0, "tilt_y_deg": -175.0}])
def test_a_cover_that_lies_on_its_face_is_no_small_tilt(axes: dict[str, float]) -> None:
    assert combined(axes, (0.0, 0.0, 90.0), None)["tilt_deg"] == pytest.approx(175.0)
