"""From a broker: everything all boxes publish, acknowledged only when it is on our disk."""

from __future__ import annotations

import logging
import queue
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgecv.config.broker import parse_broker_url
from edgecv.config.hub import HubBroker
from edgecv.config.secrets import read_secret
from edgecv.console.intake.event_ingest import News, receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.settings import BATCH, BROKER_INFLIGHT, BROKER_PACKET_BYTES, BROKER_SESSION_S, RETRY_S
from edgecv.console.storage import ConsoleDatabase
from edgecv.upstream.bounded_client import BoundedClient

_log = logging.getLogger("edgecv.console")
TOPICS = tuple(f"edgecv/v1/+/+/{leaf}" for leaf in ("incident", "evidence", "update", "device", "state"))
_KEEPALIVE_S = 30
_LEVELS = 5  # of a topic


class BrokerFeed:
    """Brings what boxes publish into the hub's console.

    The broker keeps a session for us: what comes while we are away, or was handed over and not acknowledged, comes
    again. Paho's thread only queues; our own stores batches and then acknowledges them.

    Args:
        broker: the section of the hub file.
        hub_file: the hub file, whose folder file names are relative to.
        database: the console's.
        tell: called with what changed, from the feed's thread.

    Raises:
        ConfigError: a file that the hub file names cannot be read.
    """

    def __init__(
        self, broker: HubBroker, hub_file: Path, database: ConsoleDatabase, tell: Callable[[News], None]
    ) -> None:
        self._address = parse_broker_url(broker.url)
        self._database = database
        self._tell = tell
        self._heard: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-feed", daemon=True)
        self._problem: str | None = "not connected yet"
        self._passed_over = 0
        self._client = self._make_client(broker, hub_file)

    @property
    def problem(self) -> str | None:
        """What is in the way, in plain words; None when nothing is."""
        return self._problem

    def start(self) -> None:
        """Begin; a broker that is not there is waited for."""
        self._thread.start()
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = BROKER_SESSION_S
        kept.ReceiveMaximum = BROKER_INFLIGHT
        kept.MaximumPacketSize = BROKER_PACKET_BYTES
        self._client.connect_async(
            self._address.host, self._address.port, _KEEPALIVE_S, clean_start=False, properties=kept
        )
        self._client.loop_start()

    def stop(self) -> None:
        """End; what was not stored is not acknowledged and comes again."""
        self._stopping.set()
        self._thread.join(5.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _make_client(self, broker: HubBroker, hub_file: Path) -> BoundedClient:
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            broker.client_id,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            max_packet_bytes=BROKER_PACKET_BYTES,
        )
        client.reconnect_delay_set(1, 30)
        user = broker.user or self._address.username
        if user is not None:
            password = self._address.password
            if broker.password_file is not None:
                password = read_secret(broker.password_file, hub_file, "mqtt.password_file")
            client.username_pw_set(user, password)
        if self._address.tls:
            ca_file = None if broker.ca_file is None else str(hub_file.parent / broker.ca_file)
            client.tls_set_context(ssl.create_default_context(cafile=ca_file))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._problem = f"broker {self._address} refused the connection ({reason})"
            _log.warning("%s; trying on", self._problem)
            return
        self._problem = None
        _log.info("broker %s: connected", self._address)
        client.subscribe([(topic, 1) for topic in TOPICS])

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._problem = f"broker {self._address} closed the connection ({self._client.refusal or reason})"

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        # Those of QoS 0 the broker hands over however many we have: nothing else bounds them.
        if message.qos > 0 or self._heard.qsize() < BROKER_INFLIGHT:
            self._heard.put(message)
        else:
            self._passed_over += 1
            if self._passed_over % BROKER_INFLIGHT == 1:
                _log.warning("%d messages of QoS 0 passed over: more came than can be stored", self._passed_over)

    def _run(self) -> None:
        while not self._stopping.is_set():
            batch = self._batch()
            if not batch:
                continue
            news = self._store([_arrival(message) for message in batch])
            if news is None:
                return
            for message in batch:
                self._client.ack(message.mid, message.qos)
            if news:
                self._tell(news)

    def _batch(self) -> list[mqtt.MQTTMessage]:
        batch: list[mqtt.MQTTMessage] = []
        try:
            batch.append(self._heard.get(timeout=0.2))
            while len(batch) < BATCH:
                batch.append(self._heard.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _store(self, arrivals: list[Arrival]) -> News | None:
        """Store a batch, for as long as it takes; None when told to stop meanwhile."""
        while not self._stopping.is_set():
            try:
                return receive(self._database, arrivals)
            except Exception as error:  # the feed's thread must outlive it
                self._problem = f"the database takes nothing ({type(error).__name__})"
                _log.exception("the database takes nothing; trying on")
                self._stopping.wait(RETRY_S)
        return None


def _arrival(message: mqtt.MQTTMessage) -> Arrival:
    try:
        levels = message.topic.split("/")
    except UnicodeDecodeError:
        levels = []
    # a broker that hands over what was not subscribed to gets no further than the messages kept aside
    site, device, kind = levels[2:] if len(levels) == _LEVELS else ("?", "?", "?")
    return read_arrival(site, device, kind, bytes(message.payload), time.time())
