"""A handler's memory and its way out: what it puts, raises and tells during one input is kept together or not at all.

Three layers hold what was put: the input under way, the batch that is committed next, and what is on the disk. An input
that fails loses its own layer; a commit that fails keeps the batch for the next try.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from edgecv._version import __version__
from edgecv.handlers.budget import Budget
from edgecv.incidents.alarm import Alarm, alarm_id
from edgecv.incidents.record import Software
from edgecv.incidents.stored import insert_record
from edgecv.upstream.cloudevents import device_event, incident_event, update_event
from edgecv.upstream.outbox import add_message

_KEPT_PER_PUSHED = 10  # beyond ten times the alarms that may be pushed, even the record is only counted
_TOLD_PER_HOUR = 300
_HELD_BACK_TOLD_S = 600.0
_REASONS = 40
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_OWN = "."  # keys that begin so are the desk's


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Whose desk it is: the site, the device's id in the box file, and what its events may hold."""

    site: str
    device: str
    events: Mapping[str, type[BaseModel]]
    alarms_per_hour: int
    box_file: Path
    state: Path
    config_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Update:
    alarm: str
    text: str | None
    ended_at: str | None
    details: Mapping[str, Any]
    push: bool


@dataclass(slots=True)
class _Layer:
    """What one input, or one batch of them, has brought about."""

    values: dict[str, Any] = field(default_factory=dict)
    raised: list[tuple[Alarm, bool]] = field(default_factory=list)
    updates: list[_Update] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    unreadable: dict[str, tuple[int, str | None]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.raised or self.updates or self.told or self.unreadable)


