"""The blurred picture of an incident, made from its bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from edgecv.capture import pictures_between
from edgecv.capture.picture_size import read_picture
from edgecv.console.evidence.bundle import Bundle
from edgecv.console.settings import PICTURE_QUALITY
from edgecv.errors import EdgecvError
from edgecv.evidence.strobe_picture import label_times
from edgecv.incidents.record import TrackPointRecord
from edgecv.privacy import Sighting, blurred, scale_of, sightings, visible_mask
from edgecv.privacy.blur import Picture

_NEAR_S = 0.25


def source_of(bundle: Bundle, name: str) -> Path | None:
    """The file that a picture is made from, or None."""
    if name == "still.jpg":  # the one in the folder is drawn on, with the origin's neighbours enlarged
        return bundle.clip if bundle.clip_start_s is not None else None
    path = bundle.folder / name
    return path if path.is_file() else None


def blurred_picture(bundle: Bundle, record: Mapping[str, Any], name: str) -> bytes | None:
    """The blurred ``strobe.jpg`` or ``still.jpg`` as JPEG; None where it cannot be made.

    Args:
        bundle: the evidence.
        record: the contract's JSON.
        name: of the picture.
    """
    source = source_of(bundle, name)
    if source is None:
        return None
    things = sightings(record)
    if name == "still.jpg":
        picture, things = _still(source, things, bundle.clip_start_s or 0.0)
    else:
        picture = _strobe(source)
    if picture is None:
        return None
    size = (picture.shape[1], picture.shape[0])
    view = bundle.view if size == bundle.size else None
    safe = blurred(picture, visible_mask(size, record, view, things), scale_of(record))
    if name == "strobe.jpg":  # its times are blurred with the rest
        safe = label_times(safe, [TrackPointRecord(t=t, x=x, y=y, w=w, h=h) for t, x, y, w, h in things])
    encoded, data = cv2.imencode(".jpg", safe, [cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY])
    return data.tobytes() if encoded else None


def _strobe(path: Path) -> Picture | None:
    try:
        return read_picture(path)
    except (EdgecvError, OSError):
        return None


def _still(clip: Path, things: list[Sighting], starts_s: float) -> tuple[Picture | None, list[Sighting]]:
    """The frame in the middle of the path, and the sighting it shows."""
    if not things:
        return None, []
    middle = things[len(things) // 2]
    best: tuple[float, Picture] | None = None
    try:
        at_s = middle[0] - starts_s
        for t_s, picture in pictures_between(clip, max(0.0, at_s - _NEAR_S), at_s + _NEAR_S):
            if best is None or abs(t_s - at_s) < best[0]:
                best = abs(t_s - at_s), picture
    except (EdgecvError, OverflowError):
        return None, []
    return (None, []) if best is None else (best[1], [middle])
