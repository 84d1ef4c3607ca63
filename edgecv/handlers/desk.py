"""A handler's memory and its way out: what it puts, raises and tells during one input is kept together or not at all.

Three layers hold what was put: the input under way, the batch that is committed next, and what is on the disk. An input
that fails loses its own layer; a commit that fails keeps the batch for the next try.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from edgecv._version import __version__
from edgecv.handlers.bounds import MAX_SENTENCE_CHARS, BoundedAlarm
from edgecv.handlers.budget import Budget
from edgecv.handlers.layer import Layer, Update, blames_disk
from edgecv.incidents.alarm import alarm_id
from edgecv.incidents.record import Software
from edgecv.untrusted import EARLIEST_S, LATEST_S, UntrustedError, check_text
from edgecv.upstream.cloudevents import device_event
from edgecv.upstream.text import storable

_log = logging.getLogger("edgecv.handler")
T = TypeVar("T")
_KEPT_PER_PUSHED = 10  # beyond ten times the alarms that may be pushed, even the record is only counted
_TOLD_PER_HOUR = 300
_HELD_BACK_TOLD_S = 600.0
_REASONS = 40
_REASON_CHARS = 200
_EXAMPLE_CHARS = 1000
_COUNTERS = 200
"""Names of counters: each is a metric of its own, and a monitoring system keeps every name it ever saw."""
_MORE_COUNTERS = "more_counters"
_REST_S = 3600.0
"""How long what failed when it was due is left alone, listening time."""
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


def stamp(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, milliseconds; one before 2000 or after 2099 is the nearest."""
    seconds = min(max(seconds, EARLIEST_S), LATEST_S - 0.001)
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
        self.failed: str | None = None
        """What is due for some subject and cannot be done, in words."""
        self._kept: dict[str, Any] = {}
        self._batch = Layer()
        self._parts: list[Layer] = []
        self._now = Layer()
        self._resting: dict[tuple[str, str], float] = {}
        rows = connection.execute("SELECT reason FROM unreadable WHERE device = ?", (who.device,))
        self._reasons = {str(row[0]) for row in rows}
        self._load(connection)
        self._alarms = self._budget("alarms", who.alarms_per_hour)
        self._records = self._budget("records", who.alarms_per_hour * _KEPT_PER_PUSHED)
        self._words = self._budget("told", _TOLD_PER_HOUR)
        self._held_back = 0
        self._held_back_told_s = float("-inf")
        self.listening_s = self.restore(".listening_s", _seconds)
        self.now_s = self.restore(".now_s", _seconds)

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

    def restore(self, key: str, read: Callable[[Any], T]) -> T:
        """What stands under a key, as ``read`` makes it; what ``read`` cannot take is set aside, and is as if new.

        Args:
            key: the key.
            read: makes something of a value; of None, something new.
        """
        value = self.get(key)
        try:
            return read(value)
        except Exception as error:  # a value of an older version or another handler may be anything
            self._set_aside(key, error)
            return read(None)

    def restored(self, before: str, read: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
        """Keys that begin so, with their values as ``read`` makes them; what it cannot take is set aside."""
        for key, value in list(self.items(before)):
            try:
                made = read(value)
            except Exception as error:
                self._set_aside(key, error)
            else:
                yield key, made

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
            UntrustedError: subject, text or details are beyond the bounds of ``edgecv.handlers.bounds``.
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
        try:
            alarm = BoundedAlarm(
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
        except ValidationError as error:
            where = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_input=False)))
            raise UntrustedError(f"an alarm's {where} would be beyond bounds") from None
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
        if text is not None:
            check_text(text, MAX_SENTENCE_CHARS, "a sentence")
        push = self._words.take(self.now_s)
        if not push:
            self.count("updates_held_back")
        ended_at = None if ended_s is None else stamp(ended_s)
        self._now.updates.append(Update(alarm, text, ended_at, details or {}, push, stamp(self.now_s)))

    def tell(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream: no alarm, but worth knowing."""
        check_text(text, MAX_SENTENCE_CHARS, "a sentence")
        if self._words.take(self.now_s):
            self._now.told.append(device_event(self.who.site, self.who.device, kind, text, details))
        else:
            self.count("events_held_back")

    def count(self, name: str, by: float = 1.0) -> None:
        """Let one of its counters grow."""
        if name not in self.counts and len(self.counts) >= _COUNTERS:
            name = _MORE_COUNTERS
        self.counts[name] = self.counts.get(name, 0.0) + by

    def each(self, what: str, subjects: Iterable[str], due: Callable[[str], None]) -> None:
        """Do what is due for each subject by itself: one that fails costs the others nothing.

        It is set aside with the reason, and tried again after an hour.

        Args:
            what: is due, in few words.
            subjects: for whom.
            due: what to do for one.
        """
        self.keep()
        for subject in subjects:
            if self._resting.get((what, subject), float("-inf")) > self.listening_s:
                continue
            try:
                due(subject)
                self.keep()
            except Exception as error:
                self.discard()
                self.count("failures")
                self._resting[what, subject] = self.listening_s + _REST_S
                self.unreadable(f"{what} fails: {type(error).__name__}", subject)
                if self.failed is None:
                    _log.exception("%s: %s fails for %r; it is set aside", self.who.device, what, subject)
                self.failed = f"{what} fails for some ({type(error).__name__}); they are set aside"

    def keep(self, origin: str | None = None) -> None:
        """The input under way went well: what it brought about joins the batch.

        Args:
            origin: the input, for whoever has to look for it.

        Raises:
            UntrustedError: the database would not take it; nothing of it joined.
        """
        now = self._now
        if not now:
            return
        now.check()
        now.origin = origin
        self._add(now)
        self._now = Layer()

    def begin_anew(self) -> None:
        """Forget the handler's memory, but not the desk's own."""
        self._now = Layer({key: None for key, _ in self.items()})

    def discard(self) -> None:
        """The input under way failed: nothing of it stays."""
        self._now = Layer()

    def unreadable(self, reason: str, example: str | None) -> None:
        """Count a message that could not be read; the first of each reason is kept."""
        self.count("unreadable")
        reason = storable(reason, _REASON_CHARS)
        if reason not in self._reasons and len(self._reasons) >= _REASONS:
            reason, example = "more reasons than are kept apart", None
        self._reasons.add(reason)
        shown = None if example is None else storable(example, _EXAMPLE_CHARS)
        self._add(Layer(unreadable={reason: (1, shown)}))

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to write."""
        return not self._batch and not self._has_to_tell()

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Put the batch into the database, within the caller's transaction; ``written`` follows its commit."""
        self._tell_held_back()
        self._batch.write(connection, self.who.device, wall_s)
        self._own().write(connection, self.who.device, wall_s)

    def write_apart(self, connection: sqlite3.Connection, wall_s: float) -> list[str]:
        """Like ``write``, but each input by itself: what the database does not take of one costs only that one.

        Returns:
            Why, of each input that was set aside.
        """
        device, taken, reasons = self.who.device, Layer(), list[str]()
        for part in self._parts:
            connection.execute("SAVEPOINT part")
            try:
                part.write(connection, device, wall_s)
            except Exception as error:
                if blames_disk(error):
                    raise
                connection.execute("ROLLBACK TO part")
                reasons.append(f"the database does not take what came of it: {type(error).__name__}")
                Layer(unreadable={reasons[-1]: (1, part.origin)}).write(connection, device, wall_s)
            else:
                taken.join(part)
            connection.execute("RELEASE part")
        self._own().write(connection, device, wall_s)
        self._batch = taken
        return reasons

    def written(self) -> None:
        """The batch is on the disk."""
        for key, value in self._batch.values.items():
            if value is None:
                self._kept.pop(key, None)
            else:
                self._kept[key] = value
        self._batch = Layer()
        self._parts = []

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
        self._add(Layer(told=[event]))

    def _add(self, layer: Layer) -> None:
        self._batch.join(layer)
        self._parts.append(layer)

    def _own(self) -> Layer:
        """What the desk itself must not forget."""
        budgets = (("alarms", self._alarms), ("records", self._records), ("told", self._words))
        own: dict[str, Any] = {f".{name}": [budget.left, budget.at_s] for name, budget in budgets}
        return Layer(own | {".listening_s": self.listening_s, ".now_s": self.now_s})

    def _load(self, connection: sqlite3.Connection) -> None:
        for row in connection.execute("SELECT key, value FROM device_state WHERE device = ?", (self.who.device,)):
            try:
                self._kept[row[0]] = json.loads(row[1])
            except (ValueError, RecursionError) as error:
                self._set_aside(row[0], error)

    def _set_aside(self, key: str, error: Exception) -> None:
        """Forget what an older version left and nobody can read, but not without a word."""
        _log.error("%s: what was stored as %r cannot be read (%s); it is set aside", self.who.device, key, error)
        self.unreadable("stored state cannot be read", f"{key}: {self._kept.get(key)!r}")
        self.put(key, None)

    def _budget(self, name: str, per_hour: int) -> Budget:
        def read(kept: Any) -> Budget:
            left, at_s = (per_hour, 0.0) if kept is None else kept
            return Budget(float(per_hour), min(float(left), float(per_hour)), float(at_s))

        return self.restore(f".{name}", read)


def _seconds(kept: Any) -> float:
    found = 0.0 if kept is None else float(kept)
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found
