"""The incidents of a box: their records in the database, their evidence in folders beside it.

A record and its message to the upstream go into the database in one transaction: whatever happens after, both are there
or neither. Evidence follows: written into ``.ID.part``, sealed, renamed to ``ID``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edgecv.evidence.chain_head import Receipt
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import delete_evidence
from edgecv.incidents.cloudevents import incident_event
from edgecv.incidents.record import Incident
from edgecv.storage.clock_steps import ClockStep
from edgecv.storage.database import Database
from edgecv.storage.incident_rows import StoredIncident, UnsealedIncident, incident_from_row, insert_record
from edgecv.storage.outbox import add_message
from edgecv.storage.recorded_chain import INCIDENTS, recorded_head

__all__ = ["INCIDENTS", "IncidentStore", "part_of"]


class IncidentStore:
    """One thread's access to the box's incidents.

    Args:
        database: that thread's own connection.
        folder: holds a folder for each incident's evidence.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def add(self, incident: Incident, *, evidence: bool = True) -> bool:
        """Put a record in, and its message for an incident (candidates are never pushed); False where it was there."""
        with self.database.transaction() as connection:
            if not insert_record(connection, incident, "pending" if evidence else "none"):
                return False
            if incident.tier == "incident":
                add_message(connection, "incident", incident.id, incident.device, incident_event(incident))
        return True

    def get(self, incident_id: str) -> StoredIncident | None:
        """One incident by its id, or None."""
        row = self.database.connection.execute("SELECT * FROM incidents WHERE id = ?", (incident_id,)).fetchone()
        return None if row is None else incident_from_row(row)

    def hold(self, incident_id: str, reason: str) -> bool:
        """Keep its evidence until it is released; False where there is no such incident."""
        return self._set("hold = ?", reason, incident_id)

    def release(self, incident_id: str) -> bool:
        """Let its evidence age again."""
        return self._set("hold = ?", None, incident_id)

    def resolve(self, incident_id: str, resolution: str) -> bool:
        """Record its resolution, and when it was resolved."""
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE incidents SET resolution = ?, resolved_s = ? WHERE id = ?",
                (resolution, time.time(), incident_id),
            )
        return changed.rowcount > 0

    def reopen(self, incident_id: str) -> bool:
        """Take its resolution back: its evidence ages like that of unresolved incidents again."""
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE incidents SET resolution = NULL, resolved_s = NULL WHERE id = ?", (incident_id,)
            )
        return changed.rowcount > 0

    def folder_of(self, incident_id: str) -> Path:
        """Where its evidence is, once sealed."""
        return self.folder / incident_id

    def part_of(self, incident_id: str) -> Path:
        """Where its evidence is put together."""
        return part_of(self.folder, incident_id)

    def last_stored_s(self) -> float | None:
        """When the last record was put in, by the box's clock, seconds since 1970; None where there is none."""
        row = self.database.connection.execute("SELECT stored_s FROM incidents ORDER BY rowid DESC LIMIT 1").fetchone()
        return None if row is None else float(row["stored_s"])

    def chain_head(self) -> Receipt | None:
        """The signed receipt of the last bundle that was sealed."""
        return recorded_head(self.database)

    def delete(self, incident_id: str, key: BoxKey, reason: str) -> bool:
        """Delete its evidence, with a signed record of what was deleted and why; the record stays.

        False where it is on hold: somebody may have held it since it was chosen.
        """
        stored = self.get(incident_id)
        if stored is not None and stored.hold is not None:
            return False
        folder = self.folder_of(incident_id)
        if folder.is_dir():
            delete_evidence(folder, key, reason, datetime.now(UTC))
        self._set("evidence = ?", "deleted", incident_id)
        return True

    def unsealed(self) -> list[UnsealedIncident]:
        """Every incident whose evidence is not sealed yet, the first to be put in first."""
        rows = self.database.connection.execute(
            "SELECT id, device, is_left FROM incidents WHERE evidence = 'pending' ORDER BY rowid"
        )
        return [UnsealedIncident(row["id"], row["device"], bool(row["is_left"])) for row in rows]

    def hand_over(self, incident_id: str) -> None:
        """Hand its evidence over to the evidence process: its clip is as long as it will be."""
        self._set("is_left = ?", 1, incident_id)

    def hand_over_all(self, device: str | None = None) -> int:
        """Hand all evidence that no worker adds to over to the evidence process; the number of incidents.

        Args:
            device: only that of this camera; else no worker may run.
        """
        growing = [one for one in self.unsealed() if not one.is_handed_over and device in {None, one.device}]
        for one in growing:
            self.hand_over(one.id)
        return len(growing)

    def deletable(self, before_s: float | None = None, *, also_unfinished: bool = False) -> list[StoredIncident]:
        """Sealed evidence that may go, the first to go first: false weight before true, resolved before open.

        Args:
            before_s: only what was stored before, seconds since 1970.
            also_unfinished: those unresolved, or whose evidence some target has not got yet, too (they come last).
        """
        rows = self.database.connection.execute(
            """
            SELECT * FROM (
                SELECT i.*, i.tier = 'incident' AND (i.resolution IS NULL OR EXISTS (
                    SELECT 1 FROM messages m WHERE m.id = i.id AND (
                        m.seq > coalesce((SELECT min(seq) FROM cursors), 0)
                        OR EXISTS (SELECT 1 FROM parked p WHERE p.seq = m.seq)))) AS unfinished
                FROM incidents i WHERE i.evidence = 'sealed' AND i.hold IS NULL AND (?1 IS NULL OR i.stored_s < ?1)
            ) WHERE ?2 OR NOT unfinished ORDER BY unfinished, tier = 'incident', stored_s
            """,
            (before_s, also_unfinished),
        )
        return [incident_from_row(row) for row in rows]

    def correct_times(self, step: ClockStep) -> int:
        """Put right when records were put in while the clock was wrong; of how many."""
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE incidents SET stored_s = stored_s + ? WHERE stored_s BETWEEN ? AND ?",
                (step.by_s, step.began_s, step.ended_s),
            )
        return changed.rowcount

    def totals(self) -> dict[tuple[str, str], int]:
        """How many there are by ``(device, tier)``."""
        rows = self.database.connection.execute("SELECT device, tier, count(*) FROM incidents GROUP BY 1, 2")
        return {(row[0], row[1]): int(row[2]) for row in rows}

    def _set(self, assignment: str, value: str | int | None, incident_id: str) -> bool:
        with self.database.transaction() as connection:
            changed = connection.execute(f"UPDATE incidents SET {assignment} WHERE id = ?", (value, incident_id))
        return changed.rowcount > 0

    def list(
        self,
        device: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
        tier: str | None = None,
        kinds: Sequence[str] | None = None,
    ) -> list[StoredIncident]:
        """The newest incidents, newest first.

        Args:
            device: only this camera's or other device's.
            since: only those put in since then.
            limit: how many at most.
            tier: only incidents, or only candidates.
            kinds: only those of these kinds.
        """
        rows = self.database.connection.execute(
            "SELECT * FROM incidents WHERE (?1 IS NULL OR device = ?1) AND (?2 IS NULL OR stored_s >= ?2) "
            "AND (?3 IS NULL OR tier = ?3) AND (?4 IS NULL OR kind IN (SELECT value FROM json_each(?4))) "
            "ORDER BY rowid DESC LIMIT ?5",  # whatever the box's clock did
            (
                device,
                None if since is None else since.timestamp(),
                tier,
                None if kinds is None else json.dumps(list(kinds)),
                limit,
            ),
        )
        return [incident_from_row(row) for row in rows]


def part_of(folder: Path, incident_id: str) -> Path:
    """Where an incident's evidence is put together, in a folder of incidents."""
    return folder / f".{incident_id}.part"
