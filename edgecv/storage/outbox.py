"""The outbox: what is to be sent, kept in the box's database until every target has it.

Messages have one order, that of :attr:`Message.seq`; each target has a cursor into it. A message that a target
definitely refuses is parked for that target, so that it does not hold up those behind it, and tried again later.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgecv.storage.database import Database
from edgecv.storage.json_column import json_object
from edgecv.storage.retained_states import prune_removed

Kind = Literal["incident", "evidence", "update", "device"]
RETRY_PARKED_S = 3600.0


@dataclass(frozen=True, slots=True)
class Message:
    """One CloudEvent on its way.

    Attributes:
        seq: its place in the order of all messages.
        kind: incident, evidence, update or device.
        id: of the incident or event; together with ``kind`` unique.
        device: whose it is.
        created_s: when it was put in, seconds since 1970.
        event: the CloudEvent.
    """

    seq: int
    kind: str
    id: str
    device: str
    created_s: float
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Depth:
    """How much a target has not got yet: number of messages, age of the oldest in seconds, and how many are parked."""

    waiting: int
    oldest_s: float
    parked: int


def add_message(
    connection: sqlite3.Connection, kind: Kind, message_id: str, device: str, event: dict[str, Any]
) -> None:
    """Put a message in, within the caller's transaction; one that is there already stays as it was."""
    connection.execute(
        "INSERT OR IGNORE INTO messages (kind, id, device, created_s, event) VALUES (?, ?, ?, ?, ?)",
        (kind, message_id, device, time.time(), json.dumps(event, ensure_ascii=False, allow_nan=False)),
    )


def insert_device_event(connection: sqlite3.Connection, device: str, event: dict[str, Any]) -> None:
    """Put a device event (a CloudEvent) in, within the caller's transaction."""
    add_message(connection, "device", event["id"], device, event)


class Outbox:
    """What each target still has to get.

    Args:
        database: an open connection, the caller's thread's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, target: str, limit: int = 50) -> list[Message]:
        """The next messages for a target, oldest first; parked ones whose time has come are first of all."""
        while True:
            messages, unreadable = self._next(target, limit)
            if messages or unreadable is None:
                return messages
            self.park(target, unreadable, "cannot be read from the database")  # else nothing behind it would ever go

    def _next(self, target: str, limit: int) -> tuple[list[Message], int | None]:
        again = self._messages(
            "SELECT m.* FROM messages m JOIN parked p ON p.seq = m.seq WHERE p.target = ? AND p.retry_s <= ? "
            "ORDER BY m.seq LIMIT ?",
            (target, time.time(), limit),
        )
        return (
            again
            if again != ([], None)
            else self._messages(
                "SELECT * FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", (self._cursor(target), limit)
            )
        )

    def delivered(self, target: str, seq: int) -> None:
        """The target has confirmed this message."""
        self.settle(target, [(seq, None)])

    def park(self, target: str, seq: int, reason: str) -> None:
        """The target has refused this message: go on with the next, and try it again later."""
        self.settle(target, [(seq, reason)])

    def settle(self, target: str, answers: Sequence[tuple[int, str | None]]) -> None:
        """The target's answers to messages, in order, on the disk at once: ``(seq, None)`` or ``(seq, refusal)``."""
        with self._database.transaction() as connection:
            for seq, refusal in answers:
                if refusal is None:
                    connection.execute("DELETE FROM parked WHERE target = ? AND seq = ?", (target, seq))
                else:
                    connection.execute(
                        "INSERT INTO parked (target, seq, reason, tries, retry_s) VALUES (?, ?, ?, 1, ?) "
                        "ON CONFLICT (target, seq) DO UPDATE SET reason = excluded.reason, tries = tries + 1, "
                        "retry_s = excluded.retry_s",
                        (target, seq, refusal, time.time() + RETRY_PARKED_S),
                    )
                self._advance(connection, target, seq)

    def depth(self, target: str) -> Depth:
        """How much is waiting for a target."""
        row = self._database.connection.execute(
            "SELECT count(*), min(created_s) FROM messages WHERE seq > ?", (self._cursor(target),)
        ).fetchone()
        parked = self._database.connection.execute("SELECT count(*) FROM parked WHERE target = ?", (target,)).fetchone()
        oldest_s = 0.0 if row[1] is None else max(0.0, time.time() - row[1])
        return Depth(int(row[0]), oldest_s, int(parked[0]))

    def prune(self, targets: Sequence[str], keep_s: float) -> int:
        """Forget messages older than ``keep_s`` that all targets have; return how many. Incidents stay in the store."""
        delivered_seq = min((self._cursor(target) for target in targets), default=None)
        before_s = time.time() - keep_s
        with self._database.transaction() as connection:
            if targets:
                marks = ",".join("?" * len(targets))
                connection.execute(f"DELETE FROM cursors WHERE target NOT IN ({marks})", tuple(targets))
                connection.execute(f"DELETE FROM parked WHERE target NOT IN ({marks})", tuple(targets))
            limit = "" if delivered_seq is None else "AND seq <= ?"
            values: tuple[float | int, ...] = (before_s,) if delivered_seq is None else (before_s, delivered_seq)
            deleted = connection.execute(
                f"DELETE FROM messages WHERE created_s < ? {limit} AND seq NOT IN (SELECT seq FROM parked)", values
            )
            # by now every broker that can be reached has heard that these are no more
            prune_removed(connection, before_s)
            return deleted.rowcount

    def _messages(self, query: str, values: tuple[Any, ...]) -> tuple[list[Message], int | None]:
        """Messages up to the first that cannot be read, and the place of that one."""
        messages: list[Message] = []
        for row in self._database.connection.execute(query, values).fetchall():
            event = json_object(row["event"])
            if event is None:
                return messages, row["seq"]
            messages.append(Message(row["seq"], row["kind"], row["id"], row["device"], row["created_s"], event))
        return messages, None

    def _cursor(self, target: str) -> int:
        row = self._database.connection.execute("SELECT seq FROM cursors WHERE target = ?", (target,)).fetchone()
        return 0 if row is None else int(row[0])

    @staticmethod
    def _advance(connection: sqlite3.Connection, target: str, seq: int) -> None:
        connection.execute(
            "INSERT INTO cursors (target, seq) VALUES (?, ?) "
            "ON CONFLICT (target) DO UPDATE SET seq = max(seq, excluded.seq)",
            (target, seq),
        )
