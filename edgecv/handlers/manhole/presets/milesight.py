"""Milesight's EM series: parts of a channel, a type and a value, in any order, little-endian, port 85.

https://github.com/Milesight-IoT/SensorDecoders has the table of each; a device that is set up or restarts tells its
attributes the same way, and answers commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ATTRIBUTES = {"ff01": 1, "ff09": 2, "ff0a": 2, "ff0b": 1, "ff0f": 1, "ff16": 8, "ff1b": 5, "fffe": 1, "ffff": 2}
_ANSWERS = {
    **{"02": 2, "03": 2, "06": 9, "10": 1, "11": 4, "13": 1, "17": 2, "1c": 2, "27": 1, "28": 1, "35": 8, "3b": 1},
    **{"3e": 1, "4a": 1, "56": 1, "62": 1, "63": 8, "68": 1, "69": 1, "6a": 3, "6d": 1, "70": 2, "71": 1, "79": 6},
    **{"84": 1, "96": 8, "ea": 3, "f1": 4, "f2": 2, "f5": 1},
}
"""Answers to commands, and how long they are: the same for all of the series that have them."""
_BATTERY = {"key": "0175", "length": 1, "fields": [{"name": "battery_percent", "at": 0, "valid": [0.0, 100.0]}]}
_DEPTH = {"name": "water_cm", "at": 0, "type": "u16", "no_reading": [0xFFFD], "valid": [0.0, 3000.0]}
_TILTED = [{"name": "open", "at": 0}]
_LEAK = [{"name": "leak", "at": 0}]


def _passed_over(lengths: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"key": key, "length": length} for key, length in lengths.items()]


def _preset(*entries: dict[str, Any], passed_over: Mapping[str, int] | None = None) -> dict[str, Any]:
    answers = {channel + kind: length for kind, length in _ANSWERS.items() for channel in ("fe", "ff")}
    lengths = _ATTRIBUTES | answers | dict(passed_over or {})
    return {
        "form": "tlv",
        "port": 85,
        "order": "little",
        "entries": [_BATTERY, *entries, *_passed_over(lengths)],
    }


def _angles(key: str, length: int, field: Mapping[str, Any]) -> dict[str, Any]:
    axes = enumerate(("tilt_x_deg", "tilt_y_deg", "tilt_z_deg"))
    fields = [{"name": name, "at": 2 * index, "type": "i16", "scale": 0.01, **field} for index, name in axes]
    return {"key": key, "length": length, "fields": fields}


def _distance(key: str, length: int = 2) -> dict[str, Any]:
    # 0xfffd is out of range, 0xffff a measurement that failed
    field = {"name": "distance_cm", "at": 0, "type": "u16", "scale": 0.1, "no_reading": [0, 0xFFFD]}
    return {"key": key, "length": length, "fields": [field | {"valid": [0.1, 1500.0]}]}


_EM400 = _preset(
    _distance("0482"),
    _distance("8482", 3),  # with the sensor's own alarm
    {"key": "0500", "length": 1, "fields": _TILTED},
    passed_over={"0367": 2, "8367": 3, "0688": 9},
)
_EM300_LEAK = _preset({"key": "0500", "length": 1, "fields": _LEAK}, passed_over={"0367": 2, "0468": 1, "20ce": 8})

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "milesight-em310-tilt": _preset(_angles("03cf", 7, {})),
    "milesight-em320-tilt": _preset(_angles("03d4", 6, {"bits": [1, 15]})),
    "milesight-em310-udl": _preset(_distance("0382"), {"key": "0400", "length": 1, "fields": _TILTED}),
    "milesight-em400-mud": _EM400,
    "milesight-em400-tld": _EM400,
    "milesight-em400-udl": _EM400,
    "milesight-em500-swl": _preset({"key": "0377", "length": 2, "fields": [_DEPTH]}, passed_over={"20ce": 6}),
    "milesight-em500-udl": _preset(_distance("0382"), passed_over={"20ce": 6, "83e9": 5}),
    "milesight-em300-sld": _EM300_LEAK,
    "milesight-em300-zld": _EM300_LEAK,
    "milesight-em300-mld": _preset({"key": "0500", "length": 1, "fields": _LEAK}, passed_over={"20ce": 8}),
}
