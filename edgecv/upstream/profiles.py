"""The form of a broker's messages: what is published on which topic. Pure: a message in, publications out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from edgecv.config.box import BOX
from edgecv.incidents.cloudevents import CONTENT_TYPE, encode
from edgecv.mqtt import Publication, device_topic
from edgecv.storage.outbox import Message

OFFLINE = "offline"


class Profile(Protocol):
    """The form of messages for one kind of upstream."""

    def introduce(self, device: str) -> list[Publication]:
        """What is published before the first message of a device on each connection."""

    def message(self, message: Message) -> list[Publication]:
        """A message of the outbox."""

    def state(self, device: str, state: Mapping[str, Any]) -> list[Publication]:
        """A device's newest state."""

    def removal(self, device: str) -> list[Publication]:
        """What removes everything retained of a device that the box file no longer names."""

    def offline(self, state: Mapping[str, Any]) -> Publication | None:
        """The box's state, with ``offline`` in it: its last will, and its last word when it stops."""


def to_json(value: object) -> bytes:
    """UTF-8 JSON on one line; the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


class CloudEventsProfile:
    """The contract's own: every message is a CloudEvent on ``edgecv/v1/SITE/DEVICE/KIND``, states are retained JSON.

    Args:
        site: the box file's site.
    """

    def __init__(self, site: str) -> None:
        self._site = site

    def introduce(self, device: str) -> list[Publication]:
        """Nothing: topics speak for themselves."""
        del device
        return []

    def message(self, message: Message) -> list[Publication]:
        """The event as it is."""
        where = device_topic(self._site, message.device, message.kind)
        return [Publication(where, encode(message.event), content_type=CONTENT_TYPE)]

    def state(self, device: str, state: Mapping[str, Any]) -> list[Publication]:
        """The state as it is, retained."""
        return [Publication(device_topic(self._site, device, "state"), to_json(dict(state)), retain=True)]

    def removal(self, device: str) -> list[Publication]:
        """An empty retained state, with which a broker forgets the one before (MQTT 5 section 3.3.1.3)."""
        return [Publication(device_topic(self._site, device, "state"), b"", retain=True)]

    def offline(self, state: Mapping[str, Any]) -> Publication | None:
        """``{"state": "offline"}`` with whatever else is known, retained."""
        return self.state(BOX, {**state, "state": OFFLINE})[0]
