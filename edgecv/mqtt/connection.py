"""One connection to an MQTT 5 broker, over paho-mqtt: opened, driven and closed by the thread that owns it.

Every connection has a paho client of its own, so that paho never carries messages over to the next connection: what is
still to be sent, or to be acknowledged, is the caller's business alone.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import BrokerAddress
from edgecv.messages import broker as messages
from edgecv.mqtt.bounded_client import MAX_ANSWER_BYTES, BoundedClient
from edgecv.mqtt.publication import Publication
from edgecv.tls import alert_problem, system_tls_context, tls_problem

AT_LEAST_ONCE = 1
KEEPALIVE_S = 20
"""Seconds between signs of life; a connection that died is noticed within twice that."""
TICK_S = 0.05
"""Longest single wait for the network, seconds: how late a deadline is noticed."""
_DISCONNECT_S = 0.5
"""How long the last packet may take to leave, seconds."""
_LONGEST_EXPIRY_S = 0xFFFF_FFFE  # one more would mean for ever, MQTT 5 section 3.1.2.11.2
_UNSPECIFIED, _BAD_LOGIN, _NOT_AUTHORIZED, _TAKEN_OVER = 0x80, 0x86, 0x87, 0x8E  # MQTT 5 section 2.4


class BrokerConnectionError(Exception):
    """A connection failed.

    Args:
        address: the broker.
        problem: what failed and what to check; follows the broker's name.
        reason_code: the broker's reason code, where it gave one.
    """

    def __init__(self, address: BrokerAddress, problem: str, reason_code: int | None = None) -> None:
        self.text = messages.PROBLEM(address=str(address), why=problem)
        super().__init__(self.text)
        self.problem = problem
        self.reason_code = reason_code


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a broker, and whom we trust.

    Attributes:
        user: user name, if any.
        password: password, if any.
        tls: None for plain TCP.
    """

    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None

    @classmethod
    def of_address(cls, address: BrokerAddress) -> Self:
        """Those that the address itself holds, with the certificates that the system trusts."""
        return cls(address.username, address.password, system_tls_context() if address.tls else None)

    def __repr__(self) -> str:
        return "Credentials(...)"


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """What is agreed with the broker when a connection begins.

    Attributes:
        client_id: the name our session goes by; empty for one that the broker chooses.
        credentials: who we are.
        session_s: how long the broker keeps the session after a connection, seconds.
        will: what the broker publishes when we vanish.
        keepalive_s: longest silence on the connection, seconds.
        timeout_s: longest wait for the connection and for the broker's CONNACK, each, seconds.
        max_inflight: packets we send before the first is answered; paho holds back what is more.
        receive_maximum: messages the broker sends before the first is acknowledged; None for the protocol's 65,535.
        max_packet_bytes: largest packet the broker may send.
        clean_start: whether the broker forgets an earlier session of this name.
        manual_ack: whether received messages are acknowledged by the caller.
    """

    client_id: str = ""
    credentials: Credentials = Credentials()
    session_s: float = 0.0
    will: Publication | None = None
    keepalive_s: int = KEEPALIVE_S
    timeout_s: float = 10.0
    max_inflight: int = 20
    receive_maximum: int | None = None
    max_packet_bytes: int = MAX_ANSWER_BYTES
    clean_start: bool = False
    manual_ack: bool = False


