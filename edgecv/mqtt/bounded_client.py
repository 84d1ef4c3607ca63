"""paho's MQTT client with bounds on what a broker may send: paho itself takes whatever comes, 256 MB a packet."""

from __future__ import annotations

import errno
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import VariableByteIntegers

from edgecv.messages import broker as messages

MAX_ANSWER_BYTES = 16 * 1024
"""Of any packet but a message: a welcome, or an acknowledgement with a reason in words."""
MAX_PROPERTIES_BYTES = 8 * 1024
"""Of a message's properties. paho reads them in quadratic time: 8 KB in 25 ms, 256 KB in 16 s."""


class UnwantedPacketError(OSError):
    """The broker sends what was not asked for: a packet too large, or a message of QoS 2."""


class BoundedClient(mqtt.Client):
    """Ends the connection as soon as the length of a packet says that it is too large, before any of it is read.

    ``MaximumPacketSize`` of a connection asks the broker for the same (MQTT 5 section 3.1.2.11.4); this is for a broker
    that does not do as it is asked. A message of QoS 2, which nobody here subscribes to, ends it too, for paho would
    keep 65,535 of them. Properties beyond ``MAX_PROPERTIES_BYTES``, which any sender may add, are left out.

    Args:
        max_packet_bytes: what a message may have.

    Attributes:
        refusal: why the connection was ended, in words, or None.
    """

    def __init__(self, *args: Any, max_packet_bytes: int = MAX_ANSWER_BYTES, **more: Any) -> None:
        super().__init__(*args, **more)
        self._max_packet_bytes = max_packet_bytes
        self.refusal: str | None = None

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew; what the last connection was ended for is forgotten."""
        self.refusal = None
        return super().reconnect()

    def _sock_recv(self, bufsize: int) -> bytes:
        packet = self._in_packet
        command = packet["command"]
        is_message = command >> 4 == PacketTypes.PUBLISH
        most = self._max_packet_bytes if is_message else MAX_ANSWER_BYTES
        if packet["remaining_length"] > most:
            self.refusal = messages.LARGE_PACKET(count=most)
        elif is_message and (command >> 1 & 3) > 1:
            self.refusal = messages.QOS_2()
        if self.refusal is not None:
            raise UnwantedPacketError(errno.EMSGSIZE, self.refusal)
        return super()._sock_recv(bufsize)

    def _handle_publish(self) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        has_number = self._in_packet["command"] >> 1 & 3
        at = 2 + int.from_bytes(packet[:2], "big") + (2 if has_number else 0)
        length, used = VariableByteIntegers.decode(bytes(packet[at : at + 4]))  # type: ignore[no-untyped-call]
        if length > MAX_PROPERTIES_BYTES:
            self._in_packet["packet"] = packet[:at] + b"\x00" + packet[at + used + length :]
        return super()._handle_publish()
