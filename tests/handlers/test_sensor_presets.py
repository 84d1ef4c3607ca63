"""Sensors by name: the frames that their makers document give the readings that they say.

Each frame is from the maker's own decoder, manual or entry in a public device repository, which its line names.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config import check_box
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.payload_codecs import Decoder, reader, resolved
from edgecv.handlers.manhole.presets import PRESETS

MILESIGHT = "https://github.com/Milesight-IoT/SensorDecoders"
TTN = "https://github.com/TheThingsNetwork/lorawan-devices"
DRAGINO = "https://github.com/dragino/dragino-end-node-decoder; 0B05 is 2821 mm in the manual of the LDDS75 (2.3.3)"
DECENTLAB = "https://github.com/decentlab/decentlab-decoders"

DOCUMENTED = [
    ("milesight-em310-tilt", "03CF00000000282307", {"tilt_deg": 0.0}, MILESIGHT),
    ("milesight-em320-tilt", "01756403D4000001005046", {"battery_percent": 100, "tilt_deg": 0.0}, MILESIGHT),
    ("milesight-em310-udl", "01755C03824408040001", {"battery_percent": 92, "water_cm": 88.4, "open": 1}, MILESIGHT),
    (
        "milesight-em400-mud",
        "01755C0367010104824408050001",
        {"battery_percent": 92, "water_cm": 88.4, "open": 1},
        MILESIGHT,
    ),
    ("milesight-em400-udl", "8367E800018482410601", {"water_cm": 139.9}, MILESIGHT),
    ("milesight-em500-swl", "01756403770200", {"battery_percent": 100, "water_cm": 2}, MILESIGHT),
    ("milesight-em500-udl", "01756403821E00", {"battery_percent": 100, "water_cm": 297.0}, MILESIGHT),
    ("milesight-em300-sld", "01755C03673401046865050000", {"battery_percent": 92, "leak": 0}, MILESIGHT),
    ("milesight-em300-zld", "20CE9E74466310015D01", {}, MILESIGHT),  # of its history
    ("milesight-em300-mld", "01755C050001", {"battery_percent": 92, "leak": 1}, TTN),
    ("dragino-ldds75", "0B450B0500010501", {"battery_v": 2.885, "water_cm": 17.9}, DRAGINO),
    ("decentlab-dl-mbx", "02012f000304d200010bb1", {"battery_v": 2.993, "water_cm": 176.6}, DECENTLAB),
    ("decentlab-dl-mbx", "02012f00020bb1", {"battery_v": 2.993}, DECENTLAB),
    (
        "decentlab-dl-lid",
        "0211c90003119b117611bc119e118a119411a811a81194006401990abd",
        {"battery_v": 2.749, "water_cm": 0.0},  # 4510 mm is below the bottom assumed here
        DECENTLAB,
    ),
    ("decentlab-dl-lid", "0211c900020abd", {"battery_v": 2.749}, DECENTLAB),
    ("browan-tbwl100", "110B362836", {"leak": 1, "battery_v": 3.6}, TTN),
    ("browan-tbdw100", "00CB3500008A3A00", {"open": 0, "battery_v": 3.6}, TTN),
    ("mclimate-flood", "08C9", {"leak": 0, "battery_v": 3.216}, TTN),
    ("adeunis-dry-contacts", "40C0000100020003000 4A5".replace(" ", ""), {"open": 0}, TTN),
]
HEIGHT_CM = 300.0


def measured(readings: dict[str, float]) -> dict[str, float]:
    """The readings of a sensor that works and measured all that it can."""
    assert [readings.pop(name, 0.0) for name in ("fault", "too_near", "unmeasured")] == [0.0, 0.0, 0.0]
    return readings


@pytest.mark.parametrize(
    ("preset", "frame", "readings"),
    [row[:3] for row in DOCUMENTED],
    ids=[f"{row[0]} {row[1][:12]}" for row in DOCUMENTED],
)
def test_the_frames_that_makers_document_are_read_as_they_say(
    preset: str, frame: str, readings: dict[str, float]
) -> None:
    decoder = Decoder.model_validate({"preset": preset, "height_cm": HEIGHT_CM})
    said = measured(reader(decoder)(bytes.fromhex(frame), None))
    assert said == pytest.approx(readings, abs=1e-6)


def test_elsys_frames_of_its_decoder_are_read_whole() -> None:
    # the two examples of vendor/elsys in TheThingsNetwork/lorawan-devices: gravity lies along y
    read = reader(Decoder.model_validate({"preset": "elsys", "upright": [0.0, 90.0, 0.0], "height_cm": 900.0}))
    ultrasonic = read(bytes.fromhex("0100E202290301270514060101110E2311"), None)
    assert ultrasonic["tilt_deg"] == pytest.approx(7.4, abs=0.1)  # atan of (1, 5) against 39
    assert ultrasonic["water_cm"] == pytest.approx(2.3)
    assert set(read(bytes.fromhex("0100E20229030127050A110112110A2111"), None)) == {"tilt_deg"}


@pytest.mark.parametrize(
    ("preset", "frame", "open_or_leak"),
    [
        ("netvox-r718wa", "0132011E0100000000000 0".replace(" ", ""), {"battery_v": 3.0, "leak": 1}),
        ("netvox-r718wb", "01 12 01 9E 00 00 00 00 00 00 00", {"battery_v": 3.0, "leak": 0}),  # low battery flag
        ("netvox-r718db", "01 1B 01 1E 01 00 00 00 00 00 00", {"battery_v": 3.0, "shock": 1}),
        ("netvox-r718db", "01 1B 00 0A 01 20 24 01 01 00 00", {}),  # its versions
        ("dragino-lwl02", "8B 88 01 00 00 25 00 00 01 00", {"battery_v": 2.952, "open": 1}),
        ("dragino-lwl02", "4B 88 02 00 00 25 00 00 01 00", {"battery_v": 2.952, "leak": 1}),
        ("dragino-lwl02", "CB 88 03 00 00 00 00 00 00 01", {"battery_v": 2.952, "open": 1, "leak": 1}),
    ],
)
def test_layouts_of_decoders_without_an_example_are_read_by_their_fields(
    preset: str, frame: str, open_or_leak: dict[str, float]
) -> None:
    said = measured(reader(Decoder.model_validate({"preset": preset}))(bytes.fromhex(frame), None))
    assert said == pytest.approx(open_or_leak)


@pytest.mark.parametrize(
    ("raw", "fault", "too_near", "readings"),
    [
        ("0B45 0014 00 0105 01", 0.0, 1.0, {"battery_v"}),  # 20: nearer than 280 mm, from firmware 1.1.4 on
        ("0B45 00C8 00", 0.0, 1.0, {"battery_v"}),  # and before
        ("0B45 0000 00 0105 00", 1.0, 0.0, {"battery_v"}),  # 0: no sensor
        ("0B45 FFFF 00 0105 01", 1.0, 0.0, {"battery_v"}),
        ("0B45 0118 00 0105 01", 0.0, 0.0, {"battery_v", "water_cm"}),
    ],
)
def test_what_is_too_near_for_an_ultrasonic_sensor_is_told_as_that(
    raw: str, fault: float, too_near: float, readings: set[str]
) -> None:
    read = reader(Decoder.model_validate({"preset": "dragino-ldds75", "height_cm": 300.0}))
    said = read(bytes.fromhex(raw), None)
    assert (said.pop("fault", 0.0), said.pop("too_near")) == (fault, too_near)
    assert set(said) == readings


@pytest.mark.parametrize(
    ("preset", "frame", "fault"),
    [
        ("milesight-em500-swl", "0377FDFF", 0.0),  # out of range
        ("milesight-em500-swl", "0377FFFF", 1.0),  # could not measure
        ("milesight-em500-udl", "0382FDFF", 0.0),
        ("milesight-em400-mud", "0482FFFF", 1.0),
        ("milesight-em310-udl", "03820000", 0.0),
        ("decentlab-dl-mbx", "02012f00030000 0000 0bb1".replace(" ", ""), 0.0),  # no valid sample
    ],
)
def test_what_makers_say_when_nothing_was_measured_is_no_level(preset: str, frame: str, fault: float) -> None:
    read = reader(Decoder.model_validate({"preset": preset, "height_cm": HEIGHT_CM}))
    said = read(bytes.fromhex(frame), None)
    assert "water_cm" not in said
    assert (said.get("fault", 0.0), said.get("unmeasured", 0.0)) == (fault, 1.0 - fault)


@pytest.mark.parametrize(
    "answer", ["FE030807", "FF0308 07".replace(" ", ""), "FF10FF", "FE06014A010000000000 00".replace(" ", "")]
)
def test_an_answer_to_a_command_beside_readings_is_passed_over(answer: str) -> None:
    read = reader(Decoder.model_validate({"preset": "milesight-em310-tilt"}))
    assert read(bytes.fromhex(answer + "017564"), None)["battery_percent"] == 100


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_no_preset_reads_half_a_frame(preset: str) -> None:
    read = reader(Decoder.model_validate({"preset": preset, "height_cm": HEIGHT_CM}))
    frames = [row[1] for row in DOCUMENTED if row[0] == preset]
    for frame in frames:
        raw = bytes.fromhex(frame)
        whole = read(raw, None)
        for cut in range(1, len(raw)):
            try:
                part = read(raw[:cut], None)
            except MalformedError:
                continue
            # a cut between two parts leaves whole parts; never one with another value
            assert all(part[name] == whole.get(name, part[name]) for name in part)
    for other in ("FFEE01", "99"):
        if preset not in {"mclimate-flood"}:
            with pytest.raises(MalformedError):
                read(bytes.fromhex(other) + b"\x00" * 40, None)


def test_a_preset_goes_with_port_height_and_upright_and_with_nothing_else(tmp_path: Path) -> None:
    decoder = resolved(Decoder.model_validate({"preset": "Milesight-EM310-TILT", "port": 86, "upright": [0, 90, 0]}))
    assert (decoder.form, decoder.port, decoder.order, decoder.upright) == ("tlv", 86, "little", (0.0, 90.0, 0.0))
    box = tmp_path / "box.yaml"
    box.write_text(
        "site: s\ndevices:\n  covers:\n    kind: manhole\n    mqtt: {url: 'mqtt://h'}\n"
        "    decoder:\n      preset: milesight-em310-tilde\n      order: big\n"
    )
    problems = "\n".join(check_box(box).problems)
    assert f"{box}:7: devices.covers.decoder.preset" in problems and "did you mean 'milesight-em310-tilt'" in problems
    assert f"{box}:8: devices.covers.decoder.order" in problems and "cannot stand beside a preset" in problems
