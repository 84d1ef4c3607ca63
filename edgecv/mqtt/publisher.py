"""Publishing with QoS 1 over one connection: each packet has a number, and the broker's answer names it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import BrokerAddress
from edgecv.messages import broker as messages
from edgecv.mqtt.connection import AT_LEAST_ONCE, TICK_S, BrokerConnectionError, Connection, ConnectOptions
from edgecv.mqtt.publication import Publication

UNFIT = frozenset({0x90, 0x95, 0x99})
"""Reasons to hang up that lie in one packet: its topic, its size, its payload (MQTT 5 section 3.14.2.1)."""

OnAnswer = Callable[[int, ReasonCode], None]
"""Called with a packet's number and the broker's answer to it."""


class Publisher:
    """A connection that stands when ``__init__`` returns.

    Args:
        address: the broker.
        options: what is agreed with it.
        on_answer: called with every answer, from within ``pump`` and ``close``.

    Raises:
        BrokerConnectionError: the broker does not answer, or does not let us in.
    """

    def __init__(self, address: BrokerAddress, options: ConnectOptions, on_answer: OnAnswer) -> None:
        self._address = address
        self._on_answer = on_answer
        self._connection = Connection(address, options)
        self._connection.client.on_publish = self._on_publish
        try:
            self._await_connack(options.timeout_s)
        except BaseException:
            self._connection.drop()
            raise

    @property
    def receive_maximum(self) -> int:
        """Packets the broker wants to have under way."""
        return self._connection.receive_maximum

    @property
    def largest_packet(self) -> int | None:
        """Bytes of the largest packet that the broker takes, or None where it names no bound."""
        return self._connection.largest_packet

    def publish(self, publication: Publication) -> int:
        """Send one packet and return its number; the answer comes by ``on_answer``.

        Raises:
            ValueError: it cannot be sent at all: a topic that is none, or more bytes than the broker takes.
            BrokerConnectionError: the connection is gone.
        """
        connection = self._connection
        properties = _properties(publication)
        topic = publication.topic.encode()
        # header 1 + 4, length of the topic 2, packet number 2
        size = 9 + len(topic) + len(properties.pack()) + len(publication.payload)  # type: ignore[no-untyped-call]
        if connection.largest_packet is not None and size > connection.largest_packet:
            raise ValueError(f"{size} bytes are more than the broker takes ({connection.largest_packet})")
        retain = publication.retain and connection.can_retain
        message_info = connection.client.publish(
            publication.topic, publication.payload, AT_LEAST_ONCE, retain, properties
        )
        if message_info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise connection.failure()
        return message_info.mid

    def pump(self, seconds: float) -> None:
        """Read and write for up to so many seconds, or until a packet came.

        Raises:
            BrokerConnectionError: the connection is gone.
        """
        self._connection.pump(seconds)

    def close(self, *, clean: bool = True) -> None:
        """End the connection; unless ``clean`` the broker then publishes the last will."""
        self._connection.close(with_will=not clean)

    def _await_connack(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while self._connection.connack is None:
            if time.monotonic() > deadline_s:
                raise BrokerConnectionError(self._address, messages.NO_ANSWER(time=timeout_s))
            self._connection.pump(TICK_S)

    def _on_publish(self, _c: Any, _u: Any, packet: int, reason: ReasonCode, _p: Any) -> None:
        self._on_answer(packet, reason)


def _properties(publication: Publication) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if publication.content_type is not None:
        properties.ContentType = publication.content_type
        properties.PayloadFormatIndicator = 1  # UTF-8 text, MQTT 5 section 3.3.2.3.2
    for pair in publication.user_properties:
        properties.UserProperty = pair
    return properties
