"""FHIR's words for times: codes of schedules, events of a day, and what an institution makes of them.

https://hl7.org/fhir/R4/valueset-timing-abbreviation.html, https://hl7.org/fhir/R4/valueset-event-timing.html. Where HL7
leaves an hour to the institution, it is the box file's ``times`` and ``times_a_day``, or the usual one here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USUAL_TIMES: Mapping[str, str] = {
    "WAKE": "07:00",
    "MORN": "08:00",
    "MORN.early": "07:00",
    "MORN.late": "10:00",
    "ACM": "07:30",
    "CM": "08:00",
    "PCM": "08:30",
    "NOON": "12:00",
    "ACD": "11:30",
    "CD": "12:00",
    "PCD": "12:30",
    "AFT": "15:00",
    "AFT.early": "13:30",
    "AFT.late": "16:30",
    "ACV": "17:30",
    "CV": "18:00",
    "PCV": "18:30",
    "EVE": "19:00",
    "EVE.early": "18:00",
    "EVE.late": "20:30",
    "NIGHT": "21:00",
    "HS": "22:00",
    "PHS": "23:00",
}
"""Usual hours of FHIR's event timings, HH:MM; the box file may give others."""
TIMES_A_DAY: Mapping[int, tuple[str, ...]] = {
    1: ("08:00",),
    2: ("08:00", "20:00"),
    3: ("08:00", "14:00", "20:00"),
    4: ("08:00", "12:00", "16:00", "20:00"),
}
"""Usual hours of so many doses a day; the box file may give others, and of more."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MEALS: Mapping[str, tuple[str, ...]] = {
    "C": ("CM", "CD", "CV"),
    "AC": ("ACM", "ACD", "ACV"),
    "PC": ("PCM", "PCD", "PCV"),
}
"""Events that are each meal of the day."""
BEFORE = frozenset({"AC", "ACM", "ACD", "ACV", "HS"})
"""Events whose ``offset`` counts back; everywhere else HL7 counts it on."""
WITHOUT_OFFSET = frozenset({"C", "CM", "CD", "CV"})
"""FHIR's rule tim-9."""
AFTERNOON = "edgecv.PM"
"""Stands for ``AFT or EVE``, which is how HL7 writes the code PM out."""


def _times(frequency: int, period: int, unit: str, *when: str) -> Mapping[str, Any]:
    repeat: dict[str, Any] = {"frequency": frequency, "period": period, "periodUnit": unit}
    return repeat | ({"when": list(when)} if when else {})


CODES: Mapping[str, Mapping[str, Any]] = {
    "QD": _times(1, 1, "d"),
    "BID": _times(2, 1, "d"),
    "TID": _times(3, 1, "d"),
    "QID": _times(4, 1, "d"),
    "QOD": _times(1, 2, "d"),
    "AM": _times(1, 1, "d", "MORN"),
    "PM": _times(1, 1, "d", AFTERNOON),
    "BED": _times(1, 1, "d", "HS"),
    "WK": _times(1, 1, "wk"),
    "MO": _times(1, 1, "mo"),
    **{f"Q{hours}H": _times(1, hours, "h") for hours in (1, 2, 3, 4, 6, 8)},
}
"""Codes of schedules as structured timings."""
CODE_SYSTEMS = frozenset({None, "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"})
UBIQUITOUS = frozenset({"BID", "TID", "QID", "AM", "PM"})
"""Codes whose bare text HL7 takes to be understood everywhere."""


def minutes_of(hour: str) -> int:
    """Minutes from midnight of HH:MM."""
    return int(hour[:2]) * 60 + int(hour[3:])
