"""Where frames come from: a stream or a file comes in, upright luma frames with their media time go out.

:class:`VideoFile` reads recorded video. Live cameras are read by ``stream`` and ``reader``: packets go to a ring, for
evidence, and to a backlog that is decoded. ``open_container`` is the only place where FFmpeg opens anything.
"""

from edgecv.capture.file import VideoFile, lazy_frames_between, pictures_between
from edgecv.capture.frame import Frame
from edgecv.capture.lazy_bgr_frame import LazyBgrFrame
from edgecv.capture.stream_info import StreamInfo

__all__ = ["Frame", "LazyBgrFrame", "StreamInfo", "VideoFile", "lazy_frames_between", "pictures_between"]
