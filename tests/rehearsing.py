"""Handlers at work on traffic from memory: in this process, without a broker, as fast as they take it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from edgecv.config import load_box
from edgecv.daemon.device_worker import device_spec_of
from edgecv.handlers import find_handler
from edgecv.handlers.handler_runner import HandlerRunner
from edgecv.handlers.sources.source import Arrival
from edgecv.incidents.alarm import Alarm
from edgecv.simulation.devices.alarm_score import Score, score
from edgecv.simulation.devices.device_trace import Day
from edgecv.simulation.devices.lossy_channel import Arrived, Channel
from edgecv.simulation.devices.replay import with_clock
from edgecv.storage.database import DATABASE, Database

ROUGH = Channel(loss=0.08, duplicate=0.08, overtaken=0.08)


class FedSource:
    """A source that gives what it was fed, again as long as it was not acknowledged."""

    def __init__(self) -> None:
        self.waiting: list[Arrival] = []
        self.problem: str | None = None
        self.given = 0

    def take(self, _seconds: float) -> Sequence[Arrival]:
        given = self.waiting[self.given : self.given + 500]
        self.given += len(given)
        return given

    def done(self, arrivals: Sequence[Arrival]) -> None:
        del self.waiting[: len(arrivals)]
        self.given -= len(arrivals)

    def refused(self, _arrival: Arrival, _reason: str) -> None:
        pass

    def close(self) -> None:
        self.given = 0


class Rehearsal:
    """One device of a box, its handler driven step by step."""

    def __init__(self, folder: Path, settings: dict[str, Any], *, live: bool = False, handler: Any = None) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.source = FedSource()
        self._live = live
        self._handler = handler
        (folder / "box.yaml").write_text(yaml.safe_dump({"site": "home", "devices": {"dev": settings}}))
        self.start()

    def start(self) -> None:
        """As after a kill: what was not committed is gone, what was not acknowledged comes again."""
        box = load_box(self.folder / "box.yaml")
        spec = device_spec_of(box, "dev", self.state)
        kind = self._handler or find_handler(spec.settings.kind)
        self.source.close()
        fed = self.source

        def make(context: Any) -> Any:
            made: Any = kind(spec.settings, context)
            made.sources = lambda: [fed]
            return made

        identity = replace(spec.identity, events=kind.events)
        self.runner = HandlerRunner(identity, make, rehearsal=not self._live)

    def feed(self, topic: str, payload: Any, at_s: float | None = None) -> None:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.source.waiting.append(Arrival(topic, raw, at_s))

    def tell_time(self, at_s: float) -> None:
        self.source.waiting.append(Arrival("", b"", at_s, is_time=True))

    def work(self) -> None:
        """Until everything fed is acknowledged."""
        while self.source.waiting:
            self.runner.step(0.0)

    def play(self, arrived: Iterable[Arrived], *, kill_every: int | None = None) -> None:
        """A day; where it is told, the process is killed now and then between a commit and its acknowledgement."""
        for item in with_clock(list(arrived)):
            if isinstance(item, float):
                self.tell_time(item)
            else:
                topic = item.sent.topic if item.sent.method is None else f"{item.sent.method} {item.sent.topic}"
                self.feed(topic, item.sent.raw(), item.at_s)
        if kill_every is not None:
            acknowledge = self.source.done
            batches = [0]

            def sometimes(arrivals: Sequence[Arrival]) -> None:
                batches[0] += 1
                if batches[0] % kill_every:
                    acknowledge(arrivals)
                else:
                    self.start()

            self.source.done = sometimes  # type: ignore[method-assign]
        self.work()

    def records(self) -> list[Alarm]:
        rows = self.rows("SELECT record FROM incidents ORDER BY rowid")
        return [Alarm.model_validate_json(row["record"]) for row in rows]

    def messages(self, kind: str) -> list[dict[str, Any]]:
        return [
            json.loads(r["event"]) for r in self.rows("SELECT event FROM messages WHERE kind = ? ORDER BY seq", kind)
        ]

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        database = Database(self.state / DATABASE, read_only=True)
        try:
            return database.connection.execute(query, values).fetchall()
        finally:
            database.close()


def rehearse(
    folder: Path, day: Day, channel: Channel, seed: int, *, kill_every: int | None = None
) -> tuple[Score, Rehearsal]:
    """Play a day through a channel and hold the alarms against its truth."""
    rehearsal = Rehearsal(folder, dict(day.settings))
    rehearsal.play(channel.carry(day.sent, seed), kill_every=kill_every)
    return score(rehearsal.records(), day.truth), rehearsal


def told(found: Score) -> str:
    """What went wrong, for an assertion."""
    lines = [found.line()]
    lines += [f"missed {expected}" for expected in found.missed[:5]]
    lines += [f"repeated {alarm.to_json()}" for alarm in found.repeated[:5]]
    lines += [f"false {alarm.to_json()}" for alarm in found.false[:5]]
    lines += [f"wrong end {alarm.to_json()}" for alarm in found.wrong_end[:5]]
    return "\n".join(lines)
