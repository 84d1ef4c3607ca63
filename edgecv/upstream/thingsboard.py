"""ThingsBoard's gateway API over MQTT: each camera is a device behind the box.

Topics and payloads as in https://thingsboard.io/docs/reference/gateway-mqtt-api/ ("Device connect API",
"Telemetry upload API", "Publish attribute update to the server"); the box logs in with the access token of a device
that has "Is gateway" set, as its user name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from edgecv.mqtt import Publication
from edgecv.storage.outbox import Message
from edgecv.upstream.profiles import to_json

CONNECT, DISCONNECT = "v1/gateway/connect", "v1/gateway/disconnect"
TELEMETRY, ATTRIBUTES = "v1/gateway/telemetry", "v1/gateway/attributes"
_LEFT_OUT = frozenset({"track"})
"""Hundreds of sightings: kept in the evidence, of no use on a dashboard."""


class ThingsBoardProfile:
    """Messages become telemetry, states client-side attributes.

    ThingsBoard keeps neither last wills nor retained messages: it notices by itself when a gateway is gone.

    Args:
        site: the box file's site; not part of a device's name, for a gateway has one site.
    """

    def __init__(self, site: str) -> None:
        self._site = site

    def introduce(self, device: str) -> list[Publication]:
        """The device is there; ThingsBoard makes it where it is new."""
        return [Publication(CONNECT, to_json({"device": device, "type": "edgecv"}))]

    def message(self, message: Message) -> list[Publication]:
        """One row of telemetry at the time the event tells of, in flat keys such as ``origin_floor``."""
        data = message.event.get("data")
        values = {"event": message.kind, "event_id": message.id, "site": self._site}
        values |= flat(data if isinstance(data, Mapping) else {"value": data})
        row = {"ts": round(_time_s(message) * 1000), "values": values}
        return [Publication(TELEMETRY, to_json({message.device: [row]}))]

    def state(self, device: str, state: Mapping[str, Any]) -> list[Publication]:
        """Attributes of the device."""
        return [Publication(ATTRIBUTES, to_json({device: flat(state)}))]

    def removal(self, device: str) -> list[Publication]:
        """The device is no longer behind this gateway; ThingsBoard keeps what it has of it."""
        return [Publication(DISCONNECT, to_json({"device": device}))]

    def offline(self, state: Mapping[str, Any]) -> Publication | None:
        """Nothing: ThingsBoard would not pass it on."""
        del state
        return None


def flat(data: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values under one level of keys, ``{"a": {"b": 1}}`` as ``{"a_b": 1}``; nulls are left out, lists kept."""
    values: dict[str, Any] = {}
    for key, value in data.items():
        if value is None or key in _LEFT_OUT:
            continue
        if isinstance(value, Mapping):
            values |= flat(value, f"{before}{key}_")
        else:
            values[f"{before}{key}"] = value
    return values


def _time_s(message: Message) -> float:
    try:
        return datetime.fromisoformat(message.event["time"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return message.created_s
