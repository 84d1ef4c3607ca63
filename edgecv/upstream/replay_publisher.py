"""Incidents to an MQTT 5 broker, each acknowledged before the next is sent."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import BrokerAddress, parse_broker_url
from edgecv.errors import ConfigError, EdgecvError
from edgecv.incidents.cloudevents import CONTENT_TYPE, encode, incident_event
from edgecv.incidents.record import Incident
from edgecv.upstream.bounded_client import MAX_ANSWER_BYTES, BoundedClient

TIMEOUT_S = 10.0
"""Longest wait for each answer of the broker. A broker on a slow mobile link answers within 2-3 s."""

AT_LEAST_ONCE = 1


class BrokerError(EdgecvError):
    """Incidents could not be handed to the broker; ``pushed`` holds the ids of those that were."""

    exit_code = 1

    def __init__(self, message: str, pushed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.pushed = pushed


@dataclass(frozen=True, slots=True)
class PushResult:
    """What the broker confirmed.

    Attributes:
        broker: its address, without user and password.
        pushed: ids of the incidents it acknowledged, in order.
        unheard: those of them that it said nobody had subscribed to.
    """

    broker: str
    pushed: tuple[str, ...]
    unheard: tuple[str, ...] = ()


def incident_topic(incident: Incident) -> str:
    """The topic an incident is published on.

    Raises:
        ConfigError: site or device do not fit into one level of a topic.
    """
    for name in (incident.site, incident.device):
        if not name or any(c in "/+#\0" for c in name):
            raise ConfigError(
                f"'{name}' cannot be one level of an MQTT topic; rename the site or camera in the box file"
            )
    return f"edgecv/v1/{incident.site}/{incident.device}/incident"


def publish_incidents(
    url: str,
    incidents: Sequence[Incident],
    *,
    timeout_s: float = TIMEOUT_S,
    kept_in: Path | None = None,
) -> PushResult:
    """Publish incidents to ``mqtt://[user:password@]HOST[:PORT]`` (``mqtts`` for TLS), MQTT 5, QoS 1, in order.

    Returns when the broker has acknowledged every one; with no incidents it does not connect at all.

    Args:
        url: address of the broker.
        incidents: what to publish; only ``tier == "incident"``, since candidates are never alarms.
        timeout_s: longest wait for each answer of the broker, seconds.
        kept_in: folder that holds the incidents, for the message when they could not be pushed.

    Raises:
        ConfigError: the address is wrong.
        BrokerError: the broker cannot be reached, refuses, or goes away; one line that says what was not pushed.
        ValueError: a candidate is among the incidents.
    """
    address = parse_broker_url(url)
    candidates = [incident.id for incident in incidents if incident.tier != "incident"]
    if candidates:
        raise ValueError(f"candidates are never pushed, but {', '.join(candidates)} would be; pass incidents only")
    messages = [(incident.id, incident_topic(incident), encode(incident_event(incident))) for incident in incidents]
    pushed: list[str] = []
    unheard: list[str] = []
    refused: list[str] = []
    if not messages:
        return PushResult(str(address), ())
    try:
        with _Session(address, timeout_s) as session:
            for incident_id, topic, payload in messages:
                answer = session.publish(topic, payload)
                if answer.is_failure:
                    refused.append(str(answer))
                    continue
                pushed.append(incident_id)
                if answer.getName() == "No matching subscribers":
                    unheard.append(incident_id)
    except _BrokerFailureError as failure:
        raise BrokerError(_message(address, failure.why, len(messages), len(pushed), kept_in), tuple(pushed)) from None
    if refused:
        why = f"refused incidents ({', '.join(dict.fromkeys(refused))})"
        raise BrokerError(_message(address, why, len(messages), len(pushed), kept_in), tuple(pushed))
    return PushResult(str(address), tuple(pushed), tuple(unheard))


def _message(address: BrokerAddress, why: str, total: int, pushed: int, kept_in: Path | None) -> str:
    left = total - pushed
    count = f"{left} {'incident' if left == 1 else 'incidents'}" if not pushed else f"{left} of {total} incidents"
    is_or_are, was_or_were = ("is", "was") if left == 1 else ("are", "were")
    where = f" {is_or_are} on disk in {kept_in} but" if kept_in is not None else ""
    return f"broker {address} {why}; {count}{where} {was_or_were} not pushed"


class _BrokerFailureError(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Answer:
    """What paho's network thread heard: ``mid`` of a PUBACK, ``None`` for CONNACK and the end of the connection."""

    kind: str
    reason: ReasonCode
    mid: int | None = None


class _Session:
    """One connection. Paho's thread puts what it hears into a queue; only the caller's thread decides."""

    def __init__(self, address: BrokerAddress, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._heard: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        client = BoundedClient(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = timeout_s
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        self._client = client

    def __enter__(self) -> Self:
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _connect(self) -> None:
        # The keep-alive bounds how long paho's thread can hang on a network that went silent.
        keepalive_s = max(1, round(self._timeout_s))
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        asked.MaximumPacketSize = MAX_ANSWER_BYTES
        try:
            self._client.connect(
                self._address.host, self._address.port, keepalive_s, clean_start=True, properties=asked
            )
        except (OSError, ValueError) as error:  # ValueError: a host name that no resolver takes
            raise _BrokerFailureError(f"cannot be reached ({_reason(error)})") from error
        self._client.loop_start()
        answer = self._next("CONNACK")
        if answer.reason.is_failure:
            raise _BrokerFailureError(f"refused the connection ({answer.reason})")

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> ReasonCode:
        """Send one message and wait for the broker's PUBACK; its reason code may be a refusal."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = CONTENT_TYPE
        properties.PayloadFormatIndicator = 1  # UTF-8 text, MQTT 5 section 3.3.2.3.2
        sent = self._client.publish(topic, payload, qos=AT_LEAST_ONCE, properties=properties)
        while True:
            answer = self._next("PUBACK")
            if answer.mid == sent.mid:
                return answer.reason

    def _next(self, awaited: str) -> _Answer:
        try:
            answer = self._heard.get(timeout=self._timeout_s)
        except queue.Empty:
            raise _BrokerFailureError(f"gave no answer within {self._timeout_s:g} s ({awaited} awaited)") from None
        if answer.kind == "closed":
            raise _BrokerFailureError(f"closed the connection ({answer.reason})")
        return answer

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, reason: ReasonCode, _p: Any) -> None:
        self._heard.put(_Answer("connected", reason))

    def _on_publish(self, _c: Any, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        self._heard.put(_Answer("published", reason, mid))

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, reason: ReasonCode, _p: Any) -> None:
        self._heard.put(_Answer("closed", reason))


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
