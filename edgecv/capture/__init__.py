"""Where frames come from: a recorded video goes in, upright luma frames with their presentation times come out."""

from edgecv.capture.file import StreamInfo, VideoFile, pictures_between, shots_between
from edgecv.capture.frame import Frame
from edgecv.capture.lazy_bgr_frame import Shot

__all__ = ["Frame", "Shot", "StreamInfo", "VideoFile", "pictures_between", "shots_between"]
