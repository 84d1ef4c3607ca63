"""Wall time of live pictures, with clocks that drift, jump and lie."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture import wall_clock
from edgecv.capture.wall_clock import WallClock

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NOON_S = NOON.timestamp()


class Box:
    """A box's two clocks."""

    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.offset_s = NOON_S - 1000.0

    def wait(self, seconds: float) -> None:
        self.monotonic_s += seconds

    def clock(self) -> WallClock:
        return WallClock(lambda: self.monotonic_s + self.offset_s, lambda: self.monotonic_s)


def seconds_after_noon(clock: WallClock) -> float:
    return clock.epoch().moment.timestamp() - NOON_S


@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=50))
def test_by_the_boxs_clock_the_quickest_packet_tells_when_the_stream_began(delays_s: list[float]) -> None:
    """A packet can be late but never early, so media time 0 is when the least delayed one says it was."""
    box = Box()
    clock = box.clock()
    for n, delay_s in enumerate(delays_s):
        sent_s = 1000.0 + 0.04 * n
        box.monotonic_s = max(box.monotonic_s, sent_s + delay_s)
        delays_s[n] = box.monotonic_s - sent_s
        clock.note_arrival(0.04 * n)
    assert seconds_after_noon(clock) == pytest.approx(min(delays_s), abs=1e-3)
    assert clock.epoch().clock == "box"
    assert clock.epoch().error_s == 0.5


def test_a_clock_that_is_set_moves_the_epoch_and_nothing_else() -> None:
    box = Box()
    clock = box.clock()
    clock.note_arrival(0.0)
    box.wait(10.0)
    box.offset_s -= 3600.0
    clock.note_arrival(10.0)
    assert seconds_after_noon(clock) == pytest.approx(-3600.0, abs=1e-3)


def test_a_cameras_crystal_that_runs_slow_is_followed() -> None:
    """20 ppm slow: after three hours its packets seem 216 ms late if nobody follows, at 25 a second."""
    box = Box()
    clock = box.clock()
    for n in range(0, 3 * 3600 * 25, 5):
        box.monotonic_s = 1000.0 + n * 0.04 * (1.0 + 20e-6)
        for _ in range(5):
            clock.note_arrival(n * 0.04)
    true_s = 3 * 3600 * 20e-6
    assert seconds_after_noon(clock) == pytest.approx(true_s, abs=0.02)


def with_report(monkeypatch: pytest.MonkeyPatch, reported_s: float | None) -> None:
    monkeypatch.setattr(wall_clock, "reported_time_s", lambda _packet: reported_s)


def test_a_cameras_reports_go_before_the_boxs_clock_and_their_difference_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    box = Box()
    clock = box.clock()
    with_report(monkeypatch, NOON_S + 3.0 + 0.04)
    clock.note(None, 0.04)  # type: ignore[arg-type]
    epoch = clock.epoch()
    assert (epoch.clock, seconds_after_noon(clock)) == ("rtcp", pytest.approx(3.0))
    assert epoch.error_s == pytest.approx(3.04, abs=0.01)
    box.wait(1.0)
    with_report(monkeypatch, None)  # most packets carry none: the last one stands
    clock.note(None, 1.04)  # type: ignore[arg-type]
    assert clock.epoch().clock == "rtcp"


def test_a_camera_that_was_never_told_the_time_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Box().clock()
    with_report(monkeypatch, datetime(2000, 1, 1, tzinfo=UTC).timestamp())
    clock.note(None, 0.0)  # type: ignore[arg-type]
    assert clock.epoch().clock == "box"


def test_two_clocks_that_agree_are_still_not_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Box().clock()
    with_report(monkeypatch, NOON_S)
    clock.note(None, 0.0)  # type: ignore[arg-type]
    assert clock.epoch().error_s == 0.1
