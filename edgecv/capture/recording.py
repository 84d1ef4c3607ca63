"""Everything a camera sent, kept as it came for audits: fragmented MP4, which a power cut costs at most one second."""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from edgecv.capture.packets import copied, stamp_of
from edgecv.durable_files import DISK_ERRORS
from edgecv.messages import camera as messages

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

_log = logging.getLogger("edgecv.worker")
SEGMENT_S = 600.0
RETRY_S = 10.0
"""After a write that failed: a disk that is full or gone is not asked again sooner."""
SOUND_S = 5.0
"""A file that grew for so long is written to a disk that works."""
_OPTIONS = {
    "movflags": "+frag_keyframe+empty_moov+default_base_moof",
    "video_track_timescale": "90000",  # RTP's own: not one stamp is rounded
}
_NOTE = re.compile(r"^edgecv session=(?P<session>\S+) part=(?P<part>\d+) epoch=(?P<epoch>\S+)$")


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """What a recording of ours says of the live connection it holds.

    Attributes:
        session: its name; part of the incidents' ids.
        part: 0 for the first file of the connection, where a replay sees what the box saw.
        epoch: wall time of its first picture.
    """

    session: str
    part: int
    epoch: datetime


class Recording(threading.Thread):
    """Writes packets to files of ten minutes, in a thread of its own: a slow disk delays nothing else.

    Args:
        folder: where the files go.
        stream: what they are packets of.
        base: seconds a tick of their stamps.
        session: name of the live connection.
        epoch: wall time of its first picture.

    Attributes:
        problem: what is wrong with it right now, or None.
        refused_packets: those that no file could take.
    """

    def __init__(self, folder: Path, stream: VideoStream, base: Fraction, session: str, epoch: datetime) -> None:
        super().__init__(name="recording", daemon=True)
        self.problem: str | None = None
        self.refused_packets = 0
        self._folder = folder
        self._stream = stream
        self._base = base
        self._session = session
        self._epoch = epoch
        self._packets: queue.Queue[AnyPacket | None] = queue.Queue(maxsize=2000)

    def put(self, packet: AnyPacket) -> None:
        """Keep a packet; where the disk cannot follow it is left out, and ``problem`` says so."""
        try:
            self._packets.put_nowait(packet)
        except queue.Full:
            self.problem = messages.RECORDING_INCOMPLETE()

    def finish(self, timeout_s: float = 5.0) -> None:
        """Write what waits and close the file."""
        self._packets.put(None)
        self.join(timeout_s)

    def run(self) -> None:
        """The thread."""
        part, first = 0, None
        packet = self._packets.get()
        while packet is not None:
            stamp = stamp_of(packet)
            first = stamp if first is None else first
            began_s = 0.0 if stamp is None or first is None else float((stamp - first) * self._base)
            try:
                packet = self._write_part(packet, part, began_s)
            except (FFmpegError, OSError, ValueError) as error:
                self.problem = messages.RECORDING_STOPPED(why=getattr(error, "strerror", None) or type(error).__name__)
                packet = self._after_pause()
            part += 1

    def _after_pause(self) -> AnyPacket | None:
        """The key frame to begin anew with, when the disk has had time to recover; None at the end."""
        until = time.monotonic() + RETRY_S
        packet = self._packets.get()
        while packet is not None and not (packet.is_keyframe and time.monotonic() >= until):
            packet = self._packets.get()
        return packet

    def _write_part(self, packet: AnyPacket, part: int, began_s: float) -> AnyPacket | None:
        """Write one file; return the packet the next begins with, or None at the end."""
        epoch = datetime.fromtimestamp(self._epoch.timestamp() + began_s, UTC)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{epoch:%Y%m%dT%H%M%S}.{epoch.microsecond // 1000:03d}Z.mp4"
        origin = stamp_of(packet) or 0
        with av.open(str(path), "w", format="mp4", options=_OPTIONS) as writer:
            out = writer.add_stream_from_template(self._stream)
            writer.metadata["comment"] = f"edgecv session={self._session} part={part} epoch={epoch.isoformat()}"
            following: AnyPacket | None = packet
            while following is not None:
                stamp = stamp_of(following)
                age_s = 0.0 if stamp is None else float((stamp - origin) * self._base)
                if following.is_keyframe and age_s >= SEGMENT_S:
                    return following
                self._write(writer, copied(following, self._base, origin, out))
                if age_s >= SOUND_S:  # what went wrong before is over
                    self.problem = None
                following = self._packets.get()
        return None

    def _write(self, writer: OutputContainer, packet: AnyPacket) -> None:
        """Write a packet; one that the container refuses costs itself."""
        try:
            writer.mux(packet)
        except (FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise
            self.refused_packets += 1
            if self.refused_packets == 1:
                _log.warning("the recording leaves out a packet that its container refuses: %s", error)


def recorded_session(comment: str | None) -> RecordedSession | None:
    """Read the note a recording of ours carries; None for any other video."""
    note = _NOTE.match(comment or "")
    if note is None:
        return None
    try:
        epoch = datetime.fromisoformat(note["epoch"])
    except ValueError:
        return None
    return RecordedSession(note["session"], int(note["part"]), epoch)
