"""From a broker: everything all boxes publish, acknowledged only when it is on our disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from edgecv.config.broker import parse_broker_url
from edgecv.config.hub import HubBroker
from edgecv.console.intake.event_ingest import News, receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.settings import (
    BATCH,
    BROKER_INFLIGHT,
    BROKER_PACKET_BYTES,
    BROKER_SESSION_S,
    BROKER_WAITING_BYTES,
    RETRY_S,
)
from edgecv.console.storage import ConsoleDatabase
from edgecv.messages import console as messages
from edgecv.mqtt import ConnectOptions, Received, ReceiveLimits, Subscriber, read_credentials

_log = logging.getLogger("edgecv.console")
TOPICS = tuple(f"edgecv/v1/+/+/{leaf}" for leaf in ("incident", "evidence", "update", "device", "state"))
_KEEPALIVE_S = 30
_TOPIC_LEVELS = 5
_WAIT_S = 0.1
_STOP_S = 5.0


class BrokerFeed:
    """Brings what boxes publish into the hub's console.

    The broker keeps a session for us: what comes while we are away, or was handed over and not acknowledged, comes
    again. One thread reads, stores batches, and then acknowledges them; while a batch is stored the broker waits.

    Args:
        broker: the section of the hub file.
        hub_file: the hub file, whose folder file names are relative to.
        database: the console's.
        notify: called with what changed, from the feed's thread.

    Raises:
        ConfigError: a file that the hub file names cannot be read.
    """

    def __init__(
        self, broker: HubBroker, hub_file: Path, database: ConsoleDatabase, notify: Callable[[News], None]
    ) -> None:
        self._address = parse_broker_url(broker.url)
        self._database = database
        self._notify = notify
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-feed", daemon=True)
        self._database_problem: str | None = None
        self._was_connected = False
        first = ConnectOptions(
            client_id=broker.client_id,
            credentials=read_credentials(broker, self._address, hub_file, "mqtt"),
            session_s=BROKER_SESSION_S,
            keepalive_s=_KEEPALIVE_S,
            receive_maximum=BROKER_INFLIGHT,
            max_packet_bytes=BROKER_PACKET_BYTES,
            manual_ack=True,
        )
        self._subscriber = Subscriber(
            self._address,
            TOPICS,
            lambda: replace(first, credentials=read_credentials(broker, self._address, hub_file, "mqtt")),
            ReceiveLimits(BROKER_INFLIGHT, BROKER_WAITING_BYTES),
            first_problem=messages.NOT_CONNECTED(),
        )

    @property
    def problem(self) -> str | None:
        """Why no events come, and what to check; None while they do."""
        return self._database_problem or self._subscriber.problem

    def start(self) -> None:
        """Begin; a broker that does not answer is tried again and again."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not stored is not acknowledged and comes again."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._step()
        finally:
            self._subscriber.close()

    def _step(self) -> None:
        messages = self._subscriber.take(_WAIT_S)
        self._log_connection()
        for first in range(0, len(messages), BATCH):
            self._take_in(messages[first : first + BATCH])

    def _take_in(self, messages: Sequence[Received]) -> None:
        news = self._store([_arrival(message) for message in messages])
        if news is None:
            return
        self._subscriber.acknowledge(messages)
        if news:
            self._notify(news)

    def _store(self, arrivals: list[Arrival]) -> News | None:
        """Store a batch, for as long as it takes; None when told to stop meanwhile."""
        while not self._stopping.is_set():
            try:
                news = receive(self._database, arrivals)
            except Exception as error:  # the feed's thread must outlive it
                self._database_problem = messages.DATABASE_TAKES_NOTHING(kind=type(error).__name__)
                _log.exception("the database takes nothing; the events are tried again")
                self._wait(RETRY_S)
            else:
                self._database_problem = None
                return news
        return None

    def _wait(self, seconds: float) -> None:
        """Keep the connection alive meanwhile, and end soon when told to stop."""
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s and not self._stopping.is_set():
            self._subscriber.pump(_WAIT_S)

    def _log_connection(self) -> None:
        problem = self._subscriber.problem
        if (problem is None) == self._was_connected:
            return
        self._was_connected = problem is None
        if problem is None:
            _log.info("broker %s: connected", self._address)
        else:
            _log.warning("%s; it is tried again", problem)


def _arrival(message: Received) -> Arrival:
    levels = [] if message.topic is None else message.topic.split("/")
    # a broker that hands over what was not subscribed to gets no further than the messages kept aside
    site, device, kind = levels[2:] if len(levels) == _TOPIC_LEVELS else ("?", "?", "?")
    return read_arrival(site, device, kind, message.payload, time.time())
