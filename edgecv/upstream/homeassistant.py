"""Home Assistant's MQTT discovery: each camera shows up by itself, with an event, two sensors and its connection.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery, ``event.mqtt``, ``sensor.mqtt``,
``binary_sensor.mqtt``. Discovery and the last incident are retained, events are not: an old throw must not ring again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from edgecv import __version__
from edgecv.config.box import BOX
from edgecv.config.devices import installed, load_handler
from edgecv.errors import ConfigError
from edgecv.mqtt import Publication, device_topic
from edgecv.storage.outbox import Message
from edgecv.upstream.profiles import CloudEventsProfile, to_json

_ONLINE = "{{ 'ON' if value_json.state == 'online' else 'OFF' }}"
_AVAILABLE = "{{ 'offline' if value_json.state == 'offline' else 'online' }}"


class HomeAssistantProfile(CloudEventsProfile):
    """The contract's topics as they are, and beside them what Home Assistant reads.

    Args:
        site: the box file's site.
    """

    def introduce(self, device: str) -> list[Publication]:
        """Discovery of the device's entities, retained."""
        publications = [self._entity("binary_sensor", device, "connection", self._connection(device))]
        if device != BOX:
            publications += [
                self._entity("event", device, "incident", self._incident(device)),
                self._entity("sensor", device, "last_floor", self._last(device, "Last floor", "floor")),
                self._entity("sensor", device, "last_mass", self._last(device, "Last mass class", "mass")),
            ]
        return publications

    def message(self, message: Message) -> list[Publication]:
        """The CloudEvent; for an incident also the event and, retained, what the sensors show."""
        publications = super().message(message)
        if message.kind == "incident":
            summary_fields = summary(message)
            publications += [
                Publication(device_topic(self._site, message.device, "homeassistant/event"), to_json(summary_fields)),
                Publication(
                    device_topic(self._site, message.device, "homeassistant/last"), to_json(summary_fields), retain=True
                ),
            ]
        return publications

    def removal(self, device: str) -> list[Publication]:
        """The state and every entity go, and the last incident with them."""
        topics = [publication.topic for publication in self.introduce(device)]
        topics.append(device_topic(self._site, device, "homeassistant/last"))
        return super().removal(device) + [Publication(where, b"", retain=True) for where in topics]

    def _entity(self, component: str, device: str, name: str, config: dict[str, Any]) -> Publication:
        node = f"edgecv_{plain(self._site)}_{plain(device)}"
        device_name = f"edgecv {self._site}" if device == BOX else f"{self._site} {device}"
        about: dict[str, Any] = {"identifiers": [node], "name": device_name, "manufacturer": "edgecv"}
        about["sw_version"] = __version__
        if device != BOX:
            about["via_device"] = f"edgecv_{plain(self._site)}_{BOX}"
        common = {"unique_id": f"{node}_{name}", "qos": 1, "device": about}
        return Publication(f"homeassistant/{component}/{node}/{name}/config", to_json(common | config), retain=True)

    def _available(self) -> dict[str, Any]:
        return {"availability_topic": device_topic(self._site, BOX, "state"), "availability_template": _AVAILABLE}

    def _incident(self, device: str) -> dict[str, Any]:
        where = device_topic(self._site, device, "homeassistant/event")
        return self._available() | {"name": "Incident", "state_topic": where, "event_types": list(event_types())}

    def _last(self, device: str, name: str, key: str) -> dict[str, Any]:
        where = device_topic(self._site, device, "homeassistant/last")
        value = f"{{{{ value_json.{key} if value_json.{key} is not none else 'unknown' }}}}"
        return self._available() | {
            "name": name,
            "state_topic": where,
            "value_template": value,
            "json_attributes_topic": where,
        }

    def _connection(self, device: str) -> dict[str, Any]:
        config = {
            "name": "Connection",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": device_topic(self._site, device, "state"),
            "value_template": _ONLINE,
        }
        # the box's own is what tells that it is gone, so it must not become unavailable itself
        return config if device == BOX else config | self._available()


@cache
def event_types() -> tuple[str, ...]:
    """Every kind of incident that the installed handlers may raise: Home Assistant refuses those it was not told of."""
    kinds = {"thrown_object": None}
    for kind in installed():
        try:
            kinds |= dict.fromkeys(load_handler(kind).events)
        except ConfigError:  # of a package that is not installed: it raises nothing
            continue
    return tuple(kinds)


def summary(message: Message) -> dict[str, Any]:
    """What an incident comes down to on a wall tablet: one level, nothing left out but null where unknown."""
    data = message.event.get("data")
    data = data if isinstance(data, Mapping) else {}
    origin, mass, verdict = (_section(data, key) for key in ("origin", "mass", "verdict"))
    floor = origin.get("floor_name")
    return {
        "event_type": data.get("kind", "thrown_object"),
        "id": message.id,
        "time": message.event.get("time"),
        "floor": origin.get("floor") if floor is None else floor,
        "window": origin.get("window"),
        "mass": mass.get("class"),
        "probability": verdict.get("p"),
    } | ({"text": data["text"]} if "text" in data else {})


def plain(name: str) -> str:
    """A name in the letters that discovery topics allow; different names stay different."""
    return re.sub(r"[^a-zA-Z0-9-]", lambda match: f"_{ord(match[0]):x}_", name)


def _section(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = data.get(key)
    return section if isinstance(section, Mapping) else {}
