"""Where frames come from: a recorded video goes in, upright luma frames with their presentation times come out."""

from edgecv.capture.file import StreamInfo, VideoFile, pictures_between
from edgecv.capture.frame import Frame

__all__ = ["Frame", "StreamInfo", "VideoFile", "pictures_between"]
