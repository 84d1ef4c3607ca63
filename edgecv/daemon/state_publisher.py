"""What the upstream is told of every device: its retained state, and an event when it goes and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecv.config.box import BOX
from edgecv.config.known_secrets import hide_secrets
from edgecv.daemon.health import BoxHealth
from edgecv.incidents.cloudevents import device_event, with_code
from edgecv.messages import camera as messages
from edgecv.messages import mapped
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_rows import count_unsealed
from edgecv.storage.outbox import insert_device_event
from edgecv.storage.retained_states import RetainedStates
from edgecv.untrusted import storable

MAX_TEXT_CHARS = 2000
"""Of a state or an event: cameras, brokers and servers have their words in it."""
_EVENTS = {"offline": "lost", "online": "back", "degraded": "degraded"}  # camera_lost, device_lost, ...


class StatePublisher:
    """Keeps the states in the database up to date.

    Args:
        state: the state directory.
        site: the box file's site.
    """

    def __init__(self, state: Path, site: str) -> None:
        self.site = site
        self._path = state / DATABASE
        self._opened: Database | None = None
        self._published: dict[str, dict[str, Any]] = {}
        self._devices: frozenset[str] = frozenset()

    def update(self, health: BoxHealth) -> None:
        """Store what has changed, with a device event where a device went, came back or was taken out.

        Raises:
            sqlite3.Error, DatabaseError: the disk takes nothing; call again.
        """
        self._keep_only(frozenset(one.id for one in (*health.cameras, *health.devices)))
        self._set(BOX, health.state())
        for camera in health.cameras:
            if camera.settled:
                self._set(camera.id, camera.state())
        for device in health.devices:
            if device.settled:
                self._set(device.id, device.state(), "device")

    def send_event(self, device: str, kind: str, text: str) -> None:
        """Send an event upstream.

        Raises:
            sqlite3.Error, DatabaseError: the disk takes nothing.
        """
        event = device_event(self.site, device, kind, mapped(text, _publishable), {})
        with self._database.transaction() as connection:
            insert_device_event(connection, device, event)

    def unsealed(self) -> int:
        """How many incidents' evidence is not sealed yet.

        Raises:
            sqlite3.Error, DatabaseError: the database cannot be read now.
        """
        return count_unsealed(self._database.connection)

    def _keep_only(self, devices: frozenset[str]) -> None:
        """Forget every device that is no longer in the box file, also those that went while the daemon was off."""
        if devices == self._devices:
            return
        for device, state in self._retained.all().items():
            if device not in devices | {BOX} and state:
                self.send_event(device, "device_removed", messages.REMOVED())
                self._retained.remove(device)
                self._published.pop(device, None)
        self._devices = devices

    def close(self) -> None:
        """Close the database."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _database(self) -> Database:
        # opened with the first use: a disk that was full at the start has room later
        if self._opened is None:
            self._opened = Database(self._path)
        return self._opened

    @property
    def _retained(self) -> RetainedStates:
        return RetainedStates(self._database)

    def _set(self, device: str, state: dict[str, Any], kind: str = "camera") -> None:
        state = state | with_code(mapped(state["text"], _publishable))
        before = self._published.get(device)
        if before == state:
            return
        self._retained.put(device, state)
        self._published[device] = state
        began_well = before is None and state["state"] == "online"
        if device != BOX and not began_well and (before is None or before["state"] != state["state"]):
            event = _EVENTS.get(state["state"])
            self.send_event(device, state["state"] if event is None else f"{kind}_{event}", state["text"])


def _publishable(text: str) -> str:
    """A text as it may leave the box: cut, and without passwords."""
    return storable(hide_secrets(text), MAX_TEXT_CHARS)
