"""How well a camera sees: its frames come in, events and blind time go out.

:class:`SceneMonitor` compares a thumbnail a second with the camera's past and reports a covered, defocused, frozen,
dark or turned camera as :class:`Change`. :class:`BlindnessCauses` and :class:`BlindTime` count the minutes of each hour
in which no fall could have been seen, and why. :class:`SensitivityTest` draws falls into copies of the live frames and
counts how many a second pipeline finds.
"""

from edgecv.visibility.blind_time import BlindTime, HourReport
from edgecv.visibility.blindness_causes import CAUSES, BlindnessCauses
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.scene_events import Change, ChangeKind
from edgecv.visibility.scene_monitor import SceneMonitor
from edgecv.visibility.sensitivity import SensitivityResult, SensitivityTest
from edgecv.visibility.settings import VisibilitySettings

__all__ = [
    "CAUSES",
    "BlindTime",
    "BlindnessCauses",
    "Change",
    "ChangeKind",
    "HourReport",
    "Reference",
    "SceneMonitor",
    "SensitivityResult",
    "SensitivityTest",
    "VisibilitySettings",
]
