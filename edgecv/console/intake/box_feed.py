"""From the box's own database: its outbox in order, with a cursor of our own, and the newest states."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from edgecv.console.background_thread import BackgroundThread
from edgecv.console.intake.event_ingest import News, receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.settings import BATCH, BOX_POLL_S, RETRY_S
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import FeedCursor
from edgecv.errors import EdgecvError
from edgecv.incidents.cloudevents import INCIDENT_TYPE
from edgecv.messages import console as messages
from edgecv.messages import system
from edgecv.storage.database import Database
from edgecv.storage.feed import Feed
from edgecv.untrusted import UntrustedError, read_json

_log = logging.getLogger("edgecv.console")
_MESSAGES, _RECORDS = "box messages", "box records"


class BoxFeed(BackgroundThread):
    """Brings what the box finds into its console.

    Args:
        box_database: the box's database; made by the daemon, waited for where it is not there yet.
        site: the box's site.
        database: the console's.
        tell: called with what changed, from the feed's thread.
    """

    def __init__(self, box_database: Path, site: str, database: ConsoleDatabase, tell: Callable[[News], None]) -> None:
        super().__init__("box-feed")
        self._path = box_database
        self._site = site
        self._database = database
        self._tell = tell
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """What is in the way, in plain words; None when nothing is."""
        return self._problem

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except Exception as error:
                is_expected = isinstance(error, sqlite3.Error | EdgecvError)
                self._problem = str(error) if is_expected else system.UNEXPECTED(kind=type(error).__name__)
                if isinstance(error, EdgecvError):
                    _log.warning("%s; trying on", error)
                else:
                    _log.exception("%s cannot be read; trying on", self._path)
                self._stopping.wait(RETRY_S)

    def _follow(self) -> None:
        while not self._path.exists():
            self._problem = messages.NOT_MADE(file=str(self._path))
            if self._stopping.wait(BOX_POLL_S):
                return
        with closing(Database(self._path, read_only=True)) as box:
            data_version = -1
            while not self._stopping.is_set():
                version = box.data_version()  # before looking, so that what comes while we look is not missed
                if version != data_version:
                    while self.step(box):
                        pass
                    data_version, self._problem = version, None
                self._stopping.wait(BOX_POLL_S)

    def step(self, box: Database) -> bool:
        """Take in one batch; whether there may be more."""
        feed, cursors = Feed(box), self._cursors()
        # Records first: they stay for ever, while messages are forgotten when all targets have them.
        rows = feed.records(cursors.get(_RECORDS, 0), BATCH)
        messages = feed.messages(cursors.get(_MESSAGES, 0), BATCH)
        now = time.time()
        arrivals = [self._of_record(row.device, row.record, now) for row in rows if row.tier == "incident"]
        for message in messages:
            event = _with_current_alarm(feed, message.event) if message.kind == "update" else message.event
            arrivals.append(self._arrival(message.device, message.kind, event, now))
        arrivals += [self._arrival(state.device, "state", state.state, state.changed_s) for state in feed.states()]
        ends = {}
        if rows:
            ends[_RECORDS] = rows[-1].position
        if messages:
            ends[_MESSAGES] = messages[-1].position
        if arrivals or ends:
            news = receive(self._database, arrivals, cursors=ends)
            if news:
                self._tell(news)
        return max(len(rows), len(messages)) == BATCH

    def _of_record(self, device: str, record: str, now: float) -> Arrival:
        """The message of a record; candidates are kept by the box and shown to nobody as alarms."""
        try:
            data = read_json(record)
            event = {"type": INCIDENT_TYPE, "id": data["id"], "time": data["started_at"], "data": data}
        except (UntrustedError, KeyError, TypeError):
            return self._arrival(device, "incident", record, now)  # kept aside as it is
        return self._arrival(device, "incident", json.dumps(event, ensure_ascii=False), now)

    def _arrival(self, device: str, kind: str, event: str, now: float) -> Arrival:
        return read_arrival(self._site, device, kind, event, now)

    def _cursors(self) -> dict[str, int]:
        with self._database.session(EVERYTHING) as session:
            return {row.feed: row.position for row in session.scalars(select(FeedCursor))}


def _with_current_alarm(feed: Feed, event: str) -> str:
    """An update with the alarm that the box keeps: records are read before messages, and none may lead back."""
    try:
        update = read_json(event)
        record = feed.record(update["data"]["id"])
        return event if record is None else json.dumps(update | {"data": read_json(record)}, ensure_ascii=False)
    except (UntrustedError, KeyError, TypeError, sqlite3.ProgrammingError):
        return event  # kept aside as it is
