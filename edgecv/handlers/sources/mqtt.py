"""Devices that speak MQTT 5: a session the broker keeps, each message acknowledged once its outcome is committed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgecv.config.broker import parse_broker_url
from edgecv.config.devices import MqttInput
from edgecv.handlers.handler_context import DeviceIdentity
from edgecv.handlers.sources.source import Arrival
from edgecv.messages import broker as messages
from edgecv.mqtt import ConnectOptions, Received, ReceiveLimits, Subscriber, read_credentials
from edgecv.untrusted import EARLIEST_S, LATEST_S

REHEARSAL_TOPIC = "edgecv/rehearsal/time"
ARRIVED = "edgecv-arrived"
"""The user property that says, in a rehearsal, when a message came: seconds since 1970."""
MAX_UNACKNOWLEDGED = 500
"""Messages the broker sends before the first is acknowledged: what a flood can bring into memory."""
_MAX_PACKET_BYTES = 256 * 1024
_MAX_UNACKNOWLEDGED_BYTES = 8 * 1024 * 1024
"""Of payloads that are not acknowledged yet; what is more waits in the network."""
_CONNECT_S = 5.0


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
        address = parse_broker_url(broker.url)

        def options() -> ConnectOptions:
            return ConnectOptions(
                client_id=client_id,
                credentials=read_credentials(broker, address, box_file, at),
                session_s=broker.session_hours * 3600.0,
                timeout_s=_CONNECT_S,
                receive_maximum=MAX_UNACKNOWLEDGED,
                max_packet_bytes=_MAX_PACKET_BYTES,
                manual_ack=True,
            )

        self._subscriber = Subscriber(
            address,
            topics,
            options,
            ReceiveLimits(MAX_UNACKNOWLEDGED, _MAX_UNACKNOWLEDGED_BYTES),
            first_problem=messages.CONNECTING(address=str(address)),
            optional_topics=[REHEARSAL_TOPIC],
        )

    @classmethod
    def of(cls, identity: DeviceIdentity, broker: MqttInput, topics: Sequence[str]) -> MqttSource:
        """The usual one of a device: its section is called ``mqtt``."""
        client_id = f"edgecv-{identity.site}-{identity.device}-in"
        return cls(broker, topics, client_id, identity.box_file, f"devices.{identity.device}.mqtt")

    @property
    def problem(self) -> str | None:
        """Why nothing can come, or None."""
        return self._subscriber.problem

    def take(self, seconds: float) -> Sequence[Arrival]:
        """What came within so many seconds, or as soon as there is as much as may be unacknowledged."""
        return [_arrival(message) for message in self._subscriber.take(seconds)]

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge those of this connection; the broker sends the others again."""
        self._subscriber.acknowledge(arrival.receipt for arrival in arrivals)

    def refused(self, arrival: Arrival, reason: str) -> None:
        """Nothing: whoever sent it does not ask."""

    def close(self) -> None:
        """Disconnect; the broker keeps the session."""
        self._subscriber.close()


def _arrival(message: Received) -> Arrival:
    arrived_s = None
    for name, value in message.user_properties:
        if name == ARRIVED:
            arrived_s = _seconds(value)
    if message.topic is None:
        refusal = "came on a topic that is not UTF-8"
        return Arrival("", message.payload, arrived_s, message, refusal=refusal)
    return Arrival(message.topic, message.payload, arrived_s, message, message.topic == REHEARSAL_TOPIC)


def _seconds(text: str) -> float | None:
    """A time of the years 2000 to 2100, or None."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if EARLIEST_S <= seconds < LATEST_S else None
