"""Simulated boxes in a process of their own: each its own client of the broker, each incident waited for."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edgecv.incidents.cloudevents import encode, incident_event
from edgecv.incidents.record import Incident
from hub_load_test.filling import record_of

_ANSWERED_S = 300.0
_FIRST_NUMBER = 10_000_000  # beyond those that were there before


def messages_of(sites: Sequence[str], per_box: int) -> dict[str, list[tuple[str, str, bytes]]]:
    """For each site what its box will publish, in order: id, topic, message."""
    draw, now = random.Random(2), datetime.now(UTC)
    found: dict[str, list[tuple[str, str, bytes]]] = {}
    for site in sites:
        for n in range(per_box):
            content = record_of(site, _FIRST_NUMBER + n, now + timedelta(milliseconds=n), draw)
            one = Incident.model_validate(content)
            topic = f"edgecv/v1/{site}/{one.device}/incident"
            found.setdefault(site, []).append((one.id, topic, encode(incident_event(one))))
    return found


def publishing(port: int, messages: Mapping[str, Sequence[tuple[str, str, bytes]]], every_s: float) -> Any:
    """A process, not started yet, in which all boxes publish at once, each a message every so many seconds."""
    # of its own: what it costs must not be read as the hub's answer being late
    return multiprocessing.get_context("spawn").Process(target=_publish_all, args=(port, dict(messages), every_s))


def _publish_all(port: int, messages: Mapping[str, Sequence[tuple[str, str, bytes]]], every_s: float) -> None:
    threads = [
        threading.Thread(target=_publish, args=(port, site, one, every_s * (0.5 + n / len(messages))))
        for n, (site, one) in enumerate(messages.items())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _publish(port: int, site: str, messages: Sequence[tuple[str, str, bytes]], every_s: float) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, f"box-{site}", protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    pause = threading.Event()
    for _, topic, payload in messages:
        client.publish(topic, payload, qos=1).wait_for_publish(_ANSWERED_S)
        pause.wait(every_s)
    client.disconnect()
    client.loop_stop()
