"""What bounds latency (the backlog) and memory (the ring)."""

from __future__ import annotations

import threading

import pytest
from capture.packets_of import BASE, packet, stream
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.packets import LATE_S, TOO_LATE_S, Backlog, PacketRing


class Clock:
    """A monotonic clock that goes when it is told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def stamps(backlog: Backlog) -> list[int]:
    taken = []
    while (one := backlog.take(0.0)) is not None:
        assert one.pts is not None
        taken.append(one.pts)
    return taken


def test_packets_come_out_as_they_went_in_while_we_keep_up(clock: Clock) -> None:
    backlog = Backlog(now=clock)
    for one in stream(3, 10):
        backlog.put(one)
    clock.now_s += LATE_S
    assert backlog.lag_s() == LATE_S
    assert stamps(backlog) == [n * 40 for n in range(30)]
    assert (backlog.dropped_packets, backlog.dropped_groups) == (0, 0)
    assert backlog.lag_s() == 0.0


def test_when_late_everything_before_the_newest_key_frame_goes_and_is_counted(clock: Clock) -> None:
    backlog = Backlog(now=clock)
    for one in stream(3, 10):
        backlog.put(one)
    clock.now_s += LATE_S + 0.01
    assert stamps(backlog) == [n * 40 for n in range(20, 30)]
    assert (backlog.dropped_packets, backlog.dropped_groups) == (20, 2)


def test_with_no_key_frame_to_go_on_from_late_packets_wait_and_too_late_ones_go_until_one_comes(clock: Clock) -> None:
    backlog = Backlog(now=clock)
    for n in range(5):
        backlog.put(packet(n * 40, key=n == 0))
    clock.now_s += TOO_LATE_S - 0.01
    assert backlog.take(0.0) is not None
    clock.now_s += 0.02
    assert backlog.take(0.0) is None
    assert backlog.dropped_packets == 4
    backlog.put(packet(300))
    assert backlog.take(0.0) is None
    assert backlog.dropped_packets == 5
    backlog.put(packet(340, key=True))
    backlog.put(packet(380))
    assert stamps(backlog) == [340, 380]
    assert backlog.dropped_groups == 1


def test_recorded_video_is_never_dropped(clock: Clock) -> None:
    backlog = Backlog(drops=False, now=clock)
    for one in stream(2, 10):
        backlog.put(one)
    clock.now_s += 3600.0
    assert len(stamps(backlog)) == 20


def test_what_waits_when_it_is_closed_can_still_be_taken(clock: Clock) -> None:
    backlog = Backlog(now=clock)
    backlog.put(packet(0, key=True))
    backlog.close()
    assert not backlog.over
    assert stamps(backlog) == [0]
    assert backlog.over


def test_whoever_waits_for_a_packet_gets_it_at_once_and_is_let_go_at_the_end() -> None:
    backlog = Backlog()
    taken: list[object] = []
    waiter = threading.Thread(target=lambda: taken.extend([backlog.take(60.0), backlog.take(60.0)]))
    waiter.start()
    backlog.put(packet(0, key=True))
    backlog.close()
    waiter.join(30)
    assert not waiter.is_alive()
    assert taken[1] is None


@given(
    keys=st.lists(st.booleans(), min_size=1, max_size=60),
    pauses=st.lists(st.floats(0.0, 0.8), min_size=60, max_size=60),
)
def test_after_any_drop_decoding_goes_on_with_a_key_frame_and_nothing_is_miscounted(
    keys: list[bool], pauses: list[float]
) -> None:
    """A decoder that starts in mid-group shows smears, and those fall like things do."""
    clock = Clock()
    backlog = Backlog(now=clock)
    taken: list[int] = []
    for n, (key, pause_s) in enumerate(zip(keys, pauses, strict=False)):
        backlog.put(packet(n, key=key or n == 0))
        clock.now_s += pause_s
        if n % 3 == 2 and (one := backlog.take(0.0)) is not None:
            assert clock.now_s - backlog.lag_s() <= clock.now_s
            assert one.pts is not None
            taken.append(one.pts)
    taken += stamps(backlog)
    assert taken == sorted(taken)
    for before, after in zip([-1, *taken], taken, strict=False):
        assert after == before + 1 or keys[after] or after == 0
    waiting = 0 if backlog.take(0.0) is None else 1
    assert len(taken) + backlog.dropped_packets + waiting == len(keys[:60])


@given(
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=80),
    keep_s=st.floats(0.1, 3.0),
    most_bytes=st.integers(1000, 50_000),
)
def test_the_ring_never_holds_more_than_it_may_and_drops_only_the_oldest(
    sizes: list[int], keep_s: float, most_bytes: int
) -> None:
    ring = PacketRing(BASE, keep_s, most_bytes)
    for n, size in enumerate(sizes):
        ring.add(packet(n * 40, key=True, size=size))
    held = ring.between(0, 10**9)
    assert [one.pts for one in held] == [n * 40 for n in range(len(sizes) - len(held), len(sizes))]
    assert ring.held_bytes == sum(one.size for one in held)
    assert len(held) == 1 or ring.held_bytes <= most_bytes
    first, last = held[0].pts, held[-1].pts
    assert first is not None and last is not None
    assert (last - first) / 1000.0 <= keep_s + 1e-9
    if len(held) < len(sizes):  # and it does not let go of what it could keep
        one_more = sizes[-len(held) - 1]
        too_old = len(held) * 40 / 1000.0 > keep_s
        assert too_old or ring.held_bytes + one_more > most_bytes


def test_a_cut_begins_with_the_key_frame_before_its_start_and_ends_with_its_end() -> None:
    ring = PacketRing(BASE)
    for one in stream(4, 10):
        ring.add(one)
    cut = ring.between(500, 900)
    assert (cut[0].pts, cut[0].is_keyframe, cut[-1].pts) == (400, True, 880)
    assert ring.between(0, 0)[0].pts == 0
    assert ring.between(10_000, 20_000)[0].pts == 1200  # all there is


def test_a_cut_of_what_has_gone_begins_with_the_oldest_key_frame_left() -> None:
    ring = PacketRing(BASE, keep_s=0.9)
    for one in stream(4, 10):
        ring.add(one)
    cut = ring.between(0, 2000)
    assert (cut[0].pts, cut[0].is_keyframe) == (800, True)
    assert PacketRing(BASE).between(0, 1000) == []


def test_pictures_shown_before_the_end_but_sent_after_it_belong_to_the_cut() -> None:
    """B-frames: decoding order is not the order of showing."""
    ring = PacketRing(BASE)
    for pts, dts, key in ((80, 0, True), (200, 40, False), (120, 80, False), (160, 120, False), (320, 160, False)):
        ring.add(packet(pts, key=key, dts=dts))
    assert [one.pts for one in ring.between(80, 130)] == [80, 200, 120, 160]
