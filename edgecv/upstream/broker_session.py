"""One connection to an MQTT 5 broker, over paho-mqtt: opened, driven and closed by the thread that owns it.

Every connection gets a paho client of its own, so that paho never keeps messages from one connection to the next: what
is still to be sent is the outbox's business alone.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgecv.config.broker import BrokerAddress
from edgecv.upstream.bounded_client import MAX_ANSWER_BYTES, BoundedClient
from edgecv.upstream.link_protocol import UndeliveredError
from edgecv.upstream.profiles import Publication
from edgecv.upstream.tls import alert_problem, tls_problem

KEEPALIVE_S = 20
AT_LEAST_ONCE = 1
_TICK_S = 0.05
_FAREWELL_S = 0.5
_LONGEST_EXPIRY_S = 0xFFFF_FFFE  # one more would mean for ever, MQTT 5 section 3.1.2.11.2
_UNSPECIFIED, _BAD_LOGIN, _NOT_AUTHORIZED, _TAKEN_OVER = 0x80, 0x86, 0x87, 0x8E
UNFIT = frozenset({0x90, 0x95, 0x99})
"""Reasons to hang up that lie in one packet: its topic, its size, its payload (MQTT 5 section 3.14.2.1)."""

Heard = Callable[[int, ReasonCode], None]
"""Called with a packet's number and the broker's answer to it."""


class HungUpError(UndeliveredError):
    """The broker ended the connection; ``reason`` is its code where it gave one."""

    def __init__(self, why: str, reason: int | None) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are to a broker.

    Attributes:
        client_id: the name our session goes by; it outlives connections.
        user: user name, if any.
        password: password, if any.
        tls: whom we trust; ``None`` for plain TCP.
        session_s: how long the broker remembers the session, seconds.
        will: what it publishes when we vanish.
        under_way: packets sent before the first is answered; paho holds back what is more.
    """

    client_id: str
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None
    session_s: float
    will: Publication | None
    under_way: int

    def __repr__(self) -> str:
        return f"Login({self.client_id})"


