from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgecv.storage.retention_clock import RETENTION_CLOCK, RetentionClock

DAY_S = 86400.0
BEGIN_S = 1_780_000_000.0


@dataclass
class Clocks:
    """A box's clocks: what passes moves both, what is set moves one."""

    path: Path
    wall_s: float = BEGIN_S
    monotonic_s: float = 1000.0
    synchronised: bool = False
    last_stored_s: float | None = None

    def start(self) -> RetentionClock:
        return RetentionClock(
            self.path,
            lambda: self.last_stored_s,
            lambda: self.synchronised,
            lambda: self.wall_s,
            lambda: self.monotonic_s,
        )

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path / RETENTION_CLOCK)


def test_without_a_time_service_evidence_ages_as_time_passes(clocks: Clocks) -> None:
    clock = clocks.start()
    for _ in range(40):
        assert clock.now_s() == pytest.approx(clocks.wall_s)
        clocks.passes(DAY_S)
    assert clock.problem is None


def test_a_clock_set_months_ahead_is_not_followed_until_a_time_service_confirms_it(clocks: Clocks) -> None:
    clock = clocks.start()
    clock.now_s()
    clocks.wall_s += 61 * DAY_S
    clocks.passes(7200.0)
    assert clock.now_s() == pytest.approx(BEGIN_S + 7200.0)
    assert "61.0 days ahead" in (clock.problem or "")
    clocks.synchronised = True
    assert clock.now_s() == clocks.wall_s
    assert clock.problem is None


def test_a_restart_does_not_make_a_clock_that_is_ahead_agreed(clocks: Clocks) -> None:
    clock = clocks.start()
    clock.now_s()
    clocks.wall_s += 61 * DAY_S
    for _ in range(3):
        clocks.monotonic_s = 5.0
        clock = clocks.start()
        assert clock.now_s() == pytest.approx(BEGIN_S, abs=1.0)
        assert clock.problem is not None


def test_steps_of_less_than_a_day_do_not_add_up_while_running(clocks: Clocks) -> None:
    clock = clocks.start()
    clock.now_s()
    for _ in range(80):
        clocks.wall_s += 0.9 * DAY_S
        clocks.passes(10.0)
        clock.now_s()
    assert clock.now_s() == pytest.approx(BEGIN_S + 800.0, abs=1.0)
    assert clock.problem is not None


def test_a_night_without_power_is_followed(clocks: Clocks) -> None:
    clocks.start().now_s()
    clocks.wall_s, clocks.monotonic_s = BEGIN_S + 0.5 * DAY_S, 5.0
    clock = clocks.start()
    assert clock.now_s() == clocks.wall_s
    assert clock.problem is None


def test_a_clock_set_back_makes_nothing_older(clocks: Clocks) -> None:
    clock = clocks.start()
    clock.now_s()
    clocks.wall_s -= 400 * DAY_S
    assert clock.now_s() == clocks.wall_s
    clocks.wall_s += 400 * DAY_S
    assert clock.now_s() == pytest.approx(BEGIN_S)
    assert clock.problem is None


def test_before_anything_was_agreed_on_the_newest_record_tells_the_time(clocks: Clocks) -> None:
    clocks.last_stored_s = BEGIN_S - 61 * DAY_S
    clock = clocks.start()
    assert clock.now_s() == pytest.approx(clocks.last_stored_s)
    assert clock.problem is not None


def test_the_time_agreed_on_is_kept_every_hour(clocks: Clocks) -> None:
    clock = clocks.start()
    clock.now_s()
    clocks.passes(1800.0)
    clock.now_s()
    assert json.loads(clocks.path.read_text())["agreed_s"] == BEGIN_S
    clocks.passes(1801.0)
    clock.now_s()
    assert json.loads(clocks.path.read_text())["agreed_s"] == pytest.approx(BEGIN_S + 3601.0)


@pytest.mark.parametrize("spoilt", ["", "[]", '{"agreed_s": "x"}', '{"agreed_s": 1e999}', "\x00" * 100, "9" * 5000])
def test_a_spoilt_file_is_as_none(clocks: Clocks, spoilt: str) -> None:
    clocks.path.write_text(spoilt)
    assert clocks.start().now_s() == BEGIN_S
