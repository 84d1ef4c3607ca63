"""Recorded stamps that are joined, stepped, wrong, repeated or missing: one clock comes out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from av.packet import Packet
from capture.packets_of import BASE, packet
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.file_stamps import FileStamps


def restamped(stamps: Iterable[int | None], **more: bool) -> list[int]:
    """Milliseconds that come out; every packet has bytes of its own."""
    packets = []
    for n, pts in enumerate(stamps):
        one = packet(pts)
        packets.append(_with_bytes(one, n.to_bytes(4, "big")))
    clock = FileStamps(BASE, 0.04, **more)
    return [one.pts for one in clock.restamped(packets) if one.pts is not None]


def _with_bytes(like: Packet, data: bytes) -> Packet:
    other = Packet(data)
    other.time_base, other.pts, other.dts = BASE, like.pts, like.dts
    return other


EVEN = [40 * n for n in range(200)]


@pytest.mark.parametrize("step_ms", [-93_600_000, -8_000, -3_000, -500, -80])
def test_stamps_that_go_back_go_on_from_where_they_were(step_ms: int) -> None:
    assert restamped([pts + (step_ms if n >= 100 else 0) for n, pts in enumerate(EVEN)]) == EVEN


@pytest.mark.parametrize("wrong_ms", [-3_000, 93_600_000, 5_000])
def test_a_wrong_stamp_costs_itself(wrong_ms: int) -> None:
    assert restamped([pts + (wrong_ms if n == 100 else 0) for n, pts in enumerate(EVEN)]) == EVEN


def test_stamps_that_a_muxer_squeezed_behind_a_wrong_one_are_spread_again() -> None:
    """FFmpeg lets no stamp go back: behind one that is 26 hours ahead each comes a tick after the other."""
    squeezed = [pts if n < 100 else 93_600_000 + 4_000 + (n - 100) for n, pts in enumerate(EVEN)]
    assert restamped(squeezed) == EVEN


def test_a_stamp_that_comes_twice_is_put_between_its_neighbours() -> None:
    stamps = restamped([0, 40, 40, 80, 120, 160, 160, 240])
    assert stamps == [0, 40, 60, 80, 120, 160, 200, 240]


def test_a_pause_is_a_pause() -> None:
    paused = [pts + (10_800_000 if n >= 100 else 0) for n, pts in enumerate(EVEN)]
    assert restamped(paused) == paused


@pytest.mark.parametrize("few", [1, 3, 6])
@pytest.mark.parametrize("ahead_ms", [93_600_000, -93_600_000])
def test_a_few_stamps_at_either_end_that_are_a_day_off_are_wrong_and_no_pause(few: int, ahead_ms: int) -> None:
    assert restamped([pts + (ahead_ms if n >= 200 - few else 0) for n, pts in enumerate(EVEN)]) == EVEN
    first = [pts + (ahead_ms if n < few else 0) for n, pts in enumerate(EVEN)]
    out = restamped(first)
    assert [pts - out[0] for pts in out] == EVEN


def test_pauses_are_named_with_their_time_and_length() -> None:
    clock = FileStamps(BASE, 0.04)
    stamps = [pts + 5_000 + (60_000 if n >= 100 else 0) + (9_000 if n >= 150 else 0) for n, pts in enumerate(EVEN)]
    packets = [_with_bytes(packet(pts), n.to_bytes(4, "big")) for n, pts in enumerate(stamps)]
    assert len(list(clock.restamped(packets))) == 200
    assert clock.gaps_s == [(pytest.approx(3.96), pytest.approx(60.04)), (pytest.approx(65.96), pytest.approx(9.04))]


def test_a_variable_rate_is_left_alone() -> None:
    stamps = [0, 1, 33, 100, 101, 900, 901, 902, 1700, 1733]
    assert restamped(stamps) == stamps


def test_what_a_recorder_has_twice_is_read_once() -> None:
    """A file begins half a second before the last one ended: the same packets with the same stamps."""
    first, second = EVEN[:100], EVEN[88:]
    packets = [_with_bytes(packet(pts), b"%d" % pts) for pts in (*first, *second)]
    clock = FileStamps(BASE, 0.04)
    assert [one.pts for one in clock.restamped(packets)] == EVEN
    assert clock.repeated_packets == 12


def test_without_stamps_pictures_are_counted() -> None:
    assert restamped([None] * 5, absent=True) == [0, 40, 80, 120, 160]
    assert restamped([0, 1000, 2000], absent=True) == [0, 40, 80], "what FFmpeg invented does not count"
    assert restamped([None] * 5, absent=True, reordered=True) == []


def test_pictures_that_refer_to_later_ones_keep_their_order_where_stamps_go_back() -> None:
    packets = []
    for n in range(100):
        later = 80 + (40 if n % 3 else -40)
        back = -3000 if n >= 50 else 0
        one = packet(40 * n + later + back, dts=40 * n + back)
        packets.append(_with_bytes(one, n.to_bytes(4, "big")))
    out = [(one.pts, one.dts) for one in FileStamps(BASE, 0.04).restamped(packets)]
    assert out == [(40 * n + 80 + (40 if n % 3 else -40), 40 * n) for n in range(100)]


@given(st.lists(st.integers(-(2**33), 2**33), max_size=60))
def test_time_always_advances_whatever_was_recorded(stamps: list[int]) -> None:
    assert all(b > a for a, b in pairwise(restamped(stamps)))
