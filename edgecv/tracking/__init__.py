"""From blobs to paths: the detections of each frame come in, finished tracks go out.

A track starts from three sightings that fit one accelerated motion, is carried by a Kalman filter with gravity in its
motion model, takes detections by Hungarian assignment on predicted position (never on overlap), survives gaps, and
when it ends is followed backwards in time to sightings too weak to have started it.
"""

from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.track import Falling, Track, TrackPoint
from edgecv.tracking.tracker import Tracker

__all__ = ["Falling", "Track", "TrackPoint", "Tracker", "TrackingSettings"]
