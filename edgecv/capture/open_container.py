"""The one place where FFmpeg opens what others made or send, and which formats and protocols it may use for it.

A playlist names other files and addresses, and FFmpeg follows them: no format that does is in the lists below.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import av

from edgecv.capture.picture_size import MAX_PIXELS

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_ONE_FILE = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,dv,dhav,wtv,rm,gxf,ivf,"
    "h264,hevc,vvc,av1,obu,m4v,vc1,cavsvideo,mjpeg,yuv4mpegpipe,gif,"
    "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,wav,mp3,aac,flac"
)
"""Demuxers that read the file they were given and nothing else."""
_STREAMS = {
    "rtsp": ("rtsp", "rtp,srtp,udp,tcp"),
    "rtsps": ("rtsp", "rtp,srtp,udp,tcp,tls"),
    "http": (f"mpjpeg,{_ONE_FILE}", "http,https,tcp,tls"),
    "https": (f"mpjpeg,{_ONE_FILE}", "https,tcp,tls"),
}
"""Formats and protocols of each scheme: no camera's answer leads to a file of the box."""
_WITHOUT_STAMPS = frozenset(
    {"h264", "hevc", "vvc", "m4v", "mpegvideo", "vc1", "cavsvideo", "mjpeg", "mpjpeg", "av1", "obu"}
)
"""Formats of pictures alone: FFmpeg invents their stamps, 25 a second."""
PIXELS_OPTION = {"max_pixels": str(MAX_PIXELS)}
"""For every decoder: a header of a few bytes may promise a picture of gigabytes."""


def open_file(path: Path) -> av.container.InputContainer:
    """Open recorded video: one file, and nothing that it names.

    Raises:
        FFmpegError, ValueError: it cannot be opened, or is of a format that is never opened, such as a playlist.
    """
    options = {"protocol_whitelist": "file", "format_whitelist": _ONE_FILE, **PIXELS_OPTION}
    # with the scheme in front no name of a file is taken for an address
    return _limited(av.open(f"file:{path.absolute()}", mode="r", options=options, metadata_errors="replace"))


def open_stream(address: str, options: dict[str, str], timeout_s: tuple[float, float]) -> av.container.InputContainer:
    """Open a camera's stream over the network, by the protocols of its own scheme.

    Args:
        address: rtsp, rtsps, http or https.
        options: of FFmpeg besides.
        timeout_s: to open it, and between packets.

    Raises:
        FFmpegError, ValueError: it cannot be opened.
    """
    scheme = urlsplit(address).scheme.lower()
    if scheme not in _STREAMS:
        raise ValueError(f"{scheme}: is not a scheme of a camera; give rtsp, rtsps, http or https")
    formats, protocols = _STREAMS[scheme]
    limits = {"protocol_whitelist": protocols, "format_whitelist": formats, **PIXELS_OPTION}
    opened = av.open(address, mode="r", options={**options, **limits}, timeout=timeout_s, metadata_errors="replace")
    return _limited(opened)


def carries_stamps(container: av.container.InputContainer) -> bool:
    """Whether the time stamps of its packets were sent or recorded with them, rather than invented here."""
    names = container.format.name.split(",")
    return not any(name in _WITHOUT_STAMPS or name.endswith("_pipe") for name in names)


def largest_video(container: av.container.InputContainer) -> VideoStream | None:
    """The video stream of the largest pictures, the first of those: a camera's small second stream is for phones.

    A cover picture is a video stream to FFmpeg, but not to us. None where there is no video, or no codec for it.
    """
    streams = [s for s in container.streams.video if "ATTACHED_PIC" not in str(s.disposition).upper()]
    decodable = [s for s in streams if s.codec_context is not None]
    return max(decodable, key=lambda s: s.codec_context.width * s.codec_context.height, default=None)


def open_v4l2(address: str, options: dict[str, str], timeout_s: tuple[float, float]) -> av.container.InputContainer:
    """Open a device of the box.

    Args:
        address: such as ``/dev/video0``.
        options: of FFmpeg.
        timeout_s: to open it, and between packets.

    Raises:
        FFmpegError: it cannot be opened.
    """
    return av.open(address, mode="r", format="v4l2", options=options, timeout=timeout_s)


def _limited(container: av.container.InputContainer) -> av.container.InputContainer:
    for stream in container.streams.video:
        if stream.codec_context is not None:
            stream.codec_context.options = {**stream.codec_context.options, **PIXELS_OPTION}
    return container
