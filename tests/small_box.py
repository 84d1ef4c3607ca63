"""A box with nothing but a database, a box file and an outbox, for the couriers to work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecv.config.upstream import Upstream
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.outbox import Depth, Kind, Outbox, add_message
from edgecv.storage.retained_states import RetainedStates
from edgecv.upstream import DeliveryService


def event_of(message_id: str, device: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """A CloudEvent."""
    return {
        "specversion": "1.0",
        "id": message_id,
        "source": f"urn:edgecv:home:{device}",
        "type": "io.edgecv.incident.v1",
        "time": "2026-03-04T05:06:07.120000Z",
        "data": data or {"id": message_id, "kind": "thrown_object", "device": device},
    }


def numbered(count: int) -> list[str]:
    """So many ids, in order."""
    return [f"id-{number}" for number in range(count)]


@dataclass(frozen=True)
class Box:
    """A folder that is a box."""

    folder: Path

    @property
    def database_path(self) -> Path:
        """Where the outbox is."""
        return self.folder / DATABASE

    @property
    def evidence(self) -> Path:
        """Where evidence folders are."""
        return self.folder / "evidence"

    @contextmanager
    def outbox(self) -> Iterator[Outbox]:
        """The outbox over a connection of one's own."""
        with closing(Database(self.database_path)) as database:
            yield Outbox(database)

    def add(self, *ids: str, device: str = "north-1", kind: Kind = "incident") -> None:
        """Put messages into the outbox, each in its own transaction."""
        with closing(Database(self.database_path)) as database:
            for message_id in ids:
                with database.transaction() as connection:
                    add_message(connection, kind, message_id, device, event_of(message_id, device))

    def set_state(self, device: str, state: dict[str, Any]) -> None:
        """Replace a device's state."""
        with closing(Database(self.database_path)) as database:
            RetainedStates(database).put(device, state)

    def remove_state(self, device: str) -> None:
        """The device is no more."""
        with closing(Database(self.database_path)) as database:
            RetainedStates(database).remove(device)

    def depth(self, target: str) -> Depth:
        """What a target still has to get."""
        with self.outbox() as outbox:
            return outbox.depth(target)

    def write(self, name: str, content: str) -> str:
        """A file beside the box file, such as a password."""
        (self.folder / name).write_text(content)
        return name

    @contextmanager
    def courier(self, drain_s: float = 5.0, **upstream: Any) -> Iterator[DeliveryService]:
        """A courier at work."""
        settings = Upstream.model_validate(upstream)
        courier = DeliveryService(self.database_path, "home", settings, self.folder / "box.yaml", self.evidence)
        courier.start()
        try:
            yield courier
        finally:
            courier.stop(drain_s)
