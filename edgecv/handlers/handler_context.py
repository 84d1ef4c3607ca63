"""A handler's way out, beside its memory: alarms, what becomes of them, and what it tells of itself."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from edgecv._version import __version__
from edgecv.handlers.handler_state import Memory
from edgecv.handlers.payload_limits import MAX_SENTENCE_CHARS, BoundedAlarm
from edgecv.handlers.rate_limit import TokenBucket
from edgecv.handlers.state_changes import Layer, Update
from edgecv.incidents.alarm import alarm_id
from edgecv.incidents.cloudevents import device_event
from edgecv.incidents.record import Software
from edgecv.untrusted import EARLIEST_S, LATEST_S, UntrustedError, check_text

_KEPT_PER_PUSHED = 10  # beyond ten times the alarms that may be pushed, even the record is only counted
_TOLD_PER_HOUR = 300
_HELD_BACK_TOLD_S = 600.0


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Whose context it is: the site, the device's id in the box file, and what its events may hold."""

    site: str
    device: str
    events: Mapping[str, type[BaseModel]]
    alarms_per_hour: int
    box_file: Path
    state: Path
    config_sha256: str | None = field(default=None, compare=False)  # any comment changes it


def stamp(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, milliseconds; one before 2000 or after 2099 is the nearest."""
    seconds = min(max(seconds, EARLIEST_S), LATEST_S - 0.001)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class HandlerContext(Memory):
    """One handler's.

    Args:
        identity: whose.
        connection: the box's database, for what earlier runs left.
    """

    def __init__(self, identity: DeviceIdentity, connection: sqlite3.Connection) -> None:
        super().__init__(identity.device, connection)
        self.identity = identity
        self.now_s: float = 0.0
        """Box time of what is being handled, seconds since 1970."""
        self._alarms = self._budget("alarms", identity.alarms_per_hour)
        self._records = self._budget("records", identity.alarms_per_hour * _KEPT_PER_PUSHED)
        self._words = self._budget("told", _TOLD_PER_HOUR)
        self._held_back = 0
        self._held_back_told_s = float("-inf")
        self.listening_s = self.restore(".listening_s", _seconds)
        self.now_s = self.restore(".now_s", _seconds)

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
            UntrustedError: subject, text or details are beyond the bounds of ``edgecv.handlers.payload_limits``.
            KeyError: the handler declares no such event.
        """
        identity = self.identity
        started_at = stamp(started_s)
        found = alarm_id(kind, identity.site, identity.device, subject, started_at if content is None else content)
        if not self._records.take(self.now_s):  # first of all: a flood must cost little
            self.count("alarms_dropped")
            self._held_back += 1
            return found
        checked = identity.events[kind].model_validate(details)
        try:
            alarm = BoundedAlarm(
                id=found,
                kind=kind,
                tier="candidate" if planned else "incident",
                site=identity.site,
                device=identity.device,
                subject=subject,
                started_at=started_at,
                ended_at=None if ended_s is None else stamp(ended_s),
                text=text,
                details=checked.model_dump(mode="json"),
                software=Software(version=__version__, config_sha256=identity.config_sha256),
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

    def send_event(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream: no alarm, but worth knowing."""
        check_text(text, MAX_SENTENCE_CHARS, "a sentence")
        if self._words.take(self.now_s):
            self._now.told.append(device_event(self.identity.site, self.identity.device, kind, text, details))
        else:
            self.count("events_held_back")

    # the names until 0.2, for handlers of other packages

    @property
    def who(self) -> DeviceIdentity:
        """Deprecated: ``identity``."""
        return self.identity

    def tell(self, kind: str, text: str, **details: Any) -> None:
        """Deprecated: ``send_event``."""
        self.send_event(kind, text, **details)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to write."""
        return not self._batch and not self._has_to_tell()

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Put the batch into the database, within the caller's transaction; ``written`` follows its commit."""
        self._tell_held_back()
        super().write(connection, wall_s)
        self._own().write(connection, self.identity.device, wall_s)

    def write_apart(self, connection: sqlite3.Connection, wall_s: float) -> list[str]:
        """Like ``write``, but each input by itself: what the database does not take of one costs only that one.

        Returns:
            Why, of each input that was set aside.
        """
        reasons = super().write_apart(connection, wall_s)
        self._own().write(connection, self.identity.device, wall_s)
        return reasons

    def _has_to_tell(self) -> bool:
        return self._held_back > 0 and self.now_s - self._held_back_told_s >= _HELD_BACK_TOLD_S

    def _tell_held_back(self) -> None:
        """One line for all alarms that were too many, now and then."""
        if not self._has_to_tell():
            return
        count, self._held_back, self._held_back_told_s = self._held_back, 0, self.now_s
        text = (
            f"{count} alarms more than the {self.identity.alarms_per_hour} an hour that may be pushed were held back; "
            "the box's incident list has them"
        )
        event = device_event(self.identity.site, self.identity.device, "alarms_held_back", text, {"count": count})
        self._add(Layer(told=[event]))

    def _own(self) -> Layer:
        """What the context itself must not forget."""
        budgets = (("alarms", self._alarms), ("records", self._records), ("told", self._words))
        own: dict[str, Any] = {f".{name}": [budget.left, budget.at_s] for name, budget in budgets}
        return Layer(own | {".listening_s": self.listening_s, ".now_s": self.now_s})

    def _budget(self, name: str, per_hour: int) -> TokenBucket:
        def read(kept: Any) -> TokenBucket:
            left, at_s = (per_hour, 0.0) if kept is None else kept
            return TokenBucket(float(per_hour), min(float(left), float(per_hour)), float(at_s))

        return self.restore(f".{name}", read)


def _seconds(kept: Any) -> float:
    found = 0.0 if kept is None else float(kept)
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found
