"""One connection's pictures on their way through the pipeline."""

from __future__ import annotations

from dataclasses import replace

from av.video.frame import VideoFrame

from edgecv.capture import Frame
from edgecv.capture.file import luma_of
from edgecv.capture.media_clock import MediaClock
from edgecv.capture.picture_size import MAX_SIDE
from edgecv.capture.stream import StreamError
from edgecv.classification import Finding
from edgecv.daemon.live_session import LiveSession
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.pipeline import Pipeline

ERRORS_IN_A_ROW = 150
"""A decoder that gave nothing for so many packets was given another codec."""


class Watching:
    """The pipeline of one connection, built with its first picture.

    Args:
        session: the connection.
        spec: the camera's orders.
    """

    def __init__(self, session: LiveSession, spec: WorkerSpec) -> None:
        self.session = session
        self.pipeline: Pipeline | None = None
        self.note: str | None = None
        self._spec = spec
        self._clock: MediaClock | None = None
        self._size = (0, 0)
        self._nothing = 0

    def take(self, picture: VideoFrame) -> tuple[Frame, list[Finding]]:
        """Analyse a picture.

        Raises:
            StreamError: its size is not that of the pictures before, or larger than can be analysed.
        """
        size = (picture.width, picture.height)
        if self._clock is None:
            self._begin(picture, size)
        elif size != self._size:
            shown = self.session.stream.source.shown
            text = f"{shown}: the picture changed from {self._size[0]}x{self._size[1]} to {size[0]}x{size[1]}"
            raise StreamError(text, "ended")
        assert self._clock is not None and self.pipeline is not None
        t_s = self._clock.time_of(picture.pts)
        frame = Frame(self.pipeline.counts.frames, t_s, luma_of(picture, self.session.rotation_deg))
        findings = self.pipeline.process(frame)
        self.session.reached_s = t_s
        return frame, findings

    def flush(self) -> list[Finding]:
        """What was still open."""
        return [] if self.pipeline is None else self.pipeline.flush()

    def check_decoder(self, gave: bool) -> None:
        """Raise where the decoder has given nothing for long: the stream is no longer what it was."""
        self._nothing = 0 if gave else self._nothing + 1
        if self._nothing > ERRORS_IN_A_ROW:
            shown = self.session.stream.source.shown
            raise StreamError(f"{shown}: its packets can no longer be decoded; the codec may have changed", "damaged")

    def _begin(self, picture: VideoFrame, size: tuple[int, int]) -> None:
        stream, camera = self.session.stream, self._spec.camera
        rotation = int(getattr(picture, "rotation", 0) or 0) % 360
        if max(size) > MAX_SIDE:
            text = f"{stream.source.shown}: its pictures of {size[0]}x{size[1]} are too large to analyse"
            raise StreamError(f"{text}; set the camera to {MAX_SIDE}x{MAX_SIDE} at most", "damaged")
        self.session.rotation_deg = rotation if rotation % 90 == 0 else 0
        upright = size[::-1] if self.session.rotation_deg in {90, 270} else size
        if camera.image_size is not None and camera.image_size != upright:
            made = f"{camera.image_size[0]}x{camera.image_size[1]}"
            self.note = (
                f"the picture is {upright[0]}x{upright[1]} but the calibration was made at {made}: no floor is told; "
                "set the camera back or calibrate again"
            )
            camera = replace(camera, pinhole=None, plan=None, masks=())
        self.session.camera = camera
        self.session.first_pts = picture.pts or 0
        self._size = size
        self._clock = MediaClock(picture.pts, stream.base, 1.0 / (stream.average_fps or 25.0))
        self.pipeline = Pipeline(camera.pinhole, masks=camera.masks)
