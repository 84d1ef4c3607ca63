"""Dragino: fixed layouts, big-endian; https://github.com/dragino/dragino-end-node-decoder has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BATTERY = {"name": "battery_v", "at": 0, "type": "u16", "bits": [0, 14], "scale": 0.001, "valid": [0.1, 5.0]}
"""Its highest two bits are flags."""
_DOOR = {"name": "open", "at": 0, "bit": 7}
_LEAK = {"name": "leak", "at": 0, "bit": 6}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "dragino-ldds75": {
        "form": "bytes",
        "port": 2,
        "length": [5, 8],  # 8 from firmware 1.1.4 on, with a temperature and whether the sensor was detected
        "fields": [
            _BATTERY,
            # mm; it measures from 28 cm to 7.5 m. 0 is no sensor; what is nearer is some number below 280, and from
            # firmware 1.1.4 on always 20
            {
                "name": "distance_cm",
                "at": 2,
                "type": "u16",
                "scale": 0.1,
                "nearest": 28.0,
                "valid": [28.0, 750.0],
            },
        ],
    },
    "dragino-lwl02": {  # a door sensor, a leak sensor, or both, by its mode
        "form": "variants",
        "port": 10,
        "key_at": 2,
        "entries": [
            {"key": "01", "length": 10, "fields": [_BATTERY, _DOOR]},
            {"key": "02", "length": 10, "fields": [_BATTERY, _LEAK]},
            {"key": "03", "length": 10, "fields": [_BATTERY, _DOOR, _LEAK]},
        ],
    },
}
