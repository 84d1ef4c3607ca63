"""Evidence that was stored before a time service set the clock."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from known_bundles import record, write_files

from edgecv.evidence.keys import BoxKey
from edgecv.storage.clock_steps import ClockSteps
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.retention import Retention
from edgecv.storage.sealed_evidence import seal_bundle

TODAY_S = 1_780_000_000.0
DAY_S = 86400.0


@dataclass
class Clocks:
    """A box's clocks: what passes moves both, what is set moves one."""

    wall_s: float
    monotonic_s: float = 10.0
    synchronised: bool = False

    def steps(self) -> ClockSteps:
        return ClockSteps(lambda: self.synchronised, lambda: self.wall_s, lambda: self.monotonic_s)

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds


@pytest.mark.parametrize("start_s", [100.0, TODAY_S - 90.0 * DAY_S, TODAY_S + 3650.0 * DAY_S])
def test_evidence_from_before_the_clock_was_right_ages_from_when_it_was_found(
    tmp_path: Path, monkeypatch, start_s: float
) -> None:
    clocks = Clocks(start_s)
    monkeypatch.setattr(time, "time", lambda: clocks.wall_s)
    steps, key = clocks.steps(), BoxKey.load_or_create(tmp_path)
    with closing(Database(tmp_path / DATABASE)) as database:
        store = IncidentStore(database, tmp_path / INCIDENTS)
        clocks.passes(30.0)
        store.add(record("a"))
        write_files(store.part_of("a"), "a")
        seal_bundle(store, "a", key)
        clocks.passes(30.0)
        clocks.wall_s, clocks.synchronised = TODAY_S, True
        step = steps.next()
        assert step is not None
        assert store.correct_times(step) == 1
        retention = Retention(30.0, 0.999, 0.0)
        assert retention.apply(store, key, tmp_path / "recordings", TODAY_S + 59.0 * DAY_S).log_lines == []
        assert len(retention.apply(store, key, tmp_path / "recordings", TODAY_S + 61.0 * DAY_S).log_lines) == 1


def test_what_was_stored_before_keeps_its_time(tmp_path: Path, monkeypatch) -> None:
    clocks = Clocks(TODAY_S - 40.0 * DAY_S)
    monkeypatch.setattr(time, "time", lambda: clocks.wall_s)
    with closing(Database(tmp_path / DATABASE)) as database:
        store = IncidentStore(database, tmp_path / INCIDENTS)
        store.add(record("a"))
        clocks.wall_s = 100.0  # the battery is dead
        steps = clocks.steps()
        clocks.passes(60.0)
        clocks.wall_s, clocks.synchronised = TODAY_S, True
        step = steps.next()
        assert step is not None
        assert store.correct_times(step) == 0


def test_a_clock_that_nobody_keeps_and_a_small_step_put_nothing_right() -> None:
    clocks = Clocks(TODAY_S)
    steps = clocks.steps()
    clocks.wall_s += 3650.0 * DAY_S
    assert steps.next() is None
    clocks.wall_s, clocks.synchronised = TODAY_S + 60.0, True
    assert steps.next() is None


def test_a_step_is_told_until_it_is_done_and_the_way_back_too() -> None:
    clocks = Clocks(100.0, synchronised=True)
    steps = clocks.steps()
    clocks.wall_s = TODAY_S
    first = steps.next()
    assert first is not None
    assert (first.began_s, first.ended_s, first.by_s) == (100.0, 100.0, TODAY_S - 100.0)
    assert steps.next() == first
    steps.confirm(first)
    assert steps.next() is None
    clocks.passes(60.0)
    clocks.wall_s -= 10.0 * DAY_S
    second = steps.next()
    assert second is not None
    assert (second.began_s, second.ended_s, second.by_s) == (TODAY_S, TODAY_S + 60.0, -10.0 * DAY_S)
