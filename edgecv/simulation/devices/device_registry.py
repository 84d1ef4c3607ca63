"""The kinds of devices that can be simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgecv.simulation.devices.device_trace import Day
from edgecv.simulation.devices.hygiene import hygiene_day
from edgecv.simulation.devices.manhole import manhole_day
from edgecv.simulation.devices.medical import reports_day
from edgecv.simulation.devices.medication import medication_day
from edgecv.simulation.devices.rules import water_day

MakeDay = Callable[[int, int, str, float], Day]
"""From how many devices, seed, address of broker or hook, and share with a wrong clock to a day."""

DAYS: Mapping[str, MakeDay] = {
    "hygiene": hygiene_day,
    "manhole": manhole_day,
    "medical_reports": reports_day,
    "medication": medication_day,
    "rules": water_day,
}
HOOKED: frozenset[str] = frozenset({"medical_reports"})
"""Those that speak to a web hook of the box instead of a broker."""
