"""Where frames come from: a recorded video goes in, upright luma frames with their presentation times come out."""

from edgecv.capture.file import StreamInfo, VideoFile, lazy_frames_between, pictures_between
from edgecv.capture.frame import Frame
from edgecv.capture.lazy_bgr_frame import LazyBgrFrame

__all__ = ["Frame", "LazyBgrFrame", "StreamInfo", "VideoFile", "lazy_frames_between", "pictures_between"]