def stamp(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, milliseconds; one that no calendar holds is the nearest."""
    seconds = min(max(seconds, 0.0), 253402300799.0)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Desk:
    """One handler's.

    Args:
        who: whose.
        connection: the box's database, for what earlier runs left.
    """

    def __init__(self, who: DeviceIdentity, connection: sqlite3.Connection) -> None:
        self.who = who
        self.now_s: float = 0.0
        """Box time of what is being handled, seconds since 1970."""
        self.listening_s = 0.0
        """How long the box has been listening to the devices in all its runs, seconds: silence is measured by it, so
        that neither a box that was off nor a clock that was set makes a device silent."""
        self.counts: dict[str, float] = {}
        self.gauges: dict[str, float] = {}
        rows = connection.execute("SELECT key, value FROM device_state WHERE device = ?", (who.device,))
        self._kept: dict[str, Any] = {row[0]: json.loads(row[1]) for row in rows}
        self._batch = _Layer()
        self._now = _Layer()
        self._alarms = self._budget("alarms", who.alarms_per_hour)
        self._records = self._budget("records", who.alarms_per_hour * _KEPT_PER_PUSHED)
        self._words = self._budget("told", _TOLD_PER_HOUR)
        self._reasons: set[str] = set()
        self._held_back = 0
        self._held_back_told_s = float("-inf")
        self.listening_s = float(self._kept.get(".listening_s", 0.0))
        self.now_s = float(self._kept.get(".now_s", 0.0))

    def get(self, key: str) -> Any:
        """What was put under a key, of JSON's types, or None; not to be changed in place."""
        for layer in (self._now.values, self._batch.values):
            if key in layer:
                return layer[key]
        return self._kept.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep a value of JSON's types; None forgets it."""
        self._now.values[key] = value

    def items(self, before: str = "") -> Iterator[tuple[str, Any]]:
        """Keys that begin so, with their values."""
        keys = dict.fromkeys([*self._kept, *self._batch.values, *self._now.values])
        for key in keys:
            if key.startswith(before) and not key.startswith(_OWN) and (value := self.get(key)) is not None:
                yield key, value

    def alarm(
        self,
        kind: str,
        subject: str,
        started_s: float,
        text: str,
        details: Mapping[str, Any],
        *,
        planned: bool = False,
        ended_s: float | None = None,
        content: str | None = None,
    ) -> str:
        """Raise an alarm, and return its id: the same for the same kind, subject and start.

        Args:
            kind: one of the handler's events.
            subject: what it is about.
            started_s: when it began, seconds since 1970.
            text: in one sentence.
            details: what the kind's model says.
            planned: logged as a candidate and never pushed, for it was expected.
            ended_s: when it ended, where it has.
            content: what tells it from others, where that is not its start, such as a message's own id.

        Raises:
            pydantic.ValidationError: the details are not those of the kind.
            KeyError: the handler declares no such event.
        """
        who = self.who
        started_at = stamp(started_s)
        found = alarm_id(kind, who.site, who.device, subject, started_at if content is None else content)
        if not self._records.take(self.now_s):  # first of all: a flood must cost little
            self.count("alarms_dropped")
            self._held_back += 1
            return found
        checked = who.events[kind].model_validate(details)
        alarm = Alarm(
            id=found,
            kind=kind,
            tier="candidate" if planned else "incident",
            site=who.site,
            device=who.device,
            subject=subject,
            started_at=started_at,
            ended_at=None if ended_s is None else stamp(ended_s),
            text=text,
            details=checked.model_dump(mode="json"),
            software=Software(version=__version__, config_sha256=who.config_sha256),
        )
        push = not planned and self._alarms.take(self.now_s)
        if not planned and not push:
            self.count("alarms_held_back")
            self._held_back += 1
        self.count("candidates" if planned else "incidents")
        self._now.raised.append((alarm, push))
        return found

    def update(
        self,
        alarm: str,
        text: str | None = None,
        *,
        ended_s: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """An alarm goes on or is over: change its record, and tell the upstream where it knows of the alarm.

        Args:
            alarm: its id.
            text: the sentence as it is now, or None as before.
            ended_s: when it ended, or None.
            details: what of its details has changed.
        """
        push = self._words.take(self.now_s)
        if not push:
            self.count("updates_held_back")
        ended_at = None if ended_s is None else stamp(ended_s)
        self._now.updates.append(_Update(alarm, text, ended_at, details or {}, push))

    def tell(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream: no alarm, but worth knowing."""
        if self._words.take(self.now_s):
            self._now.told.append(device_event(self.who.site, self.who.device, kind, text, details))
        else:
            self.count("events_held_back")

    def count(self, name: str, by: float = 1.0) -> None:
        """Let one of its counters grow."""
        self.counts[name] = self.counts.get(name, 0.0) + by

    def keep(self) -> None:
        """The input under way went well: what it brought about joins the batch."""
        now, batch = self._now, self._batch
        batch.values.update(now.values)
        batch.raised += now.raised
        batch.updates += now.updates
        batch.told += now.told
        self._now = _Layer()

    def discard(self) -> None:
        """The input under way failed: nothing of it stays."""
        self._now = _Layer()

    def unreadable(self, reason: str, example: str | None) -> None:
        """Count a message that could not be read; the first of each reason is kept."""
        self.count("unreadable")
        self._reasons.add(reason)
        if len(self._reasons) > _REASONS:
            reason, example = "more reasons than are kept apart", None
        count, first = self._batch.unreadable.get(reason, (0, None))
        self._batch.unreadable[reason] = (count + 1, first if first is not None else example)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to write."""
        return not self._batch and not self._has_to_tell()

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Put the batch into the database, within the caller's transaction; ``written`` follows its commit."""
        batch, who = self._batch, self.who
        self._tell_held_back()
        own: dict[str, Any] = {f".{name}": [b.left, b.at_s] for name, b in self._budgets()}
        own |= {".listening_s": self.listening_s, ".now_s": self.now_s}
        connection.executemany(
            "INSERT INTO device_state (device, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (device, key) DO UPDATE SET value = excluded.value",
            [(who.device, key, _encode(value)) for key, value in {**batch.values, **own}.items() if value is not None],
        )
        gone = [(who.device, key) for key, value in batch.values.items() if value is None]
        if gone:
            connection.executemany("DELETE FROM device_state WHERE device = ? AND key = ?", gone)
        for alarm, push in batch.raised:
            if insert_record(connection, alarm, "none") and push:
                add_message(connection, "incident", alarm.id, alarm.device, incident_event(alarm))
        for update in batch.updates:
            _apply(connection, update, self.now_s)
        for event in batch.told:
            add_message(connection, "device", event["id"], who.device, event)
        for reason, (count, example) in batch.unreadable.items():
            connection.execute(
                "INSERT INTO unreadable VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, reason) "
                "DO UPDATE SET count = count + excluded.count, seen_s = excluded.seen_s",
                (who.device, reason, count, example, wall_s),
            )

    def written(self) -> None:
        """The batch is on the disk."""
        for key, value in self._batch.values.items():
            if value is None:
                self._kept.pop(key, None)
            else:
                self._kept[key] = value
        self._batch = _Layer()

    def _has_to_tell(self) -> bool:
        return self._held_back > 0 and self.now_s - self._held_back_told_s >= _HELD_BACK_TOLD_S

    def _tell_held_back(self) -> None:
        """One line for all alarms that were too many, now and then."""
        if not self._has_to_tell():
            return
        count, self._held_back, self._held_back_told_s = self._held_back, 0, self.now_s
        text = (
            f"{count} alarms more than the {self.who.alarms_per_hour} an hour that may be pushed were held back; "
            "the box's incident list has them"
        )
        event = device_event(self.who.site, self.who.device, "alarms_held_back", text, {"count": count})
        self._batch.told.append(event)

    def _budget(self, name: str, per_hour: int) -> Budget:
        left, at_s = self._kept.get(f".{name}", (float(per_hour), 0.0))
        return Budget(float(per_hour), min(left, float(per_hour)), at_s)

    def _budgets(self) -> tuple[tuple[str, Budget], ...]:
        return (("alarms", self._alarms), ("records", self._records), ("told", self._words))


def _apply(connection: sqlite3.Connection, update: _Update, now_s: float) -> None:
    row = connection.execute("SELECT record FROM incidents WHERE id = ?", (update.alarm,)).fetchone()
    if row is None:
        return  # it was one alarm too many
    before = Alarm.model_validate_json(row[0])
    alarm = before.model_copy(
        update={
            "text": update.text or before.text,
            "ended_at": update.ended_at or before.ended_at,
            "details": {**before.details, **update.details},
        }
    )
    if alarm == before:
        return
    connection.execute("UPDATE incidents SET record = ? WHERE id = ?", (alarm.to_json(), alarm.id))
    known = connection.execute("SELECT 1 FROM messages WHERE kind = 'incident' AND id = ?", (alarm.id,)).fetchone()
    if update.push and known is not None:
        update_id = alarm_id("update", alarm.to_json())
        add_message(connection, "update", update_id, alarm.device, update_event(alarm, update_id, stamp(now_s)))
