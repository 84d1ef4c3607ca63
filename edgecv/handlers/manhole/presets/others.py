"""Decentlab, ELSYS, Netvox, Browan, MClimate and Adeunis.

https://github.com/decentlab/decentlab-decoders and https://github.com/TheThingsNetwork/lorawan-devices (vendor/elsys,
netvox, browan, mclimate, adeunis) have their layouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MILLIVOLTS = {"name": "battery_v", "type": "u16", "scale": 0.001, "valid": [0.1, 5.0]}
_MM = {"name": "distance_cm", "type": "u16", "scale": 0.1, "no_reading": [0]}
"""No sensor sees what touches it: 0 is that nothing was measured."""


def _decentlab(*groups: dict[str, Any]) -> dict[str, Any]:
    """Protocol 2: version, device, flags, then the groups of 16-bit words that the flags name."""
    entries = [{"bit": bit, **group} for bit, group in enumerate(groups)]
    return {"form": "flagged", "expect": [{"at": 0, "values": [2]}], "key_at": 3, "start": 5, "entries": entries}


_DECENTLAB_BATTERY = {"length": 2, "fields": [{**_MILLIVOLTS, "at": 0}]}

_ELSYS_LENGTHS = {
    **{"01": 2, "02": 1, "04": 2, "05": 1, "06": 2, "08": 2, "09": 6, "0a": 2, "0b": 4, "0c": 2, "0d": 1, "0f": 1},
    **{"10": 4, "11": 1, "12": 1, "13": 65, "14": 4, "15": 2, "16": 2, "17": 4, "18": 2, "19": 2, "1a": 1, "1b": 4},
    **{"1c": 2, "3d": 4},
}
"""Types that say nothing of a cover, and how long they are."""
_ELSYS = {
    "form": "tlv",
    "entries": [
        {
            "key": "03",  # 63 is 1 g
            "length": 3,
            "fields": [
                {"name": f"acceleration_{axis}", "at": index, "type": "i8", "scale": 1.0 / 63.0}
                for index, axis in enumerate("xyz")
            ],
        },
        {"key": "07", "length": 2, "fields": [{**_MILLIVOLTS, "at": 0}]},
        {"key": "0e", "length": 2, "fields": [{**_MM, "at": 0}]},
        *({"key": key, "length": length} for key, length in _ELSYS_LENGTHS.items()),
    ],
}


def _netvox(devices: list[int], *fields: dict[str, Any]) -> dict[str, Any]:
    """Report type 1 is data; 0 tells versions."""
    battery = {"name": "battery_v", "at": 3, "bits": [0, 7], "scale": 0.1, "valid": [0.1, 6.0]}
    entries = [{"key": "01", "length": 11, "fields": [battery, *fields]}, {"key": "00", "length": 11}]
    return {
        "form": "variants",
        "port": 6,
        "expect": [{"at": 1, "values": devices}],
        "key_at": 2,
        "entries": entries,
    }


def _browan(port: int, length: int, *fields: dict[str, Any]) -> dict[str, Any]:
    battery = {"name": "battery_v", "at": 1, "bits": [0, 4], "scale": 0.1, "plus": 2.5}
    return {"form": "bytes", "port": port, "length": [length], "fields": [*fields, battery]}


_CONTACT = {"name": "open", "at": 10, "bit": 0, "scale": -1.0, "plus": 1.0}
"""Contact A, closed while the cover lies in its frame."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "decentlab-dl-mbx": _decentlab({"length": 4, "fields": [{**_MM, "at": 0}]}, _DECENTLAB_BATTERY),
    "decentlab-dl-lid": _decentlab({"length": 22, "fields": [{**_MM, "at": 6}]}, _DECENTLAB_BATTERY),  # the median
    "elsys": _ELSYS,
    "netvox-r718wa": _netvox([50], {"name": "leak", "at": 4}),
    "netvox-r718wb": _netvox([18], {"name": "leak", "at": 4}),
    "netvox-r718da": _netvox([26], {"name": "shock", "at": 4}),
    "netvox-r718db": _netvox([27], {"name": "shock", "at": 4}),
    "browan-tbwl100": _browan(106, 5, {"name": "leak", "at": 0, "bit": 0}),
    "browan-tbdw100": _browan(100, 8, {"name": "open", "at": 0, "bit": 0}),
    "mclimate-flood": {
        "form": "bytes",
        "port": 2,
        "length": [2, 3],
        "fields": [{"name": "leak", "at": 0, "bit": 1}, {"name": "battery_v", "at": 1, "scale": 0.016}],
    },
    "adeunis-dry-contacts": {
        "form": "variants",
        "entries": [
            {"key": "40", "length": 11, "fields": [_CONTACT]},
            *({"key": key} for key in ("10", "1f", "20", "2f", "30", "31", "33")),  # its setting up and its life
        ],
    },
}
