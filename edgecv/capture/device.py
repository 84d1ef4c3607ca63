"""A camera on the box's own cable (V4L2): what it is asked for, and H.264 of pictures that come uncompressed.

Behind it every camera is alike: packets small enough to be kept for half a minute and cut into clips.
"""

from __future__ import annotations

import errno
import io
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError
from av.video.frame import PictureType

from edgecv.capture.open_container import open_v4l2

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

_FORMS = ("h264", "mjpeg")
"""What is asked for, the smallest first; a device that has neither sends its pictures uncompressed."""
_CRF = "18"
"""x264's constant quality: nothing of a thing of two pixels is lost that its noise has not hidden already."""


def open_device(
    address: str, size_px: tuple[int, int] | None, fps: float | None, timeout_s: tuple[float, float]
) -> av.container.InputContainer:
    """Open a device: H.264 where it has that, else motion JPEG, else whatever it sends.

    Args:
        address: such as ``/dev/video0``.
        size_px: ``(width, height)`` to ask for, or None for what it is set to; a device that has no such size gives
            its nearest.
        fps: frames a second to ask for, likewise.
        timeout_s: to open it, and between packets.

    Raises:
        FFmpegError: it cannot be opened.
    """
    options = {} if size_px is None else {"video_size": f"{size_px[0]}x{size_px[1]}"}
    if fps is not None:
        options["framerate"] = f"{fps:g}"
    for form in _FORMS:
        try:
            return open_v4l2(address, {**options, "input_format": form}, timeout_s)
        except FFmpegError as error:
            if error.errno != errno.EINVAL:  # EINVAL: it has no such form
                raise
    return open_v4l2(address, options, timeout_s)


class Compressor:
    """H.264 of an uncompressed stream: its pictures in, packets with the same time stamps out.

    Args:
        stream: of ``rawvideo``.
        base: seconds a tick of its packets' stamps.
        fps: frames a second.

    Attributes:
        stream: what its packets are packets of.
        spent_s: processor time it took so far.
    """

    def __init__(self, stream: VideoStream, base: Fraction, fps: float) -> None:
        self._decoder: VideoCodecContext = stream.codec_context
        self._holder = av.open(io.BytesIO(), "w", format="matroska")
        rate = max(1, round(fps))
        output: VideoStream = self._holder.add_stream("libx264", rate=rate)
        output.width, output.height, output.pix_fmt = self._decoder.width, self._decoder.height, "yuv420p"
        output.time_base = output.codec_context.time_base = base
        output.codec_context.thread_count = 1
        # a key frame a second, where clips begin; no picture waits for a later one
        output.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": _CRF, "g": str(rate)}
        self._holder.start_encoding()  # now it knows what a decoder must know
        self.stream = output
        self.spent_s = 0.0

    def packets(self, packet: AnyPacket) -> list[AnyPacket]:
        """Those of one picture; a damaged one gives none."""
        began = time.thread_time()
        try:
            packets = [new for picture in self._decoder.decode(packet) for new in self._encode(picture)]
        except (FFmpegError, ValueError):
            packets = []
        self.spent_s += time.thread_time() - began
        return packets

    def _encode(self, picture: VideoFrame) -> list[AnyPacket]:
        picture.pict_type = PictureType.NONE  # each raw picture is said to be a key frame, which x264 would obey
        return self.stream.encode(picture)
