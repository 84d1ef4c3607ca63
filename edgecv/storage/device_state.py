"""The state that a device's handler keeps over restarts, and the inputs that it could not read.

Values are JSON text of the handler's own. Every function works within the caller's transaction, see
:meth:`edgecv.storage.database.Database.transaction`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnreadableInputs:
    """Inputs of a device that could not be read for one reason: how many, and when the last one came (s since 1970)."""

    reason: str
    count: int
    seen_s: float


def read_device_state(connection: sqlite3.Connection, device: str) -> dict[str, str]:
    """The device's values by key, as JSON text."""
    rows = connection.execute("SELECT key, value FROM device_state WHERE device = ?", (device,))
    return {row[0]: row[1] for row in rows}


def write_device_state(connection: sqlite3.Connection, device: str, values: Mapping[str, str | None]) -> None:
    """Put values (JSON text) under their keys; None removes a key."""
    connection.executemany(
        "INSERT INTO device_state (device, key, value) VALUES (?, ?, ?) "
        "ON CONFLICT (device, key) DO UPDATE SET value = excluded.value",
        [(device, key, value) for key, value in values.items() if value is not None],
    )
    connection.executemany(
        "DELETE FROM device_state WHERE device = ? AND key = ?",
        [(device, key) for key, value in values.items() if value is None],
    )


def unreadable_reasons(connection: sqlite3.Connection, device: str) -> set[str]:
    """The reasons under which unreadable inputs of the device are counted."""
    return {str(row[0]) for row in connection.execute("SELECT reason FROM unreadable WHERE device = ?", (device,))}


def read_unreadable(connection: sqlite3.Connection, device: str) -> list[UnreadableInputs]:
    """The device's unreadable inputs, those that came last first."""
    rows = connection.execute(
        "SELECT reason, count, seen_s FROM unreadable WHERE device = ? ORDER BY seen_s DESC", (device,)
    )
    return [UnreadableInputs(*row) for row in rows]


def count_unreadable(
    connection: sqlite3.Connection, device: str, reason: str, count: int, example: str | None, at_s: float
) -> None:
    """Count inputs that could not be read.

    Args:
        connection: the box's, in a transaction.
        device: which sent them.
        reason: why they could not be read.
        count: how many more there are.
        example: one of them; the first example of a reason stays.
        at_s: when the last one came, seconds since 1970.
    """
    connection.execute(
        "INSERT INTO unreadable (device, reason, count, example, seen_s) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (device, reason) DO UPDATE SET count = count + excluded.count, seen_s = excluded.seen_s",
        (device, reason, count, example, at_s),
    )
