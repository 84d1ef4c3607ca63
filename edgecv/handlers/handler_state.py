"""A handler's memory: what it puts during one input is kept together or not at all, and outlives its process.

Three layers hold what was put: the input under way, the batch that is committed next, and what is on the disk. An input
that fails loses its own layer; a commit that fails keeps the batch for the next try.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from edgecv.handlers.state_changes import Layer, blames_disk
from edgecv.untrusted import storable

_log = logging.getLogger("edgecv.handler")
T = TypeVar("T")
_REASONS = 40
_REASON_CHARS = 200
_EXAMPLE_CHARS = 1000
_COUNTERS = 200
"""Names of counters: each is a metric of its own, and a monitoring system keeps every name it ever saw."""
_MORE_COUNTERS = "more_counters"
_REST_S = 3600.0
"""How long what failed when it was due is left alone, listening time."""
_OWN = "."  # keys that begin so are the context's own


class Memory:
    """One device's.

    Args:
        device: its id in the box file.
        connection: the box's database, for what earlier runs left.
    """

    def __init__(self, device: str, connection: sqlite3.Connection) -> None:
        self._device = device
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
        rows = connection.execute("SELECT reason FROM unreadable WHERE device = ?", (device,))
        self._reasons = {str(row[0]) for row in rows}
        self._load(connection)

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

    def restore_all(self, before: str, read: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
        """Keys that begin so, with their values as ``read`` makes them; what it cannot take is set aside."""
        for key, value in list(self.items(before)):
            try:
                made = read(value)
            except Exception as error:
                self._set_aside(key, error)
            else:
                yield key, made

    def count(self, name: str, by: float = 1.0) -> None:
        """Let one of its counters grow."""
        if name not in self.counts and len(self.counts) >= _COUNTERS:
            name = _MORE_COUNTERS
        self.counts[name] = self.counts.get(name, 0.0) + by

    def run_for_each(self, what: str, subjects: Iterable[str], due: Callable[[str], None]) -> None:
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
                    _log.exception("%s: %s fails for %r; it is set aside", self._device, what, subject)
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
        """Forget the handler's memory, but not the context's own."""
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

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Put the batch into the database, within the caller's transaction; ``written`` follows its commit."""
        self._batch.write(connection, self._device, wall_s)

    def write_apart(self, connection: sqlite3.Connection, wall_s: float) -> list[str]:
        """Like ``write``, but each input by itself: what the database does not take of one costs only that one.

        Returns:
            Why, of each input that was set aside.
        """
        device, taken, reasons = self._device, Layer(), list[str]()
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

    def _add(self, layer: Layer) -> None:
        self._batch.join(layer)
        self._parts.append(layer)

    def _load(self, connection: sqlite3.Connection) -> None:
        for row in connection.execute("SELECT key, value FROM device_state WHERE device = ?", (self._device,)):
            try:
                self._kept[row[0]] = json.loads(row[1])
            except (ValueError, RecursionError) as error:
                self._set_aside(row[0], error)

    def _set_aside(self, key: str, error: Exception) -> None:
        """Forget what an older version left and nobody can read, but not without a word."""
        _log.error("%s: what was stored as %r cannot be read (%s); it is set aside", self._device, key, error)
        self.unreadable("stored state cannot be read", f"{key}: {self._kept.get(key)!r}")
        self.put(key, None)
