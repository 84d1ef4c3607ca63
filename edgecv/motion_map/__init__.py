"""Usual motion: every finished track comes in; how usual a path is goes out.

A street, a flight path, a drip, a lift: where things go the same way all day, what goes that way is no throw. The map
is learnt by one camera, kept across restarts, and asked about every fall. It stands beside
:class:`~edgecv.classification.RepeatedPaths`, which remembers single paths exactly for a quarter of an hour; this room
remembers ways for days, without any single path.
"""

from edgecv.motion_map.map_file import LARGEST_FILE, from_npz, to_npz
from edgecv.motion_map.motion_map import MotionMap, UsualMotion
from edgecv.motion_map.settings import MotionMapSettings

__all__ = ["LARGEST_FILE", "MotionMap", "MotionMapSettings", "UsualMotion", "from_npz", "to_npz"]
