"""Somebody is reminded of a case that is late, once, and the hook is told until it has heard."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from console.conftest import Office, arrival_of
from receivers import WebReceiver
from sqlalchemy import select, update

from edgecv.config.console import ConsoleSection
from edgecv.console.cases.reminders import REMINDER_TYPE, ReminderWebhook, remind
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import Community, Incident
from edgecv.errors import ConfigError


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


def _late(office: Office, *ids: str) -> None:
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(Incident).where(Incident.id.in_(ids)).values(due_s=time.time() - 60.0, reminded_s=None))


def _community(office: Office, name: str) -> int:
    with office.database.session(EVERYTHING) as session:
        return session.scalars(select(Community.key).where(Community.name == name)).one()


def test_only_what_is_late_is_told_and_only_once(office: Office) -> None:
    office.take(arrival_of("a"), arrival_of("b"), arrival_of("c", site="riverside-1"))
    assert remind(office.database, None) == set()
    _late(office, "a")
    assert remind(office.database, None) == {_community(office, "jialing")}
    assert remind(office.database, None) == set()


def test_the_hook_gets_a_signed_event_that_names_nobody(office: Office, receiver: WebReceiver, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret of the estate\n")
    settings = ConsoleSection(reminder_url=f"{receiver.url}/late", reminder_secret_file="key")
    hook = ReminderWebhook.of(settings, tmp_path / "box.yaml")
    office.take(arrival_of("a"))
    _late(office, "a")
    remind(office.database, hook)
    (request,) = receiver.requests
    assert request.path == "/late"
    signed = hmac.new(b"secret of the estate", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-edgecv-signature"] == f"sha256={signed}"
    event = json.loads(request.body)
    assert event["type"] == REMINDER_TYPE
    assert event["data"]["incident"] == "a" and event["data"]["state"] == "new"
    assert "chen" not in request.body.decode()


def test_a_hook_that_is_down_is_told_later_and_in_a_new_state_again(office: Office, receiver: WebReceiver) -> None:
    hook = ReminderWebhook(receiver.url, None, Path("box.yaml"))
    office.take(arrival_of("a"))
    _late(office, "a")
    receiver.answers.append((503, {}))
    assert remind(office.database, hook) == set()
    assert remind(office.database, hook) != set()
    assert remind(office.database, hook) == set()
    browser = office.browser("chen")
    with office.database.session(EVERYTHING) as session:
        incident = session.scalars(select(Incident)).one()
    browser.post("/incidents/a/case", before="new", after="confirmed", seen=repr(incident.state_s))
    _late(office, "a")
    assert remind(office.database, hook) != set()
    told = [json.loads(request.body)["id"] for request in receiver.requests]
    assert told[0] == told[1] != told[2], "the same reminder has the same id"


def test_a_case_that_went_on_while_it_was_told_is_not_marked(office: Office, receiver: WebReceiver) -> None:
    office.take(arrival_of("a"))
    _late(office, "a")

    def meanwhile(_: object) -> None:
        with office.database.session(EVERYTHING, writes=True) as session:
            session.execute(update(Incident).values(state="confirmed", state_s=time.time()))

    receiver.always = meanwhile
    remind(office.database, ReminderWebhook(receiver.url, None, Path("box.yaml")))
    with office.database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.reminded_s)).one() is None


def test_a_hook_whose_key_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    settings = ConsoleSection(reminder_url="https://estate.example/late", reminder_secret_file="missing")
    with pytest.raises(ConfigError, match="reminder_secret_file"):
        ReminderWebhook.of(settings, tmp_path / "box.yaml")