class Connection:
    """A TCP or TLS connection on which CONNECT was sent; ``connack`` is set once ``pump`` has read the answer.

    Args:
        address: the broker.
        options: what is agreed.

    Raises:
        BrokerConnectionError: the broker cannot be reached, or TLS fails.
    """

    def __init__(self, address: BrokerAddress, options: ConnectOptions) -> None:
        self.address = address
        self.connack: ReasonCode | None = None
        self.largest_packet: int | None = None
        """Bytes of the largest packet that the broker takes, or None where it names no bound."""
        self.can_retain = True
        self.on_accepted: Callable[[], None] = lambda: None
        """Called from within ``pump`` when the broker lets us in."""
        self.receive_maximum = options.max_inflight
        """Packets the broker wants to have under way."""
        self._disconnect: ReasonCode | None = None
        self._error_log = ""
        self.client = self._new_client(options)
        try:
            self._connect(options)
        except BaseException:
            self.drop()
            raise

    def _new_client(self, options: ConnectOptions) -> BoundedClient:
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            options.client_id,
            max_packet_bytes=options.max_packet_bytes,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=options.manual_ack,
        )
        client.connect_timeout = options.timeout_s
        client.max_inflight_messages = options.max_inflight
        credentials = options.credentials
        if credentials.user is not None:
            client.username_pw_set(credentials.user, credentials.password)
        if credentials.tls is not None:
            client.tls_set_context(credentials.tls)
        if options.will is not None:
            client.will_set(options.will.topic, options.will.payload, AT_LEAST_ONCE, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        return client

    def _connect(self, options: ConnectOptions) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = options.max_packet_bytes
        properties.SessionExpiryInterval = min(_LONGEST_EXPIRY_S, round(options.session_s))
        if options.receive_maximum is not None:
            properties.ReceiveMaximum = options.receive_maximum
        address = self.address
        try:
            self.client.connect(
                address.host,
                address.port,
                options.keepalive_s,
                clean_start=options.clean_start,
                properties=properties,
            )
        except ssl.SSLError as error:
            raise BrokerConnectionError(address, tls_problem(error)) from None
        except (OSError, ValueError) as error:  # ValueError: a host name that no resolver takes
            raise BrokerConnectionError(address, messages.UNREACHABLE(why=_reason(error))) from None

    def pump(self, seconds: float) -> None:
        """Read and write for up to so many seconds, or until a packet came.

        Raises:
            BrokerConnectionError: the connection is gone, or the broker refuses it.
        """
        try:
            code = self.client.loop(seconds)
        except Exception as error:  # paho raises what it happens to run into with packets that are none
            problem = messages.NOT_MQTT(kind=type(error).__name__)
            raise BrokerConnectionError(self.address, problem) from error
        refused = self.connack is not None and self.connack.is_failure
        if refused or code is not MQTTErrorCode.MQTT_ERR_SUCCESS or self._disconnect is not None:
            raise self.failure()

    def failure(self) -> BrokerConnectionError:
        """Why this connection, which is gone, ended."""
        reason = self._disconnect
        code = None if reason is None else int(reason.value)
        if self.client.refusal is not None:
            problem = self.client.refusal
        elif self.connack is not None and self.connack.is_failure:
            code = int(self.connack.value)
            is_login = code in {_BAD_LOGIN, _NOT_AUTHORIZED}
            problem = (messages.REFUSES_LOGIN if is_login else messages.REFUSES)(why=str(self.connack))
        elif "ALERT" in self._error_log:
            problem = alert_problem(self._error_log)
        elif self.connack is None and self.address.tls:
            # over TLS 1.3 a client learns only now that its certificate was wanted, and often nothing but the end
            problem = messages.WANTS_CERTIFICATE()
        elif self.connack is None:
            problem = messages.HUNG_UP()
        elif code == _TAKEN_OVER:
            problem = messages.ANOTHER_BOX()
        else:
            has_reason = reason is not None and code != _UNSPECIFIED
            problem = messages.CLOSED_FOR(why=str(reason) if has_reason else messages.NO_REASON())
        return BrokerConnectionError(self.address, problem, code)

    def close(self, *, with_will: bool = False) -> None:
        """End the connection; ``with_will`` the broker then publishes the last will."""
        reason = ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message") if with_will else None
        self.client.disconnect(reason)
        deadline_s = time.monotonic() + _DISCONNECT_S
        while self.client.socket() is not None and time.monotonic() < deadline_s:
            self.client.loop(TICK_S)  # only where the network takes no more bytes is there anything to wait for
        self.drop()

    def drop(self) -> None:
        """Close the socket without a word."""
        socket = self.client.socket()
        if socket is not None:
            socket.close()
        # paho closes the rest of its sockets when it is collected: callbacks would keep it from that
        client = self.client
        client.on_connect = client.on_publish = client.on_disconnect = client.on_log = None
        client.on_subscribe = client.on_message = None
        self.on_accepted = lambda: None

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, properties: Properties | None) -> None:
        self.connack = reason
        self.largest_packet = getattr(properties, "MaximumPacketSize", None)
        self.can_retain = bool(getattr(properties, "RetainAvailable", 1))
        self.receive_maximum = max(1, int(getattr(properties, "ReceiveMaximum", 65535)))
        if not reason.is_failure:
            self.on_accepted()

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._disconnect = reason

    def _on_log(self, _c: Any, _u: Any, level: LogLevel | int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR and not self._error_log:  # the only place where paho reports a TLS alert
            self._error_log = text


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
