"""What other devices send: each handler's messages and commands, through its runner and the box's database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from edgecv.config import load_box
from edgecv.daemon.device_worker import device_spec_of
from edgecv.handlers.handler_runner import HandlerRunner
from edgecv.handlers.registry import find_handler
from edgecv.handlers.sources.source import Arrival
from edgecv.simulation.devices.device_registry import DAYS, HOOKED
from edgecv.simulation.devices.device_trace import Day
from fuzzer.dictionary import TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text, mutated_bytes, mutated_document

_SENT = 40
_STEPS = 5


class Devices(Entrance):
    """MQTT topics and web hooks of every kind of device that can be simulated."""

    name = "devices"
    weight: ClassVar[float] = 2.0
    smoke = 200
    good_every = 5

    def open(self, folder: Path) -> None:
        """A runner for each kind."""
        self._runners = {kind: _runner_of(kind, folder / kind) for kind in DAYS}
        self._tried_last = next(iter(DAYS))

    def make(self, rng: random.Random) -> Case:
        """A few messages of one kind of device, good ones before bad ones."""
        kind = rng.choice(sorted(DAYS))
        sent = _day(kind).sent[:_SENT]
        messages = []
        for one in rng.sample(range(len(sent)), k=rng.randrange(1, 4)):
            topic, payload = _topic(sent[one]), sent[one].payload
            if kind == "manhole" and rng.random() < 0.25:
                topic, payload = "edgecv/v1/home/dev/command", _command(rng)
            if isinstance(payload, bytes):
                raw = mutated_bytes(rng, payload)
            else:
                changed = mutated_document(rng, payload) if rng.random() < 0.9 else payload
                raw = json_text(rng, changed).encode("utf-8", "surrogatepass")
                raw = mutated_bytes(rng, raw) if rng.random() < 0.1 else raw
            if rng.random() < 0.1:
                topic = rng.choice([text for text in TEXTS if len(text) < 300 and text.isascii() and "\0" not in text])
            messages.append([topic, raw.decode("latin-1")])
        return {"kind": kind, "messages": messages}

    def attempt(self, case: Case) -> None:
        """Take them; each is read or refused, and acknowledged."""
        self._tried_last = case["kind"]
        runner, source = self._runners[case["kind"]]
        before = runner.context.counts.get("failures", 0.0)
        source.waiting += [Arrival(topic, raw.encode("latin-1")) for topic, raw in case["messages"]]
        _work(runner, source)
        runner.handler.tick()
        runner.context.work.discard()
        after = runner.context.counts.get("failures", 0.0)
        why = [text for text in runner.degraded() if "fails" in text]
        expect(after == before, f"the handler {case['kind']} fails: {'; '.join(why)}")

    def good(self) -> None:
        """Good messages are counted and acknowledged."""
        runner, source = self._runners[self._tried_last]
        before = runner.context.counts.get("inputs", 0.0)
        source.waiting += [Arrival(_topic(one), one.raw()) for one in _day(self._tried_last).sent[:2]]
        _work(runner, source)
        expect(runner.context.counts["inputs"] == before + 2, "good messages are not counted")


class _FedSource:
    """Gives what it was fed until that is acknowledged."""

    def __init__(self) -> None:
        self.waiting: list[Arrival] = []
        self.problem: str | None = None
        self._given = 0

    def take(self, _seconds: float) -> Sequence[Arrival]:
        given = self.waiting[self._given :]
        self._given = len(self.waiting)
        return given

    def done(self, arrivals: Sequence[Arrival]) -> None:
        del self.waiting[: len(arrivals)]
        self._given -= len(arrivals)

    def refused(self, _arrival: Arrival, _reason: str) -> None:
        pass

    def close(self) -> None:
        self._given = 0


def _work(runner: HandlerRunner, source: _FedSource) -> None:
    for _ in range(_STEPS):
        runner.step(0.0)
        if not source.waiting:
            return
    expect(False, "a message is not acknowledged")


def _runner_of(kind: str, folder: Path) -> tuple[HandlerRunner, _FedSource]:
    state = folder / "state"
    state.mkdir(parents=True)
    settings = {**_day(kind).settings, "alarms_per_hour": 100_000}
    file = folder / "box.yaml"
    file.write_text(yaml.safe_dump({"site": "home", "devices": {"dev": settings}}))
    spec = device_spec_of(load_box(file), "dev", state)
    source = _FedSource()
    handler = find_handler(spec.settings.kind)

    def make(context: Any) -> Any:
        made: Any = handler(spec.settings, context)
        made.sources = lambda: [source]
        return made

    return HandlerRunner(replace(spec.identity, events=handler.events), make), source


@cache
def _day(kind: str) -> Day:
    return DAYS[kind](3, 4, "127.0.0.1:0" if kind in HOOKED else "mqtt://127.0.0.1:1", 0.0)


def _topic(sent: Any) -> str:
    return sent.topic if sent.method is None else f"{sent.method} {sent.topic}"


def _command(rng: random.Random) -> dict[str, Any]:
    now_s = 1_780_000_000.0
    order = {"command": "maintenance", "cover": "*", "from": now_s, "to": now_s + 3600.0, "by": "crew 4"}
    return order if rng.random() < 0.5 else order | {"command": "maintenance_end"}
