"""One child process: what the supervisor makes of its silence, its growth and its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from waiting import wait_for

from edgecv.daemon.box_processes import may_start
from edgecv.daemon.child import Child, Death
from edgecv.daemon.process import begin_child


def beats(pipe: Connection, *_: object) -> None:
    while True:
        pipe.send("alive")
        time.sleep(0.05)


def says_nothing(_pipe: Connection, *_: object) -> None:
    time.sleep(600.0)


def beats_once(pipe: Connection, *_: object) -> None:
    pipe.send("alive")
    time.sleep(600.0)


def grows(pipe: Connection, *_: object) -> None:
    held = []
    while True:
        pipe.send("alive")
        held.append(bytearray(os.urandom(2**20)) * 8)
        time.sleep(0.01)


def ends(code: int, pipe: Connection, *_: object) -> None:
    pipe.send("done")
    sys.exit(code)


def ends_not(pipe: Connection, *_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    beats(pipe)


def beats_and_turns_in_a_circle(pipe: Connection, *_: object) -> None:
    pipe.send("alive")
    while True:
        pass


def beats_and_does_a_little(pipe: Connection, *_: object) -> None:
    pipe.send("alive")
    while True:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
        time.sleep(0.1)


def echoes(pipe: Connection, *_: object) -> None:
    while True:
        pipe.send(pipe.recv())


def nice_now() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class NiceWhereUnpickled:
    def __reduce__(self) -> tuple[Callable[[], int], tuple[()]]:
        return nice_now, ()


def tells_nice(at_the_start: int, pipe: Connection, *_: object) -> None:
    pipe.send((at_the_start, nice_now()))
    time.sleep(600.0)


@pytest.fixture
def make() -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def child(target: Callable[..., None], *arguments: Any, **more: Any) -> Child:
        made.append(Child("north-1", target, arguments, **more))
        return made[-1]

    yield child
    for one in made:
        one.finish(0.0)


def death_of(child: Child) -> Death:
    """Step until it has died."""
    deaths: list[Death] = []

    def died() -> bool:
        death = child.step()
        deaths.extend([] if death is None else [death])
        return bool(deaths)

    wait_for(died, "its death")
    return deaths[0]


def start(child: Child) -> int:
    wait_for(lambda: child.step() is None and child.beat is not None, "its first sign of life")
    assert child.pid is not None
    return child.pid


def test_a_child_that_is_killed_is_started_again_after_a_pause(make, monkeypatch: pytest.MonkeyPatch) -> None:
    child = make(beats)
    pid = start(child)
    os.kill(pid, signal.SIGKILL)
    death = death_of(child)
    assert death == Death("by signal SIGKILL", repeated=False)
    assert (child.pid, child.beat, child.restarts) == (None, None, 1)
    assert child.is_fresh()  # no sign of life is due while it is paused
    assert child.step() is None
    assert child.pid is None  # not at once
    assert start(child) != pid


def test_a_silent_child_is_no_longer_fresh_and_then_killed(make) -> None:
    child = make(beats_once, silent_s=0.6)
    pid = start(child)
    wait_for(lambda: not child.is_fresh(), "that it counts as hanging")
    assert death_of(child).reason.startswith("gave no sign of life for")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_grows_too_large_is_killed(make) -> None:
    child = make(grows, memory_mb=128)
    assert death_of(child).reason == "used more than 128 MB of memory"
    assert child.memory_bytes() == 0


def test_only_a_child_that_may_end_is_finished_and_only_with_success(make) -> None:
    over = make(ends, 0, ends=True)
    wait_for(lambda: over.step() is None and over.finished, "its end")
    assert over.beat == "done"
    assert over.is_fresh()
    assert over.step() is None
    assert over.pid is None
    assert death_of(make(ends, 0)).reason == "with exit code 0"
    assert death_of(make(ends, 143, ends=True)).reason == "with exit code 143"


def test_one_that_dies_again_and_again_is_told_once_and_tried_seldom(make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Child, "_start", _be_dead)
    child = make(beats)
    deaths = []
    for _ in range(7):
        child._retry = 0.0
        child.step()
        death = child.step()
        assert death is not None
        deaths.append(death.repeated)
    assert deaths == [False] * 4 + [True, False, False]
    assert child._retry - time.monotonic() > 50.0


def _be_dead(child: Child) -> None:
    class Dead:
        exitcode = 1

        def is_alive(self) -> bool:
            return False

        def close(self) -> None:
            pass

    child._process = Dead()  # type: ignore[assignment]
    child._kill_reason = None


def test_messages_reach_it_and_one_to_nobody_is_lost_quietly(make) -> None:
    child = make(echoes)
    child.tell("too early")
    child.step()
    child.tell("hello")
    wait_for(lambda: child.step() is None and child.beat == "hello", "its answer")


def test_a_child_that_does_not_end_when_asked_is_killed_in_time(make) -> None:
    child = make(ends_not)
    pid = start(child)
    child.terminate()
    assert not child.finish(time.monotonic() + 0.3)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert make(beats).finish(0.0)  # never started


def test_one_that_may_not_start_yet_waits_and_is_not_taken_for_hung(make: Callable[..., Child]) -> None:
    child = make(beats)
    for _ in range(3):
        assert child.step(may_start=False) is None
        assert child.pid is None and child.is_fresh() and not child.is_starting
    assert child.step() is None
    assert child.is_starting
    start(child)
    assert not child.is_starting


def test_nobody_waits_long_for_one_that_gives_no_sign_of_life(
    make: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgecv.daemon.child._OTHERS_WAIT_S", 0.2)
    child = make(says_nothing)
    child.step()
    assert child.is_starting
    time.sleep(0.25)
    assert not child.is_starting and child.is_fresh()


@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 1), (4, 2), (8, 4)])
def test_half_of_the_cores_are_left_to_those_that_watch(make: Callable[..., Child], cores: int, at_once: int) -> None:
    children = [make(says_nothing) for _ in range(5)]
    for child in children:
        child.step(may_start=may_start(children, cores))
    assert [child.pid is not None for child in children] == [True] * at_once + [False] * (5 - at_once)


def test_only_what_a_child_imports_gives_way_to_the_others(make: Callable[..., Child]) -> None:
    child = make(tells_nice, NiceWhereUnpickled())
    wait_for(lambda: child.step() is None and child.beat is not None, "what it tells")
    assert child.beat == (min(19, nice_now() + 10), nice_now())


@pytest.mark.parametrize("hangs", [beats_once, beats_and_turns_in_a_circle])
def test_a_child_that_may_be_starved_is_killed_where_it_is_not_starved(make, hangs: Callable[..., None]) -> None:
    child = make(hangs, silent_s=2.0, starved_s=600.0)
    assert "gave no sign of life" in death_of(child).reason


def test_a_child_that_gets_a_little_of_a_core_is_waited_for(make) -> None:
    child = make(beats_and_does_a_little, silent_s=3.0, starved_s=600.0)
    wait_for(lambda: child.step() or child.beat, "its sign of life")
    begun = time.monotonic()
    while time.monotonic() < begun + 5.0:
        assert child.step() is None
        assert child.is_fresh()
        time.sleep(0.05)


class SlowToUnpickle:
    """What a child imports takes a while."""

    def __reduce__(self) -> tuple[Callable[[float], None], tuple[float]]:
        return time.sleep, (1.0,)


def begins_and_beats(_slow: object, pipe: Connection, *_: object) -> None:
    begin_child()
    beats(pipe)


def test_a_hangup_of_the_whole_group_ends_no_child_at_whatever_moment(make) -> None:
    child = make(begins_and_beats, SlowToUnpickle())
    child.step()
    until = time.monotonic() + 3.0
    while time.monotonic() < until or child.beat is None:
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGHUP)
        assert child.step() is None
        time.sleep(0.02)
    assert child.restarts == 0
