"""A subscription that outlives connections: messages are acknowledged only once their taker has stored them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import BrokerAddress
from edgecv.errors import EdgecvError
from edgecv.messages import broker as messages
from edgecv.mqtt.connection import AT_LEAST_ONCE, TICK_S, BrokerConnectionError, Connection, ConnectOptions

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Between attempts to connect, drawn from half of it up: many clients must not come back to a broker at once."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message that is not acknowledged yet.

    Attributes:
        topic: where it came, or None where the topic is not UTF-8.
        payload: as it was sent.
        user_properties: name and value of MQTT 5 user properties.
        connection: which connection of the subscriber brought it.
        packet: its number on that connection.
        qos: 0 where nothing is to be acknowledged.
    """

    topic: str | None
    payload: bytes
    user_properties: tuple[tuple[str, str], ...]
    connection: int
    packet: int
    qos: int


@dataclass(frozen=True, slots=True)
class ReceiveLimits:
    """How much may wait to be taken; what is more stays with the broker and in the network.

    Attributes:
        messages: at most.
        payload_bytes: of payloads together.
    """

    messages: int
    payload_bytes: int


class Subscriber:
    """Subscribes to topics with QoS 1, and connects again for as long as it takes. For one thread.

    Args:
        address: the broker.
        topics: topic filters to subscribe to.
        options: what is agreed with the broker; called before each connection, so that a corrected password counts.
        limits: how much may wait to be taken.
        first_problem: what ``problem`` says until the broker has answered or failed.
        optional_topics: filters whose refusal is no problem.
    """

    def __init__(
        self,
        address: BrokerAddress,
        topics: Sequence[str],
        options: Callable[[], ConnectOptions],
        limits: ReceiveLimits,
        *,
        first_problem: str,
        optional_topics: Sequence[str] = (),
    ) -> None:
        self._address = address
        self._topics = list(dict.fromkeys([*topics, *optional_topics]))
        self._optional_topics = frozenset(optional_topics) - frozenset(topics)
        self._options = options
        self._limits = limits
        self._problem: str | None = first_problem
        self._connection: Connection | None = None
        self._connections = 0  # packet numbers start anew on each
        self._waiting: list[Received] = []
        self._waiting_bytes = 0
        self._next_attempt_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    @property
    def problem(self) -> str | None:
        """Why nothing can come, and what to check; None while all topics are subscribed to."""
        return self._problem

    @property
    def waiting(self) -> int:
        """Messages that wait to be taken."""
        return len(self._waiting)

    def take(self, seconds: float) -> Sequence[Received]:
        """The messages that came within so many seconds, or as soon as the limits are reached."""
        self._pump(seconds, return_when_full=True)
        messages, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return messages

    def pump(self, seconds: float) -> None:
        """Keep the connection alive for so many seconds; what comes waits to be taken."""
        self._pump(seconds, return_when_full=False)

    def acknowledge(self, messages: Iterable[Received]) -> None:
        """Acknowledge messages of this connection; those of an earlier one the broker sends again."""
        for message in messages:
            if self._connection is not None and message.connection == self._connections and message.qos:
                self._connection.client.ack(message.packet, message.qos)

    def close(self) -> None:
        """Disconnect; the broker keeps the session, and what was not acknowledged comes again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _pump(self, seconds: float, *, return_when_full: bool) -> None:
        deadline_s = time.monotonic() + seconds
        while (rest_s := deadline_s - time.monotonic()) > 0:
            if self._is_full():
                if return_when_full:
                    return
                time.sleep(min(rest_s, TICK_S))
            elif self._connection is not None:
                try:
                    self._connection.pump(rest_s)
                except BrokerConnectionError as error:
                    self._fail(error.text)
            elif time.monotonic() < self._next_attempt_s:
                time.sleep(min(rest_s, TICK_S))
            else:
                self._connect()

    def _is_full(self) -> bool:
        return len(self._waiting) >= self._limits.messages or self._waiting_bytes > self._limits.payload_bytes

    def _connect(self) -> None:
        try:
            connection = Connection(self._address, self._options())
        except BrokerConnectionError as error:
            self._fail(error.text)
            return
        except (OSError, ValueError, EdgecvError) as error:
            self._fail(
                BrokerConnectionError(
                    self._address, messages.UNREACHABLE(why=getattr(error, "strerror", None) or str(error))
                ).text
            )
            return
        connection.client.on_subscribe = self._on_subscribe
        connection.client.on_message = self._on_message
        self._connection = connection
        self._connections += 1
        connection.on_accepted = self._subscribe

    def _subscribe(self) -> None:
        if self._connection is not None:
            self._connection.client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._topics])

    def _on_subscribe(self, _c: Any, _u: Any, _m: int, reasons: list[ReasonCode], _p: Any) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        refused = [topic for topic in refused if topic not in self._optional_topics]
        if refused:
            self._problem = messages.REFUSES_TOPICS(address=str(self._address), topics=", ".join(refused))
            return
        self._problem, self._pause_s = None, FIRST_PAUSE_S

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic: str | None = message.topic
        except UnicodeDecodeError:
            topic = None
        payload = bytes(message.payload)
        user_properties = tuple(getattr(message.properties, "UserProperty", ()))
        received = Received(topic, payload, user_properties, self._connections, message.mid, message.qos)
        self._waiting.append(received)
        self._waiting_bytes += len(payload)

    def _fail(self, problem: str) -> None:
        if self._problem is None or "refuses the subscription" not in self._problem:
            self._problem = problem
        if self._connection is not None:
            self._connection.drop()
            self._connection = None
        self._next_attempt_s = time.monotonic() + self._pause_s * random.uniform(0.5, 1.0)
        self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)
