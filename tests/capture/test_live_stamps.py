"""A camera's clock is set, stamps come twice, run at another rate or are missing: one clock comes out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest
from capture.packets_of import BASE, packet
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.live_stamps import LiveStamps

TICK_S = float(BASE)


def sent_by(stamps: LiveStamps, sent: Iterable[tuple[int | None, float]]) -> list[float]:
    """Seconds of the stamps that come out, from (stamp in ms, arrival in s)."""
    out = []
    for pts, arrived_s in sent:
        one = packet(pts)
        stamps.restamp(one, arrived_s)
        assert one.pts is not None
        out.append(one.pts * TICK_S)
    return out


def a_camera(
    seconds: float, steps: dict[float, float], fps: float = 25.0, jitter_s: float = 0.02
) -> list[tuple[int, float]]:
    """Stamps of a camera whose clock is set at some times by some seconds, and arrivals that jitter."""
    random = Random(3)
    sent, arrived_s = [], 0.0
    for n in range(round(seconds * fps)):
        true_s = n / fps
        shown_s = true_s + sum(step_s for at_s, step_s in steps.items() if true_s >= at_s)
        arrived_s = max(arrived_s, 100.0 + true_s + random.uniform(0.0, jitter_s))
        sent.append((round(1000 * shown_s), arrived_s))
    return sent


@pytest.mark.parametrize("step_s", [-3.0, -0.5, -0.2, -0.04, 0.5, 3.0, 20.0, -40.0, 93_600.0, -93_600.0])
def test_a_clock_that_is_set_moves_no_time(step_s: float) -> None:
    stamps = LiveStamps(BASE, 0.04)
    times_s = sent_by(stamps, a_camera(10.0, {4.0: step_s}))
    assert times_s == pytest.approx([n / 25 for n in range(250)], abs=0.005)
    assert stamps.step_count == 1
    assert stamps.steps_s[0] == pytest.approx(step_s, abs=0.01)
    assert not stamps.by_arrival


def test_a_clock_that_is_set_again_and_again_still_moves_no_time() -> None:
    steps = {2.0: -0.5, 4.0: 3.0, 6.0: -0.04, 8.0: -3.0, 10.0: 0.5, 12.0: -100.0}
    times_s = sent_by(LiveStamps(BASE, 0.04), a_camera(15.0, steps))
    assert times_s == pytest.approx([n / 25 for n in range(375)], abs=0.01)


def test_a_single_wrong_stamp_costs_itself() -> None:
    sent = a_camera(8.0, {})
    sent[100] = (sent[100][0] + 93_600_000, sent[100][1])
    sent[150] = (sent[150][0] - 5_000, sent[150][1])
    times_s = sent_by(LiveStamps(BASE, 0.04), sent)
    assert times_s == pytest.approx([n / 25 for n in range(200)], abs=0.005)


def test_a_stamp_that_comes_twice_does_not_delay_those_after_it() -> None:
    sent = a_camera(8.0, {})
    for n in range(20, 180, 20):
        sent[n] = (sent[n - 1][0], sent[n][1])
    times_s = sent_by(LiveStamps(BASE, 0.04), sent)
    assert times_s == pytest.approx([n / 25 for n in range(200)], abs=0.005)


def test_pictures_that_were_lost_leave_a_pause_of_their_length() -> None:
    lost = [one for n, one in enumerate(a_camera(8.0, {})) if not 60 <= n < 100]
    stamps = LiveStamps(BASE, 0.04)
    assert sent_by(stamps, lost) == pytest.approx([n / 25 for n in range(200) if not 60 <= n < 100])
    assert stamps.step_count == 0


def test_a_network_that_stalls_and_catches_up_changes_nothing() -> None:
    sent = a_camera(30.0, {})
    late = [(pts, max(arrived_s, 112.0) if 108.0 < arrived_s < 112.0 else arrived_s) for pts, arrived_s in sent]
    stamps = LiveStamps(BASE, 0.04)
    assert sent_by(stamps, late) == pytest.approx([n / 25 for n in range(750)])
    assert (stamps.step_count, stamps.by_arrival) == (0, False)


def test_a_server_that_sends_its_last_seconds_in_one_go_changes_nothing() -> None:
    sent = [(pts, max(arrived_s, 103.0)) for pts, arrived_s in a_camera(30.0, {})]
    stamps = LiveStamps(BASE, 0.04)
    assert sent_by(stamps, sent) == pytest.approx([n / 25 for n in range(750)])
    assert (stamps.step_count, stamps.by_arrival) == (0, False)


def test_a_network_that_lags_more_and_more_for_ten_seconds_is_no_slow_clock() -> None:
    sent = [(round(40 * n), 100.0 + 0.05 * n) for n in range(200)]
    stamps = LiveStamps(BASE, 0.04)
    sent_by(stamps, sent)
    assert not stamps.by_arrival


@pytest.mark.parametrize("fps", [12.5, 6.0, 15.0, 50.0])
def test_stamps_that_count_pictures_at_an_invented_rate_give_way_to_arrivals(fps: float) -> None:
    """25 a second are invented for what comes at another rate: it is noticed within seconds, or after a long lag."""
    random = Random(5)
    sent = [(40 * n, 100.0 + n / fps + random.uniform(0.0, 0.01)) for n in range(round(90 * fps))]
    stamps = LiveStamps(BASE, 0.04)
    times_s = sent_by(stamps, sent)
    assert stamps.by_arrival
    assert stamps.rate == pytest.approx(fps / 25.0, rel=0.02)
    assert times_s[-1] - times_s[-1 - round(10 * fps)] == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("fps", [5.0, 12.5, 20.0, 30.0])
def test_pictures_without_stamps_are_timed_by_arrival_and_evenly(fps: float) -> None:
    random = Random(7)
    sent = [(None, 100.0 + n / fps + random.uniform(0.0, 0.02)) for n in range(round(20 * fps))]
    stamps = LiveStamps(BASE, 0.04, stamped=False)
    times_s = sent_by(stamps, sent)
    settled = times_s[round(5 * fps) :]
    assert settled[-1] - settled[0] == pytest.approx((len(settled) - 1) / fps, abs=0.02)
    errors_s = [times_s[n] - n / fps for n in range(round(5 * fps), len(times_s))]
    assert max(errors_s) - min(errors_s) < 0.016, "half of what the network jitters"


def test_pictures_that_refer_to_later_ones_keep_their_order_across_a_step() -> None:
    stamps = LiveStamps(BASE, 0.04)
    out = []
    for n in range(100):
        back = -3000 if n >= 50 else 0
        one = packet(40 * n + 80 + (40 if n % 3 else -40) + back, dts=40 * n + back)
        stamps.restamp(one, 100.0 + 0.04 * n)
        out.append((one.pts, one.dts))
    assert [dts for _, dts in out] == [40 * n for n in range(100)]
    assert [pts for pts, _ in out] == [40 * n + 80 + (40 if n % 3 else -40) for n in range(100)]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-(2**33), 2**33)), st.floats(0.0, 3.0)), max_size=60))
def test_time_always_advances_whatever_comes(sent: list[tuple[int | None, float]]) -> None:
    arrived_s = 0.0
    moments: list[tuple[int | None, float]] = []
    for pts, waited_s in sent:
        arrived_s += waited_s
        moments.append((pts, arrived_s))
    for stamped in (True, False):
        times_s = sent_by(LiveStamps(BASE, 0.04, stamped=stamped), moments)
        assert all(b > a for a, b in pairwise(times_s))
