"""Devices that speak MQTT 5: a session the broker keeps, and each message acknowledged only when told so."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import parse_broker_url
from edgecv.config.devices import MqttInput
from edgecv.config.secrets import read_secret
from edgecv.errors import EdgecvError
from edgecv.handlers.handler_context import DeviceIdentity
from edgecv.handlers.sources.source import CONNECTING, Arrival
from edgecv.untrusted import EARLIEST_S, LATEST_S
from edgecv.upstream.bounded_client import BoundedClient
from edgecv.upstream.tls import tls_context

_log = logging.getLogger("edgecv.handler")
REHEARSAL_TOPIC = "edgecv/rehearsal/time"
ARRIVED = "edgecv-arrived"
"""The user property that says, in a rehearsal, when a message came: seconds since 1970."""
MOST_AT_ONCE = 500
"""Messages the broker sends before the first is acknowledged: what a flood can bring into memory."""
_LONGEST_BYTES = 256 * 1024
_MOST_BYTES_AT_ONCE = 8 * 1024 * 1024
"""Of payloads that are not acknowledged yet; what is more waits in the network."""
_KEEPALIVE_S = 20
_CONNECT_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0


class MqttSource:
    """A subscription that outlives connections.

    Args:
        broker: the broker's section of the box file.
        topics: what to subscribe to, QoS 1.
        client_id: the name the broker keeps our session under; one a device.
        box_file: file names are relative to its folder.
        at: where the broker's section stands in it, for messages.
    """

    def __init__(self, broker: MqttInput, topics: Sequence[str], client_id: str, box_file: Path, at: str) -> None:
        self._broker = broker
        self._address = parse_broker_url(broker.url)
        self._topics = list(dict.fromkeys([*topics, REHEARSAL_TOPIC]))
        self._client_id = client_id
        self._box_file = box_file
        self._at = at
        self._client: BoundedClient | None = None
        self._connection = 0  # packet numbers count anew on each
        self._came: list[Arrival] = []
        self._retry_s = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self._subscribed = False
        self._problem: str | None = f"{CONNECTING}broker {self._address}"

    @classmethod
    def of(cls, who: DeviceIdentity, broker: MqttInput, topics: Sequence[str]) -> MqttSource:
        """The usual one of a device: its section is called ``mqtt``."""
        client_id = f"edgecv-{who.site}-{who.device}-in"
        return cls(broker, topics, client_id, who.box_file, f"devices.{who.device}.mqtt")

    @property
    def problem(self) -> str | None:
        """Why nothing can come, or None."""
        return self._problem

    def take(self, seconds: float) -> Sequence[Arrival]:
        """What came within so many seconds, or as soon as there is as much as may be under way."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0 and not self._is_full():
            if self._client is None:
                if time.monotonic() < self._retry_s:
                    time.sleep(min(left_s, 0.05))
                    continue
                self._connect()
            elif (why := self._pump(self._client, left_s)) is not None:
                self._lost(why)
        came, self._came = self._came, []
        return came

    def _is_full(self) -> bool:
        return len(self._came) >= MOST_AT_ONCE or sum(len(one.payload) for one in self._came) > _MOST_BYTES_AT_ONCE

    @staticmethod
    def _pump(client: BoundedClient, seconds: float) -> str | None:
        """Read and write; why the connection is gone, or None."""
        try:
            code = client.loop(seconds)
        except Exception as error:  # paho raises what it happens to run into with packets that are none
            return f"sent what is not MQTT 5 ({type(error).__name__})"
        return None if code is MQTTErrorCode.MQTT_ERR_SUCCESS else client.refusal or "closed the connection"

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge those of this connection; the broker sends the others again."""
        for arrival in arrivals:
            connection, number, qos = arrival.receipt
            if self._client is not None and connection == self._connection and qos:
                self._client.ack(number, qos)

    def refused(self, arrival: Arrival, reason: str) -> None:
        """Nothing: whoever sent it does not ask."""

    def close(self) -> None:
        """Disconnect; the broker keeps the session."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop(0.1)
            self._drop()

    def _connect(self) -> None:
        try:
            client = self._new_client()
            asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            asked.SessionExpiryInterval = round(self._broker.session_hours * 3600.0)
            asked.ReceiveMaximum = MOST_AT_ONCE
            asked.MaximumPacketSize = _LONGEST_BYTES
            client.connect(self._address.host, self._address.port, _KEEPALIVE_S, clean_start=False, properties=asked)
        except (OSError, ValueError, EdgecvError) as error:
            reason = getattr(error, "strerror", None) or error
            self._lost(f"cannot be reached ({reason})")
            return
        self._connection += 1
        self._client = client

    def _new_client(self) -> BoundedClient:
        broker = self._broker
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            max_packet_bytes=_LONGEST_BYTES,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_S
        user, password = broker.user or self._address.username, self._address.password
        if broker.password_file is not None:
            password = read_secret(broker.password_file, self._box_file, f"{self._at}.password_file")
        if user is not None:
            client.username_pw_set(user, password)
        if self._address.tls:
            files = (broker.ca_file, broker.certificate_file, broker.key_file)
            client.tls_set_context(tls_context(self._box_file, self._at, *files))
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:
            self._problem = f"broker {self._address} refuses the connection ({reason}); check user and password"
            return
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, _c: Any, _u: Any, _m: int, reasons: list[ReasonCode], _p: Any) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        refused = [topic for topic in refused if topic != REHEARSAL_TOPIC]
        if refused:
            self._problem = f"broker {self._address} refuses the subscription to {', '.join(refused)}; check its rules"
            return
        self._problem, self._pause_s = None, _FIRST_PAUSE_S

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        arrived_s = None
        for key, value in getattr(message.properties, "UserProperty", ()):
            if key == ARRIVED:
                arrived_s = _seconds(value)
        receipt = (self._connection, message.mid, message.qos)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            refusal = "came on a topic that is not UTF-8"
            self._came.append(Arrival("", bytes(message.payload), arrived_s, receipt, refusal=refusal))
            return
        is_time = topic == REHEARSAL_TOPIC
        self._came.append(Arrival(topic, bytes(message.payload), arrived_s, receipt, is_time))

    def _lost(self, why: str) -> None:
        if self._problem is None or not self._problem.startswith(f"broker {self._address} refuses"):
            self._problem = f"broker {self._address} {why}"
        self._drop()
        self._retry_s = time.monotonic() + self._pause_s * random.uniform(0.5, 1.0)
        self._pause_s = min(2.0 * self._pause_s, _LONGEST_PAUSE_S)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        socket = client.socket()
        if socket is not None:
            socket.close()
        client.on_connect = client.on_subscribe = client.on_message = None


def _seconds(text: str) -> float | None:
    """A time of the years 2000 to 2100, or None."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if EARLIEST_S <= found < LATEST_S else None
