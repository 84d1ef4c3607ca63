"""From blobs to paths: the detections of each frame (a scan) come in, finished tracks go out.

The initiator starts a track from three detections that fit one accelerated motion. A Kalman filter with gravity in its
motion model predicts it; detections inside its gate are associated by Hungarian assignment on position (never on
overlap) and update it. The deleter ends it after a gap, outside the picture, or where clutter explains it better. A
finished track is extended backwards in time to detections too weak to have started it.
"""

from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.track import Falling, Track, TrackPoint
from edgecv.tracking.tracker import Tracker

__all__ = ["Falling", "Track", "TrackPoint", "Tracker", "TrackingSettings"]