class BrokerSession:
    """A connection that stands when ``__init__`` returns; ``takes`` is how many packets the broker wants under way.

    Args:
        address: the broker.
        login: who we are.
        heard: told of every answer, from within ``pump`` and ``close``.
        timeout_s: longest wait for the connection and for the broker's welcome, each.

    Raises:
        UndeliveredError: it does not answer, or does not let us in.
    """

    def __init__(self, address: BrokerAddress, login: Login, heard: Heard, timeout_s: float) -> None:
        self._address = address
        self._heard = heard
        self._welcome: ReasonCode | None = None
        self._ended: ReasonCode | None = None
        self._logged = ""
        self._largest: int | None = None
        self._retains = True
        self.takes = login.under_way
        client = BoundedClient(
            CallbackAPIVersion.VERSION2, login.client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = timeout_s
        client.max_inflight_messages = login.under_way
        if login.user is not None:
            client.username_pw_set(login.user, login.password)
        if login.tls is not None:
            client.tls_set_context(login.tls)
        if login.will is not None:
            client.will_set(login.will.topic, login.will.payload, AT_LEAST_ONCE, retain=True)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        self._client = client
        try:
            self._open(login, timeout_s)
        except BaseException:
            self._drop()
            raise

    def _open(self, login: Login, timeout_s: float) -> None:
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        asked.MaximumPacketSize = MAX_ANSWER_BYTES
        asked.SessionExpiryInterval = min(_LONGEST_EXPIRY_S, round(login.session_s))
        try:
            self._client.connect(
                self._address.host, self._address.port, KEEPALIVE_S, clean_start=False, properties=asked
            )
        except ssl.SSLError as error:
            raise UndeliveredError(f"broker {self._address} {tls_problem(error)}") from None
        except (OSError, ValueError) as error:  # ValueError: a host name that no resolver takes
            raise UndeliveredError(f"broker {self._address} cannot be reached ({_reason(error)})") from None
        until_s = time.monotonic() + timeout_s
        while self._welcome is None:
            if time.monotonic() > until_s:
                raise UndeliveredError(f"broker {self._address} gave no answer within {timeout_s:.0f} s")
            self.pump(_TICK_S)
        if self._welcome.is_failure:
            raise UndeliveredError(self._refusal(self._welcome))

    def _refusal(self, reason: ReasonCode) -> str:
        advice = "; check user and password" if reason.value in {_BAD_LOGIN, _NOT_AUTHORIZED} else ""
        return f"broker {self._address} refuses the connection ({reason}){advice}"

    def publish(self, publication: Publication) -> int:
        """Send one packet and return its number; the answer comes by ``heard``.

        Raises:
            ValueError: it cannot be sent at all: a topic that is none, or more bytes than the broker takes.
            UndeliveredError: the connection is gone.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = publication.content_type
        properties.PayloadFormatIndicator = 1  # UTF-8 text, MQTT 5 section 3.3.2.3.2
        topic = publication.topic.encode()
        # header 1 + 4, length of the topic 2, packet number 2
        size = 9 + len(topic) + len(properties.pack()) + len(publication.payload)  # type: ignore[no-untyped-call]
        if self._largest is not None and size > self._largest:
            raise ValueError(f"{size} bytes are more than the broker takes ({self._largest})")
        retain = publication.retain and self._retains
        sent = self._client.publish(publication.topic, publication.payload, AT_LEAST_ONCE, retain, properties)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._gone()
        return sent.mid

    def pump(self, seconds: float) -> None:
        """Read and write for up to so many seconds, or until something came.

        Raises:
            HungUpError: the connection is gone.
        """
        try:
            code = self._client.loop(seconds)
        except Exception as error:  # paho raises what it happens to run into with packets that are none
            what = f"sent what is not MQTT 5 ({type(error).__name__})"
            raise HungUpError(f"broker {self._address} {what}", None) from error
        if self._welcome is not None and self._welcome.is_failure:
            return
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or self._ended is not None:
            raise self._gone()

    def close(self, *, clean: bool) -> None:
        """End the connection; unless ``clean`` the broker then publishes the last will."""
        reason = None if clean else ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message")
        self._client.disconnect(reason)
        until_s = time.monotonic() + _FAREWELL_S
        while self._client.socket() is not None and time.monotonic() < until_s:
            self._client.loop(_TICK_S)  # only where the network takes no more bytes is there anything to wait for
        self._drop()

    def _drop(self) -> None:
        socket = self._client.socket()
        if socket is not None:
            socket.close()
        # paho closes the rest of its sockets when it is collected: the callbacks would make it wait for that
        self._client.on_connect = self._client.on_publish = self._client.on_disconnect = self._client.on_log = None

    def _gone(self) -> HungUpError:
        code = None if self._ended is None else int(self._ended.value)
        if self._client.refusal is not None:
            why = self._client.refusal
        elif "ALERT" in self._logged:
            why = alert_problem(self._logged)
        elif self._welcome is None and self._address.tls:
            # over TLS 1.3 a client learns only now that its certificate was wanted, and often nothing but the end
            why = "hung up before its welcome; if it asks for the box's own certificate, give certificate_file"
        elif self._welcome is None:
            why = "hung up before its welcome; check that it speaks MQTT 5 on this port, and whether it wants mqtts://"
        elif code == _TAKEN_OVER:
            why = "closed the connection: another box has the same site and target name, and so the same client id"
        else:
            told = self._ended is not None and code != _UNSPECIFIED
            why = f"closed the connection ({self._ended if told else 'no reason given'})"
        return HungUpError(f"broker {self._address} {why}", code)

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, told: Properties | None) -> None:
        self._welcome = reason
        self._largest = getattr(told, "MaximumPacketSize", None)
        self._retains = bool(getattr(told, "RetainAvailable", 1))
        self.takes = max(1, int(getattr(told, "ReceiveMaximum", 65535)))

    def _on_publish(self, _c: Any, _u: Any, packet: int, reason: ReasonCode, _p: Any) -> None:
        self._heard(packet, reason)

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._ended = reason

    def _on_log(self, _c: Any, _u: Any, level: LogLevel | int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR and not self._logged:  # the only place where paho tells of a TLS alert
            self._logged = text


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
