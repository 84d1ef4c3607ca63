"""A handler's transaction: what an input changes is written as a whole or not at all, and outlives the process.

Three layers hold stored state: the input being handled, the batch that is committed next, and what is on the disk. An
input that fails loses its own layer; a commit that fails keeps the batch for the next try.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from edgecv.handlers.changes import Changes
from edgecv.handlers.handler_metrics import HandlerMetrics
from edgecv.messages import handlers as messages
from edgecv.storage.database import is_disk_failure, savepoint
from edgecv.storage.device_state import read_device_state, unreadable_reasons
from edgecv.untrusted import storable

_log = logging.getLogger("edgecv.handler")
T = TypeVar("T")
_MAX_REASONS = 40
_REASON_CHARS = 200
_EXAMPLE_CHARS = 1000
_RESERVED = "."
"""Keys that begin so are the context's own."""


class UnitOfWork:
    """One device's.

    Args:
        device: its id in the box file.
        connection: the box's database, for what earlier runs stored.
        metrics: where unreadable inputs are counted.

    Attributes:
        current: the changes of the input being handled.
    """

    def __init__(self, device: str, connection: sqlite3.Connection, metrics: HandlerMetrics) -> None:
        self.current = Changes()
        self._device = device
        self._metrics = metrics
        self._stored: dict[str, Any] = {}
        self._batch = Changes()
        self._parts: list[Changes] = []
        self._reasons = unreadable_reasons(connection, device)
        self._load(connection)

    def get(self, key: str) -> Any:
        """What was put under a key, of JSON's types, or None; not to be changed in place."""
        for layer in (self.current.state, self._batch.state):
            if key in layer:
                return layer[key]
        return self._stored.get(key)

    def put(self, key: str, value: Any) -> None:
        """Store a value of JSON's types; None removes the key."""
        self.current.state[key] = value

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Keys that begin so, with their values."""
        keys = dict.fromkeys([*self._stored, *self._batch.state, *self.current.state])
        for key in keys:
            if key.startswith(prefix) and not key.startswith(_RESERVED) and (value := self.get(key)) is not None:
                yield key, value

    def restore(self, key: str, read: Callable[[Any], T]) -> T:
        """What is stored under a key, as ``read`` makes it; what ``read`` cannot take is set aside, and is as if new.

        Args:
            key: the key.
            read: makes an object of a value, and a new one of None.
        """
        value = self.get(key)
        try:
            return read(value)
        except Exception as error:  # a value of an older version or another handler may be anything
            self._set_aside(key, error)
            return read(None)

    def restore_all(self, prefix: str, read: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
        """Keys that begin so, with their values as ``read`` makes them; what it cannot take is set aside."""
        for key, value in list(self.items(prefix)):
            try:
                restored = read(value)
            except Exception as error:
                self._set_aside(key, error)
            else:
                yield key, restored

    def complete(self, origin: str | None = None) -> None:
        """The input being handled went well: its changes join the batch.

        Args:
            origin: the input, for whoever has to look for it.

        Raises:
            UntrustedError: the database would not take them; nothing of them joined.
        """
        changes = self.current
        if not changes:
            return
        changes.check()
        changes.origin = origin
        self.add(changes)
        self.current = Changes()

    def discard(self) -> None:
        """The input being handled failed: nothing of it stays."""
        self.current = Changes()

    def add(self, changes: Changes) -> None:
        """Let changes join the batch that are of no input."""
        self._batch.merge(changes)
        self._parts.append(changes)

    def clear_state(self) -> None:
        """Remove the handler's stored state, but not the context's own."""
        self.current = Changes({key: None for key, _ in self.items()})

    def count_unreadable(self, reason: str, example: str | None) -> None:
        """Count an input that could not be read; the first of each reason is stored."""
        self._metrics.count("unreadable")
        reason = storable(reason, _REASON_CHARS)
        if reason not in self._reasons and len(self._reasons) >= _MAX_REASONS:
            reason, example = "more reasons than are kept apart", None
        self._reasons.add(reason)
        stored_example = None if example is None else storable(example, _EXAMPLE_CHARS)
        self.add(Changes(unreadable={reason: (1, stored_example)}))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self._batch

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Write the batch within the caller's transaction; ``committed`` follows its commit."""
        self._batch.write(connection, self._device, wall_s)

    def write_each(self, connection: sqlite3.Connection, wall_s: float) -> list[str]:
        """Like ``write``, but each input by itself: what the database does not take of one costs only that one.

        Returns:
            Why, of each input that was set aside.
        """
        accepted, reasons = Changes(), list[str]()
        for part in self._parts:
            try:
                with savepoint(connection):
                    part.write(connection, self._device, wall_s)
            except Exception as error:
                if is_disk_failure(error):
                    raise
                reason = messages.DATABASE_REFUSES(kind=type(error).__name__)
                reasons.append(reason)
                Changes(unreadable={reason: (1, part.origin)}).write(connection, self._device, wall_s)
            else:
                accepted.merge(part)
        self._batch = accepted
        return reasons

    def committed(self) -> None:
        """The batch is on the disk."""
        _update(self._stored, self._batch.state)
        self._batch = Changes()
        self._parts = []

    def _load(self, connection: sqlite3.Connection) -> None:
        for key, text in read_device_state(connection, self._device).items():
            try:
                self._stored[key] = json.loads(text)
            except (ValueError, RecursionError) as error:
                self._set_aside(key, error)

    def _set_aside(self, key: str, error: Exception) -> None:
        """Remove what an older version stored and nobody can read, but not without a line in the log."""
        _log.error("%s: what was stored as %r cannot be read (%s); it is set aside", self._device, key, error)
        self.count_unreadable("stored state cannot be read", f"{key}: {self._stored.get(key)!r}")
        self.put(key, None)


def _update(stored: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value
