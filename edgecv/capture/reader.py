"""The thread that receives a stream's packets, so that none is lost while a picture is analysed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edgecv.capture.packets import AnyPacket, Backlog, PacketRing, stamp_of
from edgecv.capture.stream import LiveStream, StreamError
from edgecv.capture.wall_clock import WallClock
from edgecv.messages import camera as messages

_AHEAD = 100  # packets of a recorded file that may wait


class StreamReader(threading.Thread):
    """Receives until the stream ends, breaks, or is told to stop.

    Args:
        stream: open; closed by whoever opened it, after this thread has ended.
        ring: keeps packets for evidence.
        wall: told when packets arrive.
        keep: called with every packet, for a recording.

    Attributes:
        first_pts: stamp of the first packet that has one, where the wall clock's media time is 0.
        by_arrival: whether the camera's stamps are not used, for they are invented.
        problem: why it ended before the stream's end, or None.
    """

    def __init__(
        self, stream: LiveStream, ring: PacketRing, wall: WallClock, keep: Callable[[AnyPacket], None] | None = None
    ) -> None:
        super().__init__(name="reader", daemon=True)
        self.backlog = Backlog(drops=not stream.settings.is_file)
        self.problem: StreamError | None = None
        self.first_pts: int | None = None
        self.by_arrival = False
        self.received_packets = 0
        self.received_bytes = 0
        self._stream = stream
        self._ring = ring
        self._wall = wall
        self._keep = keep
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask it to end; at the next packet, or when none comes for a while."""
        self._stopped.set()

    def run(self) -> None:
        """The thread."""
        try:
            self._read()
        except StreamError as error:
            self.problem = error
        except Exception as error:
            self.problem = StreamError(
                messages.FAILED(source=self._stream.settings.shown, kind=type(error).__name__, why=str(error)),
                "damaged",
            )
        finally:
            self.backlog.close()

    def _read(self) -> None:
        began = time.monotonic()
        paced, tick_s = self._stream.settings.is_file, float(self._stream.base)
        for packet in self._stream.packets():
            if self._stopped.is_set():
                return
            stamp = stamp_of(packet)
            if stamp is not None:
                if self.first_pts is None:
                    self.first_pts = stamp
                t_s = (stamp - self.first_pts) * tick_s
                if paced:
                    self._stopped.wait(max(0.0, began + t_s - time.monotonic()))
                    self.backlog.wait_for_room(_AHEAD, 60.0)
                else:
                    self._note_time(packet, t_s)
            self.received_packets += 1
            self.received_bytes += packet.size
            self._ring.add(packet)
            if self._keep is not None:
                self._keep(packet)
            self.backlog.put(packet)
        if not paced:
            raise StreamError(messages.ENDED(source=self._stream.settings.shown), "ended")

    def _note_time(self, packet: AnyPacket, t_s: float) -> None:
        if self._stream.stamps.by_arrival and not self.by_arrival:
            self._wall.begin_anew()  # what came until now ran at another rate
            self.by_arrival = True
        self._wall.note(packet, t_s)
