"""A camera as a source: a thread that decodes, detects and tracks; what arrives are paths that a rule lets through."""

from __future__ import annotations

import contextlib
import json
import queue
import random
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgecv.config.camera import Decoding, Login
from edgecv.config.secrets import read_secret
from edgecv.config.stream_address import resolved_address
from edgecv.handlers.handler_context import DeviceIdentity
from edgecv.handlers.sources.source import Arrival
from edgecv.messages import camera as messages

if TYPE_CHECKING:
    from edgecv.capture.stream import LiveStream, StreamSettings
    from edgecv.handlers.floor_paths import FloorRule
    from edgecv.tracking import Track

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_WAITING = 200


class CameraSource:
    """One camera.

    Args:
        identity: the device.
        address: its address, relative to the box file where it is a file.
        login: its user, or None.
        decoding: what decodes.
        rule: which tracks are paths.

    Raises:
        ConfigError: its password cannot be read.
    """

    def __init__(
        self, identity: DeviceIdentity, address: str, login: Login | None, decoding: Decoding, rule: FloorRule
    ) -> None:
        from edgecv.capture.stream import StreamSettings  # noqa: PLC0415 - decoders and OpenCV, which no other handler needs

        password = None
        if login is not None:
            password = read_secret(
                login.password_file, identity.box_file, f"devices.{identity.device}.login.password_file"
            )
        self._stream: StreamSettings = StreamSettings(
            resolved_address(address, identity.box_file),
            "tcp",
            None if login is None else login.user,
            password,
            decoding,
        )
        self._rule = rule
        self._problem: str | None = messages.CONNECTING(source=self._stream.shown)
        self._paths: queue.Queue[bytes] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self.frames = 0
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str | None:
        """Why no picture comes, or None."""
        return self._problem if self._thread.is_alive() else self._problem or messages.FILE_OVER()

    def take(self, seconds: float) -> Sequence[Arrival]:
        """Paths that ended."""
        arrivals: list[Arrival] = []
        try:
            arrivals.append(Arrival("path", self._paths.get(timeout=seconds)))
            while True:
                arrivals.append(Arrival("path", self._paths.get_nowait()))
        except queue.Empty:
            return arrivals

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """Nothing: a path that was seen is not seen again."""

    def refused(self, arrival: Arrival, reason: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Stop; a camera that hangs is left to the end of the process."""
        self._stopped.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        from edgecv.capture.stream import LiveStream, StreamError  # noqa: PLC0415

        pause_s = _FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                with LiveStream(self._stream) as stream:
                    self._watch(stream)
                if self._stream.is_file:
                    return
                self._problem = messages.ENDED(source=self._stream.shown)
                pause_s = _FIRST_PAUSE_S
            except StreamError as error:
                self._problem = error.text
            self._stopped.wait(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    def _watch(self, stream: LiveStream) -> None:
        """Decode and follow one connection to its end; a recorded file at its own pace."""
        import cv2  # noqa: PLC0415

        from edgecv.capture.frame import Frame  # noqa: PLC0415
        from edgecv.capture.luma import luma_of  # noqa: PLC0415
        from edgecv.capture.media_clock import MediaClock  # noqa: PLC0415
        from edgecv.capture.packets import PacketRing  # noqa: PLC0415
        from edgecv.capture.reader import StreamReader  # noqa: PLC0415
        from edgecv.capture.wall_clock import WallClock  # noqa: PLC0415
        from edgecv.detection import Detector  # noqa: PLC0415
        from edgecv.handlers.floor_paths import FLOOR_DETECTION  # noqa: PLC0415
        from edgecv.tracking import Tracker  # noqa: PLC0415

        cv2.setNumThreads(1)
        reader = StreamReader(stream, PacketRing(stream.base, keep_s=1.0), WallClock())
        reader.start()
        detector, clock, tracker, index = Detector(FLOOR_DETECTION), None, None, 0
        try:
            while not self._stopped.is_set():
                packet = reader.backlog.take(0.2)
                if packet is None and not reader.backlog.over:
                    continue
                for picture in stream.decode(packet):
                    if clock is None or tracker is None:
                        clock = MediaClock(picture.pts, stream.base, 1.0 / (stream.average_fps or 25.0))
                        tracker = Tracker((picture.width, picture.height))
                        self._problem = None
                    frame = Frame(index, clock.time_of(picture.pts), luma_of(picture, 0))
                    index += 1
                    self.frames = index
                    self._tell(tracker.update(detector.detect(frame)))
                if packet is None:
                    break
            if tracker is not None:
                self._tell(tracker.flush())
            if reader.problem is not None:
                raise reader.problem
        finally:
            reader.stop()
            reader.join(6.0)

    def _tell(self, tracks: Sequence[Track]) -> None:
        for track in tracks:
            path = self._rule.path_of(track)
            if path is not None:
                with contextlib.suppress(queue.Full):  # hundreds of paths in a tenth of a second are no animals
                    self._paths.put_nowait(json.dumps(path).encode())
