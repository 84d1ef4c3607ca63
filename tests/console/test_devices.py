"""Alarms of other devices in the console: taken in once, in any order, shown as what they are."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from brokers import Broker, running_broker
from console.conftest import COMMUNITIES, Office
from console.older_databases import older_sqlite
from daemon.conftest import daemon as daemon_fixture
from paho.mqtt.enums import CallbackAPIVersion
from running import Daemon
from sqlalchemy import func, select
from waiting import wait_for

from edgecv.cli import main
from edgecv.config.hub import HubBroker
from edgecv.console.accounts.roles import Role
from edgecv.console.intake.box_feed import BoxFeed
from edgecv.console.intake.broker_feed import BrokerFeed
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.storage.schema import Incident, QuarantinedEvent
from edgecv.incidents.alarm import Alarm
from edgecv.incidents.cloudevents import INCIDENT_TYPE, encode, incident_event, update_event
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_rows import insert_record
from edgecv.storage.outbox import add_message

daemon = daemon_fixture


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path, "allow_anonymous true") as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ConsoleDatabase]:
    (tmp_path / "hub").mkdir()
    made = ConsoleDatabase(sqlite_url(tmp_path / "hub"))
    set_communities(made, COMMUNITIES)
    yield made
    made.close()


def alarm(alarm_id: str = "a-1", **fields: Any) -> Alarm:
    """A cover that was moved."""
    given = {
        "id": alarm_id,
        "kind": "manhole_moved",
        "tier": "incident",
        "site": "jialinglu-3",
        "device": "covers",
        "subject": "cover-17",
        "started_at": "2026-05-01T08:00:00Z",
        "text": "cover-17 is open",
        "details": {"cover": "cover-17", "tilt_deg": 31.5, "opened": True},
        "software": {"version": "0.1.0", "config_sha256": None},
    }
    return Alarm.model_validate(given | fields)


def raised(given: Alarm) -> Arrival:
    return read_arrival(given.site, given.device, "incident", encode(incident_event(given)).decode(), 1.8e9)


def updated(given: Alarm, minute: int) -> Arrival:
    event = update_event(given, f"update-{minute}", f"2026-05-01T08:{minute:02}:00Z")
    return read_arrival(given.site, given.device, "update", encode(event).decode(), 1.8e9)


def rows(database: ConsoleDatabase) -> list[Incident]:
    with database.session(EVERYTHING) as session:
        return list(session.scalars(select(Incident).order_by(Incident.key)))


def unclaimed(database: ConsoleDatabase) -> int:
    with database.session(EVERYTHING) as session:
        return session.scalar(select(func.count()).select_from(QuarantinedEvent)) or 0


WORSE = alarm(text="cover-17 is wide open")
OVER = alarm(text="cover-17 is closed again", ended_at="2026-05-01T08:20:00Z")


def test_an_alarm_and_its_updates_give_one_row_in_whatever_order_they_come(database: ConsoleDatabase) -> None:
    told = [raised(alarm()), updated(WORSE, 5), updated(OVER, 20)]
    for order in itertools.permutations(told):
        with database.session(EVERYTHING, writes=True) as session:
            session.execute(Incident.__table__.delete())  # type: ignore[attr-defined]
        for arrival in (*order, *order):
            receive(database, [arrival])
        (row,) = rows(database)
        assert (row.text, row.record["ended_at"], row.state) == (OVER.text, OVER.ended_at, "new")
        assert row.ended_s is not None and row.ended_s - row.started_s == 1200.0
    assert unclaimed(database) == 0


def test_an_update_changes_no_other_devices_alarm_of_the_same_id(database: ConsoleDatabase) -> None:
    receive(database, [raised(alarm())])
    receive(database, [updated(alarm(device="intruder", text="nothing happened"), 9)])
    assert [(row.id, row.device, row.text) for row in rows(database)] == [
        ("a-1", "covers", "cover-17 is open"),
        ("a-1~2", "intruder", "nothing happened"),
    ]


def test_an_update_of_another_kind_is_kept_aside(database: ConsoleDatabase) -> None:
    receive(database, [raised(alarm())])
    receive(database, [updated(alarm(kind="manhole_water", text="nothing happened"), 9)])
    assert [row.text for row in rows(database)] == ["cover-17 is open"]
    assert unclaimed(database) == 1


def test_a_boxs_own_alarms_come_with_what_became_of_them(hub: ConsoleDatabase, tmp_path: Path) -> None:
    feed = BoxFeed(tmp_path / DATABASE, "jialinglu-3", hub, lambda _: None)
    with closing(Database(tmp_path / DATABASE)) as box:
        with box.transaction() as connection:
            insert_record(connection, alarm(), "none")
            add_message(connection, "incident", "a-1", "covers", incident_event(alarm()))
        while feed.step(box):
            pass
        with box.transaction() as connection:
            connection.execute("UPDATE incidents SET record = ?", (OVER.to_json(),))
            for minute, now in ((5, WORSE), (20, OVER)):
                event = update_event(now, f"u{minute}", f"2026-05-01T08:{minute:02}:00Z")
                add_message(connection, "update", f"u{minute}", "covers", event)
        while feed.step(box):
            pass
    assert [(row.id, row.text) for row in rows(hub)] == [("a-1", OVER.text)]
    assert unclaimed(hub) == 0


def test_a_database_of_an_older_edgecv_is_told_in_plain_words(hub: ConsoleDatabase, tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE)):
        pass
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 1")
    feed = BoxFeed(tmp_path / DATABASE, "jialinglu-3", hub, lambda _: None)
    feed.start()
    try:
        why = wait_for(lambda: feed.problem, "it says what is in the way")
    finally:
        feed.stop()
    assert "older edgecv" in why and "start 'edgecv run' once" in why


def test_a_console_database_from_before_alarms_gets_their_columns(tmp_path: Path) -> None:
    database = ConsoleDatabase(older_sqlite(tmp_path, 1))
    set_communities(database, COMMUNITIES)
    receive(database, [raised(alarm())])
    assert [row.subject for row in rows(database)] == ["cover-17"]
    database.close()


def test_the_list_and_the_page_show_the_device_and_nothing_of_a_thrown_object(office: Office) -> None:
    smoke = alarm("a-2", kind="smoke_seen", subject="kitchen", text="smoke", details={"<b>": [1, 2]})
    office.take(raised(alarm()), updated(OVER, 20), raised(smoke))
    browser = office.browser("chen")
    listed = browser.get("/incidents?kind=manhole_moved").text
    assert "cover-17" in listed and OVER.text in listed and "Over since" in listed
    assert "kitchen" not in listed and "Floor unknown" not in listed
    page = browser.get("/incidents/a-1").text
    for shown in ("Manhole cover moved", OVER.text, "tilt deg", "31.5", "yes", "Began", "Ended"):
        assert shown in page
    for absent in ("Excluded floors", "How heavy", "Where it came from", "Pictures", "hazard"):
        assert absent not in page
    other = browser.get("/incidents/a-2").text
    assert "Lasts" in other and "&lt;b&gt;" in other and "1, 2" in other
    assert "井盖" in office.browser("chen", "zh-CN").get("/incidents/a-1").text
    assert "Manhole cover moved" in browser.get("/statistics?kind=manhole_moved").text


def test_an_alarms_case_is_judged_sent_and_printed_like_any_other(office: Office) -> None:
    worker = office.add("wang", Role.WORKER)
    office.take(raised(alarm()))
    chen = office.browser("chen")
    for before, after in (("new", "confirmed"), ("confirmed", "assigned")):
        (row,) = rows(office.database)
        form = {"before": before, "after": after, "seen": repr(row.state_s), "assignee": str(worker), "note": "go"}
        assert chen.post("/incidents/a-1/case", **form).status_code == 200
    office.take(updated(OVER, 20))
    assert [row.state for row in rows(office.database)] == ["assigned"]
    work = office.browser("wang").get("/work/a-1").text
    assert OVER.text in work and "Excluded floors" not in work and "Report what was found" in work
    printed = chen.post("/incidents/a-1/print", why="for the file").text
    assert OVER.text in printed and "How heavy" not in printed and "for the file" in printed


def test_of_medical_kinds_only_ids_and_times_are_shown(office: Office) -> None:
    details = {
        "visit": "visit-9",
        "reports": ["report-3"],
        "due_at": "2026-05-01T08:15:00Z",
        "delivered_at": "has a fracture",
        "diagnosis": "fracture",
    }
    given = alarm(kind="report_late", device="centre", subject="visit-9", text="a fracture", details=details)
    office.take(raised(given))
    browser = office.browser("chen")
    page = browser.get("/incidents/a-1").text
    assert "visit-9" in page and "report-3" in page and "Medical report late" in page
    assert "fracture" not in page and "fracture" not in browser.get("/incidents").text
    detail = browser.get("/api/v1/incidents/a-1")
    assert "fracture" not in detail.text and "fracture" not in browser.get("/api/v1/incidents").text
    ids_and_times = {name: details[name] for name in ("visit", "reports", "due_at")}
    assert detail.json()["record"]["details"] == ids_and_times
    assert detail.json()["record"]["started_at"] == given.started_at


def test_the_api_gives_of_other_kinds_the_record_as_it_came(office: Office) -> None:
    given = alarm()
    office.take(raised(given))
    assert office.browser("chen").get("/api/v1/incidents/a-1").json()["record"] == json.loads(given.to_json())


def test_an_alarm_of_a_box_reaches_the_hub_over_a_real_broker_once_with_its_end(
    daemon: Callable[[dict[str, Any]], Daemon],
    broker: Broker,
    hub: ConsoleDatabase,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"mqtt://{broker.host_port}"
    rules = [{"name": "level", "value": "$.level", "above": 0.5, "for_s": 0, "back_for_s": 0}]
    device = {"kind": "rules", "mqtt": {"url": url}, "topics": ["pumps/+"], "rules": rules}
    one = daemon({"site": "jialinglu-3", "devices": {"pumps": device}, "upstream": {"mqtt": url}})
    feed = BrokerFeed(HubBroker(url=url, client_id="hub-alarms"), tmp_path / "hub.yaml", hub, lambda _: None)
    feed.start()
    one.start()
    sensor = mqtt.Client(CallbackAPIVersion.VERSION2)
    sensor.connect("127.0.0.1", broker.port)
    sensor.loop_start()
    try:
        wait_for(lambda: one.metric("edgecv_device_listening", device="pumps") == 1.0, "the device's handler")
        sensor.publish("pumps/north", json.dumps({"level": 0.9}), qos=1).wait_for_publish(30)
        wait_for(lambda: rows(hub), "the alarm at the hub")
        (row,) = rows(hub)
        assert (row.kind, row.subject, row.ended_s) == ("rule_broken", "pumps/north", None)
        sensor.publish("pumps/north", json.dumps({"level": 0.1}), qos=1).wait_for_publish(30)
        wait_for(lambda: rows(hub)[0].ended_s is not None, "its end at the hub")
    finally:
        sensor.loop_stop()
        feed.stop()
        one.stop()
    assert len(rows(hub)) == 1 and unclaimed(hub) == 0
    capsys.readouterr()
    assert main(["incidents", "show", row.id, "--config", str(one.box_file)]) == 0
    assert "pumps/north" in capsys.readouterr().out


def test_an_alarm_that_says_no_more_than_what_where_and_when_has_its_page(office: Office) -> None:
    bare = {"id": "bare", "kind": "fire", "site": "jialinglu-3", "device": "n", "started_at": "2026-05-01T14:00:00Z"}
    event = {"type": INCIDENT_TYPE, "id": "bare", "time": "2026-05-01T14:00:00Z", "data": bare}
    office.take(read_arrival("jialinglu-3", "n", "incident", json.dumps(event), 1.8e9))
    browser = office.browser("chen")
    assert "/incidents/bare" in browser.get("/incidents").text
    assert "Lasts" in browser.get("/incidents/bare").text
