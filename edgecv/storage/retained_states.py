"""The newest state of every device, as the upstream retains it; ``{}`` of a device that is gone."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from edgecv.storage.database import Database
from edgecv.storage.json_column import json_object


class RetainedStates:
    """The states of a box's devices.

    Args:
        database: an open connection, the caller's thread's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, device: str, state: dict[str, Any]) -> None:
        """Replace a device's state; the same state again changes nothing."""
        text = json.dumps(state, ensure_ascii=False, allow_nan=False, sort_keys=True)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO states (device, state, changed_s) VALUES (?, ?, ?) ON CONFLICT (device) "
                "DO UPDATE SET state = excluded.state, changed_s = excluded.changed_s WHERE state != excluded.state",
                (device, text, time.time()),
            )

    def remove(self, device: str) -> None:
        """The device is no more: its state becomes ``{}``, which takes away what brokers keep of it."""
        self.put(device, {})

    def all(self) -> dict[str, dict[str, Any]]:
        """The newest state of every device; ``{}`` of one that is no more."""
        rows = self._database.connection.execute("SELECT device, state FROM states ORDER BY device")
        return {row["device"]: state for row in rows if (state := json_object(row["state"])) is not None}


def prune_removed(connection: sqlite3.Connection, before_s: float) -> None:
    """Forget devices that were removed before a time (seconds since 1970), within the caller's transaction."""
    connection.execute("DELETE FROM states WHERE state = '{}' AND changed_s < ?", (before_s,))
