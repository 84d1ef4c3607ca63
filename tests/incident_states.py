"""What a box's database says of its incidents."""

from __future__ import annotations

from edgecv.storage.database import Database
from edgecv.storage.incident_store import IncidentStore


def messages(database: Database, kind: str) -> list[str]:
    rows = database.connection.execute("SELECT id FROM messages WHERE kind = ? ORDER BY seq", (kind,))
    return [row["id"] for row in rows]


def state_of(store: IncidentStore, incident_id: str) -> str:
    stored = store.get(incident_id)
    assert stored is not None
    return stored.evidence
