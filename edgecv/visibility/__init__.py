"""The camera watches itself: what it sees comes in, what is wrong with its sight goes out.

:class:`SceneWatch` compares a small picture a second with its past and tells of a covered, defocused, frozen, dark or
turned camera as :class:`Change`. :class:`Causes` and :class:`BlindTime` count the minutes of each hour in which nothing
could have been seen, and why. :class:`SensitivityTest` draws falls into copies of the live frames and counts how many
a second pipeline finds.
"""

from edgecv.visibility.blind_time import BlindTime, HourReport
from edgecv.visibility.blindness_causes import CAUSES, Causes
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.scene_events import Change, ChangeKind
from edgecv.visibility.scene_monitor import SceneWatch
from edgecv.visibility.sensitivity import SensitivityResult, SensitivityTest
from edgecv.visibility.settings import WatchSettings

__all__ = [
    "CAUSES",
    "BlindTime",
    "Causes",
    "Change",
    "ChangeKind",
    "HourReport",
    "Reference",
    "SceneWatch",
    "SensitivityResult",
    "SensitivityTest",
    "WatchSettings",
]
