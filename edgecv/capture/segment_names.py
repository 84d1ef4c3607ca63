"""What the name of a segment says: which camera it is of, and when it begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TIME = re.compile(
    r"(?<![0-9])(20[0-9]{2})([-_.]?)([01][0-9])\2([0-3][0-9])[-_.T @]{0,3}"
    r"([0-2][0-9])([-_.:h]?)([0-5][0-9])\6([0-5][0-9])(?:[ _-]?([AaPp])[Mm](?![A-Za-z]))?"
)
_ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_NUMBERED = r"(?:camera|cam|channel|chan|ch|ipc|ipcam|kamera|stream|通道|摄像机)[ _.#-]{0,2}[0-9]+"
_SERIAL = r"(?=[A-Za-z0-9]*[A-Za-z])(?=[A-Za-z0-9]*[0-9])(?![0-9A-Fa-f]{8}(?![A-Za-z0-9]))[A-Za-z0-9]{8,}"
"""Letters and digits in one word; dates were taken out before."""
_CAMERA = re.compile(rf"(?<![A-Za-z0-9])(?:{_ADDRESS}|{_NUMBERED}(?![0-9])|{_SERIAL})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{4,8}(?![A-Za-z0-9])|[0-9]+")
"""Also in the base of 16: sizes and counts that recorders of cards put behind the time."""


def name_of_recording(stem: str) -> str:
    """A name without what counts its segments: the same for all of one recording.

    A camera's number, address or serial stays where another number of the name counts; ``cam-1`` alone may be the
    second segment as well as the first camera.
    """
    plain = _TIME.sub("#", stem)
    cameras = list(_CAMERA.finditer(plain))
    counted = _NUMBER.sub("#", _CAMERA.sub("", plain))
    if not cameras or "#" not in counted:
        return _NUMBER.sub("#", plain)
    pieces, end = [], 0
    for camera in cameras:
        pieces += [_NUMBER.sub("#", plain[end : camera.start()]), camera[0]]
        end = camera.end()
    return "".join([*pieces, _NUMBER.sub("#", plain[end:])])


def name_without_time(stem: str) -> str:
    """A name without its times: where it is the same for two files, they are of one camera."""
    return _TIME.sub("#", stem)


def name_in_order(name: str) -> list[tuple[int, str]]:
    """What names are sorted by: numbers by their value, 2 before 10, and 1 PM behind 12 PM."""
    name = _TIME.sub(lambda time: f"{time[1]}{time[3]}{time[4]} {_hour(time):02d}{time[7]}{time[8]}", name)
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in re.split(r"([0-9]+)", name)]


def begin_by_name_s(stem: str) -> float | None:
    """When a segment begins by its name, seconds of a clock that all segments of a recorder share; None without."""
    match = _TIME.search(stem)
    if match is None:
        return None
    year, month, day, minute, second = (int(match[group]) for group in (1, 3, 4, 7, 8))
    try:
        return datetime(year, month, day, _hour(match), minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _hour(time: re.Match[str]) -> int:
    hour, half = int(time[5]), (time[9] or "").lower()
    return hour if not half else hour % 12 + (12 if half == "p" else 0)
