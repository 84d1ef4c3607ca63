from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_box import Box, event_of

from edgecv.storage import outbox as outbox_module
from edgecv.storage.database import Database
from edgecv.storage.outbox import add_message


def waiting(box: Box, target: str) -> list[str]:
    with box.outbox() as outbox:
        return [message.id for message in outbox.waiting(target)]


def test_each_target_gets_messages_in_the_order_they_were_put_in(box: Box) -> None:
    box.add("b", "a", "c")
    assert waiting(box, "one") == ["b", "a", "c"]
    with box.outbox() as outbox:
        first = outbox.waiting("one")[0]
        outbox.delivered("one", first.seq)
    assert waiting(box, "one") == ["a", "c"]
    assert waiting(box, "two") == ["b", "a", "c"]


def test_a_message_put_in_twice_is_there_once_and_as_it_was(box: Box) -> None:
    box.add("a")
    with box.outbox() as outbox:
        before = outbox.waiting("one")
    box.add("a", device="another")
    with box.outbox() as outbox:
        assert outbox.waiting("one") == before


def test_the_same_id_of_another_kind_is_another_message(box: Box) -> None:
    box.add("a")
    box.add("a", kind="evidence")
    with box.outbox() as outbox:
        assert [message.kind for message in outbox.waiting("one")] == ["incident", "evidence"]


def test_a_message_is_not_there_when_its_transaction_was_undone(box: Box) -> None:
    database = Database(box.database_path)
    with pytest.raises(RuntimeError), database.transaction() as connection:
        add_message(connection, "incident", "a", "north-1", event_of("a", "north-1"))
        raise RuntimeError
    assert waiting(box, "one") == []


def test_a_parked_message_lets_the_others_pass_and_comes_first_when_its_time_has_come(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.add("bad", "good", "later")
    with box.outbox() as outbox:
        bad, good, _ = outbox.waiting("one")
        outbox.park("one", bad.seq, "unknown site")
        assert outbox.depth("one").parked == 1
        outbox.delivered("one", good.seq)
        assert [m.id for m in outbox.waiting("one")] == ["later"]
        monkeypatch.setattr(outbox_module, "RETRY_PARKED_S", -1.0)
        outbox.park("one", bad.seq, "unknown site")
        assert [m.id for m in outbox.waiting("one")] == ["bad"]
        outbox.delivered("one", bad.seq)
        assert [m.id for m in outbox.waiting("one")] == ["later"]
        assert outbox.depth("one").parked == 0


def test_prune_keeps_what_any_target_lacks_what_is_parked_and_what_is_young(box: Box) -> None:
    box.add("parked", "done", "half", "open")
    with box.outbox() as outbox:
        seq = {message.id: message.seq for message in outbox.waiting("one")}
        outbox.park("one", seq["parked"], "no")
        outbox.delivered("one", seq["half"])
        outbox.delivered("two", seq["done"])
        assert outbox.prune(["one", "two"], keep_s=3600) == 0
        assert outbox.prune(["one", "two"], keep_s=-1) == 1
        assert [m.id for m in outbox.waiting("new")] == ["parked", "half", "open"]


def test_prune_holds_for_a_target_that_has_got_nothing_yet(box: Box) -> None:
    box.add("a")
    with box.outbox() as outbox:
        outbox.delivered("one", outbox.waiting("one")[0].seq)
        assert outbox.prune(["one", "evidence"], keep_s=-1) == 0


def test_prune_forgets_targets_that_are_no_longer_there(box: Box) -> None:
    box.add("a")
    with box.outbox() as outbox:
        seq = outbox.waiting("gone")[0].seq
        outbox.park("gone", seq, "no")
        outbox.delivered("one", seq)
        assert outbox.prune(["one"], keep_s=-1) == 1
        assert outbox.depth("gone").parked == 0


def test_depth_tells_number_and_age(box: Box) -> None:
    box.add("a", "b")
    depth = box.depth("one")
    assert depth.waiting == 2
    assert 0 <= depth.oldest_s < 60


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 3))
def test_whatever_is_refused_every_message_is_settled_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, refused: list[bool], step: int
) -> None:
    box = Box(Path(tmp_path_factory.mktemp("box")))
    box.add(*(str(number) for number in range(len(refused))))
    with box.outbox() as outbox:
        seen: list[str] = []
        while batch := outbox.waiting("one", step):
            seen += [message.id for message in batch]
            outbox.settle("one", [(m.seq, "no" if refused[int(m.id)] else None) for m in batch])
        assert seen == [str(number) for number in range(len(refused))]
        assert outbox.depth("one").parked == sum(refused)
