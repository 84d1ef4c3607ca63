from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edgecv.incidents.alarm import Alarm
from edgecv.incidents.record import Software
from edgecv.storage.alarm_rows import insert_alarm, read_alarm, replace_alarm
from edgecv.storage.database import Database
from edgecv.storage.outbox import Outbox, insert_device_event


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "a.db")) as one:
        yield one


def alarm(text: str = "open") -> Alarm:
    return Alarm(
        id="a-1",
        kind="manhole_open",
        tier="incident",
        site="yard",
        device="cover",
        subject="c1",
        started_at="2026-05-01T10:00:00.000Z",
        text=text,
        details={},
        software=Software(version="1", config_sha256=None),
    )


def kinds(database: Database) -> list[str]:
    return [message.kind for message in Outbox(database).waiting("hub")]


def test_an_alarm_and_its_message_go_in_once(database: Database) -> None:
    with database.transaction() as connection:
        assert insert_alarm(connection, alarm(), push=True)
        assert not insert_alarm(connection, alarm("again"), push=True)
        assert read_alarm(connection, "a-1") == alarm()
        assert read_alarm(connection, "a-2") is None
    assert kinds(database) == ["incident"]


def test_a_change_of_a_pushed_alarm_is_sent_and_of_a_held_back_one_only_recorded(database: Database) -> None:
    with database.transaction() as connection:
        insert_alarm(connection, alarm(), push=False)
        replace_alarm(connection, alarm("closed"), update_at="2026-05-01T10:05:00.000Z")
        assert read_alarm(connection, "a-1") == alarm("closed")
    assert kinds(database) == []
    pushed = alarm().model_copy(update={"id": "a-3"})
    with database.transaction() as connection:
        insert_alarm(connection, pushed, push=True)
        replace_alarm(connection, pushed.model_copy(update={"text": "silent change"}))
        replace_alarm(connection, pushed.model_copy(update={"text": "closed"}), update_at="2026-05-01T10:05:00.000Z")
    first, update = Outbox(database).waiting("hub")
    assert (first.kind, update.kind) == ("incident", "update")
    assert update.event["data"]["text"] == "closed"


def test_a_device_event_goes_into_the_outbox(database: Database) -> None:
    with database.transaction() as connection:
        insert_device_event(connection, "cover", {"id": "e-1", "data": {}})
    (message,) = Outbox(database).waiting("hub")
    assert (message.kind, message.id, message.device) == ("device", "e-1", "cover")
