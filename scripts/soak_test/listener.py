"""The far end: a subscriber at the broker that notes every incident with the moment it came."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from soak_test.time_in_sight import SeenPath


@dataclass(frozen=True, slots=True)
class Arrival:
    """One incident at the broker.

    Attributes:
        id: its id.
        device: its camera.
        clock: what its wall time comes from, ``rtcp`` or ``box``.
        clock_error_s: how far that may be off, seconds.
        delay_s: from the end of its path to its arrival here, seconds; by this machine's clock.
        path: what it is known by.
    """

    id: str
    device: str
    clock: str
    clock_error_s: float
    delay_s: float
    path: SeenPath


class Listener:
    """Listens until it is closed; ``arrivals`` grows, an incident that comes twice is in it twice."""

    def __init__(self, port: int) -> None:
        self.arrivals: list[Arrival] = []
        ready = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.on_connect = lambda c, *_: c.subscribe("edgecv/v1/+/+/incident", qos=1)
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._on_message
        client.connect("127.0.0.1", port)
        client.loop_start()
        if not ready.wait(20):
            raise RuntimeError("the broker does not take the subscription")
        self._client = client

    def close(self) -> None:
        """Stop listening."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        now = time.time()
        data = json.loads(message.payload)["data"]
        media = data["media"]
        delay_s = now - datetime.fromisoformat(data["ended_at"]).timestamp()
        first, last = data["track"][0], data["track"][-1]
        path = SeenPath(first["x"], first["y"], last["t"] - first["t"])
        error_s = media.get("clock_error_s") or 0.0
        self.arrivals.append(Arrival(data["id"], data["device"], media["clock"], error_s, delay_s, path))
