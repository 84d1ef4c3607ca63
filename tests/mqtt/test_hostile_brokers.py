"""Brokers that send what nobody asked for: little memory, little time, and the reason in words."""

from __future__ import annotations

import socket
import tracemalloc
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from brokers import running_broker
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from raw_server import CONNACK, raw_server
from waiting import wait_for

from edgecv.config.broker import parse_broker_url
from edgecv.config.devices import MqttInput
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.mqtt import BrokerConnectionError, ConnectOptions, Publisher
from edgecv.mqtt.bounded_client import MAX_ANSWER_BYTES, MAX_PROPERTIES_BYTES

MEGABYTES_60 = 60 * 1024 * 1024


def length(size: int) -> bytes:
    """An MQTT variable byte integer."""
    made = bytearray()
    while True:
        size, digit = divmod(size, 128)
        made.append(digit | (128 if size else 0))
        if not size:
            return bytes(made)


def huge_message(connection: socket.socket) -> None:
    connection.sendall(CONNACK + b"\x30" + length(MEGABYTES_60))
    for _ in range(60):
        connection.sendall(b"x" * 1024 * 1024)


def source(port: int, folder: Path) -> MqttSource:
    return MqttSource(MqttInput(url=f"mqtt://127.0.0.1:{port}"), ["t/#"], "edgecv-test", folder / "box.yaml", "at")


def test_a_message_of_60_mb_takes_no_memory_and_ends_the_connection(tmp_path: Path) -> None:
    with raw_server(huge_message) as port:
        handler = source(port, tmp_path)
        tracemalloc.start()
        wait_for(lambda: handler.take(0.1) or "sent a packet of more than" in str(handler.problem), "the refusal")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 4 * 1024 * 1024
        handler.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x34" + length(10) + b"\x00\x01t\x00\x01\x00abcd",  # QoS 2
        b"\x30" + length(5) + b"\x00\x01t\x01\xff",  # properties that end too early
        b"\x32" + length(3) + b"\xff\xff\x00",  # a topic longer than its packet
        b"\x40" + length(MAX_ANSWER_BYTES + 1) + b"\x00" * (MAX_ANSWER_BYTES + 1),
        b"\xff\xff\xff\xff\xff",
    ],
)
def test_packets_that_are_none_end_the_connection_and_never_the_handler(tmp_path: Path, sent: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(CONNACK + sent)) as port:
        handler = source(port, tmp_path)
        wait_for(lambda: handler.take(0.1) or not str(handler.problem).startswith("connecting"), "the end of it")
        handler.close()


def test_a_topic_that_is_no_text_is_set_aside_and_what_follows_is_heard(tmp_path: Path) -> None:
    def speak(connection: socket.socket) -> None:
        bad, good = b"\x00\x01\xff\x00\x07\x00x", b"\x00\x01t\x00\x08\x00y"
        connection.sendall(CONNACK + b"".join(b"\x32" + length(len(one)) + one for one in (bad, good)))

    with raw_server(speak) as port:
        handler = source(port, tmp_path)
        came: list[Any] = []
        wait_for(lambda: came.extend(handler.take(0.1)) or len(came) >= 2, "both messages")
        assert came[0].refusal == "came on a topic that is not UTF-8"
        assert (came[1].topic, came[1].payload) == ("t", b"y")
        handler.close()


@pytest.mark.service
def test_properties_beyond_their_bound_are_left_out_and_the_message_is_heard(tmp_path: Path) -> None:
    with running_broker(tmp_path, "allow_anonymous true") as broker:
        handler = source(broker.port, tmp_path)
        came: list[Any] = []
        wait_for(lambda: handler.take(0.1) or handler.problem is None, "the subscription")
        bomb, arrived = (Properties(PacketTypes.PUBLISH) for _ in range(2))  # type: ignore[no-untyped-call]
        bomb.UserProperty = [("", "")] * (MAX_PROPERTIES_BYTES // 5 + 1)
        arrived.UserProperty = [("edgecv-arrived", "nan"), ("edgecv-arrived", "1e400"), ("edgecv-arrived", "x")]
        for properties in (bomb, arrived):
            publish(broker.port, properties)
        wait_for(lambda: came.extend(handler.take(0.1)) or len(came) >= 2, "both messages")
        assert [(one.topic, one.payload, one.arrived_s) for one in came] == [("t/1", b"{}", None)] * 2
        handler.done(came)
        handler.close()


def publish(port: int, properties: Properties) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish("t/1", b"{}", 1, properties=properties).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def test_an_upstream_that_sends_a_huge_message_is_left_and_named(tmp_path: Path) -> None:
    with raw_server(huge_message) as port:
        address = parse_broker_url(f"mqtt://127.0.0.1:{port}")
        with pytest.raises(BrokerConnectionError, match="sent a packet of more than"):
            publisher = Publisher(address, ConnectOptions("edgecv-home-mqtt"), lambda _packet, _reason: None)
            for _ in range(200):
                publisher.pump(0.05)
