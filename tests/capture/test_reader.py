"""The thread that receives: at a camera's pace or a file's, until the end, or a word to stop."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

from av.packet import Packet
from capture.packets_of import BASE, packet, stream
from waiting import wait_for

from edgecv.capture.packets import PacketRing
from edgecv.capture.reader import StreamReader
from edgecv.capture.stream import StreamError
from edgecv.capture.wall_clock import WallClock


class Camera:
    """A stream of given packets; an exception among them is raised."""

    def __init__(self, given: Iterable[Packet | Exception], *, is_file: bool = False) -> None:
        self.base = BASE
        self.settings = SimpleNamespace(is_file=is_file, shown="rtsp://camera")
        self.stamps = SimpleNamespace(by_arrival=False)
        self._given = given

    def packets(self) -> Iterator[Packet]:
        for one in self._given:
            if isinstance(one, Exception):
                raise one
            yield one


def run(camera: Camera, **more: object) -> StreamReader:
    reader = StreamReader(camera, PacketRing(BASE), WallClock(), **more)  # type: ignore[arg-type]
    reader.start()
    return reader


def taken(reader: StreamReader) -> list[int]:
    found = []
    while (one := reader.backlog.take(0.0)) is not None:
        assert one.pts is not None
        found.append(one.pts)
    return found


def test_every_packet_goes_to_backlog_ring_and_recording() -> None:
    kept: list[Packet] = []
    ring = PacketRing(BASE)
    reader = StreamReader(Camera(stream(2, 5)), ring, WallClock(), kept.append)  # type: ignore[arg-type]
    reader.start()
    reader.join(30)
    assert taken(reader) == [n * 40 for n in range(10)]
    assert len(kept) == len(ring.between(0, 10**6)) == reader.received_packets == 10
    assert reader.received_bytes == 100
    assert reader.problem is not None
    assert reader.problem.kind == "ended"
    assert "the camera ended the stream" in str(reader.problem)


def test_a_pause_is_passed_on_as_it_is() -> None:
    reader = run(Camera([packet(0, key=True), packet(4900), packet(4940)]))
    reader.join(30)
    assert taken(reader) == [0, 4900, 4940]


def test_a_recorded_file_is_played_at_its_own_pace_and_ends_without_a_problem() -> None:
    begun = time.monotonic()
    reader = run(Camera(stream(1, 10), is_file=True))
    reader.join(30)
    assert time.monotonic() - begun >= 0.36 - 0.01
    assert len(taken(reader)) == 10
    assert reader.problem is None


def test_what_breaks_off_is_told_and_so_is_what_nobody_foresaw() -> None:
    gone = run(Camera([packet(0, key=True), StreamError("rtsp://camera: sent nothing for 5 s", "silent")]))
    gone.join(30)
    assert gone.problem is not None
    assert gone.problem.kind == "silent"
    odd = run(Camera([packet(0, key=True), RuntimeError("odd")]))
    odd.join(30)
    assert odd.problem is not None
    assert str(odd.problem) == "rtsp://camera: RuntimeError: odd"
    assert taken(odd) == [0]
    assert odd.backlog.over


def test_it_stops_when_told() -> None:
    def endless() -> Iterator[Packet]:
        n = 0
        while True:
            time.sleep(0.001)
            yield packet(n, key=True)
            n += 1

    reader = run(Camera(endless()))
    wait_for(lambda: reader.received_packets > 3, "some packets")
    reader.stop()
    reader.join(30)
    assert not reader.is_alive()
    assert reader.problem is None
