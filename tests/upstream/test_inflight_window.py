from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgecv.storage.outbox import Message
from edgecv.upstream.inflight_window import InflightWindow


def message(seq: int) -> Message:
    return Message(seq, "incident", str(seq), "north-1", 0.0, {})


def test_an_answer_out_of_turn_waits_for_those_before_it() -> None:
    window = InflightWindow()
    window.sent(message(1), [11])
    window.sent(message(2), [12])
    assert window.answered(12)
    assert window.settled() == []
    assert window.answered(11)
    assert [answer.message.seq for answer in window.settled()] == [1, 2]


def test_a_message_of_several_packets_is_refused_when_one_of_them_is() -> None:
    window = InflightWindow()
    window.sent(message(1), [11, 12, 13])
    assert [window.answered(packet, why) for packet, why in ((11, None), (13, "too large"), (12, None))] == [True] * 3
    assert [answer.refusal for answer in window.settled()] == ["too large"]


def test_a_message_that_is_not_even_sent_keeps_its_place() -> None:
    window = InflightWindow()
    window.sent(message(1), [11])
    window.refuse(message(2), "no topic")
    assert window.settled() == []
    window.answered(11)
    assert [(answer.message.seq, answer.refusal) for answer in window.settled()] == [(1, None), (2, "no topic")]


def test_an_answer_to_something_else_is_told() -> None:
    window = InflightWindow()
    window.sent(message(1), [11])
    assert not window.answered(99)
    assert len(window) == 1


@given(st.data())
def test_what_is_settled_is_always_the_longest_answered_beginning(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 3), max_size=8))
    window, packets = InflightWindow(), {}
    number = 0
    for seq, count in enumerate(counts):
        mine = range(number, number + count)
        number += count
        window.sent(message(seq), mine)
        packets[seq] = set(mine)
    settled: list[int] = []
    order: list[Any] = data.draw(st.permutations(range(number)))
    for packet in [None, *order]:
        if packet is not None:
            window.answered(packet)
            for mine_left in packets.values():
                mine_left.discard(packet)
        settled += [answer.message.seq for answer in window.settled()]
        expected = 0
        while expected < len(counts) and not packets[expected]:
            expected += 1
        assert settled == list(range(expected))
    assert len(window) == 0
