"""What boxes find reaches the console: from the box's own database, and over a real broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from brokers import Broker, running_broker
from console.conftest import COMMUNITIES, arrival_of
from known_bundles import record
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from waiting import wait_for

from edgecv.config.hub import HubBroker
from edgecv.console.intake import broker_feed
from edgecv.console.intake.box_feed import BoxFeed
from edgecv.console.intake.broker_feed import BrokerFeed
from edgecv.console.intake.event_ingest import News, receive
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.settings import BROKER_INFLIGHT, BROKER_PACKET_BYTES, UNCLAIMED_BYTES
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.storage.schema import Device, Incident, QuarantinedEvent
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.retained_states import RetainedStates
from edgecv.untrusted import MAX_JSON_BYTES


@pytest.fixture
def hub(tmp_path: Path) -> ConsoleDatabase:
    made = ConsoleDatabase(sqlite_url(tmp_path))
    set_communities(made, COMMUNITIES)
    return made


def _ids(database: ConsoleDatabase) -> set[str]:
    with database.session(EVERYTHING) as session:
        return set(session.scalars(select(Incident.id)))


def test_a_box_feeds_its_console_whenever_either_began(hub: ConsoleDatabase, tmp_path: Path) -> None:
    told: set[tuple[int, str]] = set()
    feed = BoxFeed(tmp_path / DATABASE, "jialinglu-3", hub, told.update)
    feed.start()
    wait_for(lambda: feed.problem is not None, "it says that there is no box yet")
    with closing(Database(tmp_path / DATABASE)) as database:
        store = IncidentStore(database, tmp_path / "incidents")
        store.add(record("a"))
        candidate = record("doubtful").model_copy(update={"tier": "candidate"})
        store.add(candidate)
        RetainedStates(database).put("north-1", {"state": "online"})
        wait_for(lambda: _ids(hub) == {"a"} and (1, "state") in told, "incident and state")
        feed.stop()
        store.add(record("b"))
        with database.transaction() as connection:
            connection.execute("DELETE FROM messages")  # as the daemon does once all targets have them
        again = BoxFeed(tmp_path / DATABASE, "jialinglu-3", hub, told.update)
        again.start()
        wait_for(lambda: _ids(hub) == {"a", "b"}, "what came while it was away, though its message is gone")
        again.stop()
    assert (1, "incident") in told
    with hub.session(EVERYTHING) as session:
        assert session.scalar(select(func.count()).select_from(Device)) == 1


@contextmanager
def _publisher(port: int) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _publish(port: int, *ids: str) -> None:
    with _publisher(port) as client:
        for incident_id in ids:
            arrival = arrival_of(incident_id)
            client.publish(arrival.topic, arrival.raw, qos=1).wait_for_publish(60)
        client.publish("edgecv/v1/jialinglu-3/north-1/incident", "{", qos=1).wait_for_publish(60)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path, "allow_anonymous true", "max_queued_messages 0") as made:
        yield made


def test_nothing_is_lost_while_the_hub_is_away_or_its_disk_full(
    hub: ConsoleDatabase, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = HubBroker(url=f"mqtt://127.0.0.1:{broker.port}")

    def feed() -> BrokerFeed:
        return BrokerFeed(section, tmp_path / "hub.yaml", hub, lambda _: None)

    first = feed()
    first.start()
    wait_for(lambda: first.problem is None, "connected")
    _publish(broker.port, "a")
    wait_for(lambda: _ids(hub) == {"a"}, "the first")

    tried = threading.Event()

    def full(*_: object) -> None:
        tried.set()
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(broker_feed, "receive", full)
    _publish(broker.port, "b")
    wait_for(tried.is_set, "it tried")
    first.stop()  # b was handed over and never acknowledged
    _publish(broker.port, *(f"c-{n}" for n in range(300)))
    monkeypatch.setattr(broker_feed, "receive", receive)
    second = feed()
    second.start()
    wait_for(lambda: len(_ids(hub)) == 302, "everything")
    second.stop()


def test_a_message_longer_than_any_alarm_stays_with_the_broker_and_what_follows_comes(
    hub: ConsoleDatabase, broker: Broker, tmp_path: Path
) -> None:
    feed = BrokerFeed(HubBroker(url=f"mqtt://127.0.0.1:{broker.port}"), tmp_path / "hub.yaml", hub, lambda _: None)
    feed.start()
    wait_for(lambda: feed.problem is None, "connected")
    with _publisher(broker.port) as client:
        topic = arrival_of("a").topic
        for size in (2 * BROKER_PACKET_BYTES, BROKER_PACKET_BYTES + 1):
            client.publish(topic, b"x" * size, qos=1).wait_for_publish(60)
        client.publish(topic, b"x" * (MAX_JSON_BYTES + 1), qos=1).wait_for_publish(60)  # the hub's own bound
        client.publish(topic, arrival_of("a").raw, qos=1).wait_for_publish(60)
    wait_for(lambda: _ids(hub) == {"a"}, "what followed")
    feed.stop()
    with hub.session(EVERYTHING) as session:
        (aside,) = session.scalars(select(QuarantinedEvent)).all()
    assert len(aside.event) == UNCLAIMED_BYTES
    assert str(MAX_JSON_BYTES) in aside.reason


def test_messages_do_not_pile_up_while_the_database_takes_nothing(
    hub: ConsoleDatabase, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, tried = threading.Event(), threading.Event()

    def failing(*arguments: Any) -> News:
        tried.set()
        if not works.is_set():
            raise OperationalError("INSERT", {}, Exception("disk full"))
        return receive(*arguments)

    monkeypatch.setattr(broker_feed, "receive", failing)
    feed = BrokerFeed(HubBroker(url=f"mqtt://127.0.0.1:{broker.port}"), tmp_path / "hub.yaml", hub, lambda _: None)
    feed.start()
    wait_for(lambda: feed.problem is None, "connected")
    with _publisher(broker.port) as client:
        client.publish("edgecv/v1/jialinglu-3/first/state", '{"state": "online"}', qos=0).wait_for_publish(60)
        wait_for(tried.is_set, "the database is asked")
        for n in range(3 * BROKER_INFLIGHT):
            client.publish(f"edgecv/v1/jialinglu-3/camera-{n}/state", '{"state": "online"}', qos=0).wait_for_publish(60)
        client.publish(arrival_of("a").topic, arrival_of("a").raw, qos=1).wait_for_publish(60)
    assert "the database takes nothing" in str(feed.problem)
    wait_for(lambda: feed._subscriber.waiting == BROKER_INFLIGHT, "as many as may wait")
    works.set()
    wait_for(lambda: _ids(hub) == {"a"}, "the alarm")
    assert feed.problem is None
    feed.stop()


def test_a_message_of_a_topic_that_was_not_asked_for_is_kept_aside_and_the_feed_goes_on(
    hub: ConsoleDatabase, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_feed, "TOPICS", ("#",))  # as a broker might that sends what it likes
    feed = BrokerFeed(HubBroker(url=f"mqtt://127.0.0.1:{broker.port}"), tmp_path / "hub.yaml", hub, lambda _: None)
    feed.start()
    wait_for(lambda: feed.problem is None, "connected")
    with _publisher(broker.port) as client:
        for topic in ("edgecv", "edgecv/v1/jialinglu-3/a/b/c/incident", "edgecv/v1/jialinglu-3/north-1/unheard-of"):
            client.publish(topic, arrival_of("b").raw, qos=1).wait_for_publish(60)
        client.publish(arrival_of("a").topic, arrival_of("a").raw, qos=1).wait_for_publish(60)
    wait_for(lambda: _ids(hub) == {"a"}, "what followed")
    feed.stop()
