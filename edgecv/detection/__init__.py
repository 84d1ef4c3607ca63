"""From pixels to blobs: a :class:`~edgecv.capture.frame.Frame` comes in, the moving objects in it go out.

The camera's small motion and brightness changes are removed, and a noise-aware background is subtracted from the luma
plane. Each region that differs from it *and* from the picture a few frames ago becomes a :class:`Detection`.
The per-pixel work is one compiled pass (``edgecv/native``); ``reference`` is the same in NumPy.
"""

from edgecv.detection.detection import Detection
from edgecv.detection.detector import DetectedFrame, Detector
from edgecv.detection.settings import DetectionSettings

__all__ = ["DetectedFrame", "Detection", "DetectionSettings", "Detector"]
