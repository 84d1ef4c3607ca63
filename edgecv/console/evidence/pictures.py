"""Blurred pictures of incidents: made when first asked for, kept beside the database, gone with their evidence.

Where the untouched ones stayed on their box, the blurred copies that it sealed are shown.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from edgecv.capture import pictures_between
from edgecv.capture.picture_size import read_picture
from edgecv.console.evidence.bundle import Bundle, read_bundle
from edgecv.console.evidence.shelf import Shelf
from edgecv.console.settings import PICTURE_QUALITY
from edgecv.errors import EdgecvError
from edgecv.incidents.files import write_atomic
from edgecv.incidents.manifest import blurred_name
from edgecv.incidents.record import TrackPointRecord
from edgecv.incidents.strobe import label_times
from edgecv.privacy import Sighting, blurred, scale_of, shown_mask, sightings
from edgecv.privacy.blur import Picture

_RULES = 3  # count up when what is blurred changes, and every picture is made anew
_NEAR_S = 0.25


class Pictures:
    """Blurred pictures.

    Args:
        shelf: where evidence lies.
        cache: folder for what was made; may be deleted at any time.
    """

    def __init__(self, shelf: Shelf, cache: Path) -> None:
        self._shelf = shelf
        self._cache = cache
        self._one_at_a_time = threading.Lock()

    def of(self, site: str, incident_id: str, record: Mapping[str, Any], name: str) -> Path | None:
        """The blurred ``strobe.jpg`` or ``still.jpg`` of an incident; None where there is nothing to make it from.

        Args:
            site: whose box.
            incident_id: the incident's.
            record: the contract's JSON.
            name: of the picture.
        """
        bundle = read_bundle(self._shelf.folder(site, incident_id))
        source = None if bundle is None else self._source(bundle, name)
        if bundle is None or source is None:
            return self._shelf.file(site, incident_id, blurred_name(name))
        known = [_RULES, name, source.stat().st_mtime_ns, source.stat().st_size, bundle.view is not None, record]
        mark = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        target = self._cache / site / incident_id / f"{Path(name).stem}-{mark}.jpg"
        if target.is_file():
            return target
        with self._one_at_a_time:
            if not target.is_file():
                made = _made(bundle, source, record, name)
                if made is None:
                    return None
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_atomic(target, made)
        return target

    def sweep(self) -> int:
        """Delete pictures whose evidence is no longer there; return of how many incidents."""
        gone = 0
        for kept in self._cache.glob("*/*"):
            if not self._shelf.files(kept.parent.name, kept.name, pictures_only=True):
                shutil.rmtree(kept, ignore_errors=True)
                gone += 1
        return gone

    @staticmethod
    def _source(bundle: Bundle, name: str) -> Path | None:
        if name == "still.jpg":  # the one in the folder is drawn on, with the origin's neighbours enlarged
            return bundle.clip if bundle.clip_start_s is not None else None
        path = bundle.folder / name
        return path if path.is_file() else None


def _made(bundle: Bundle, source: Path, record: Mapping[str, Any], name: str) -> bytes | None:
    things = sightings(record)
    if name == "still.jpg":
        picture, things = _still(source, things, bundle.clip_start_s or 0.0)
    else:
        try:
            picture = read_picture(source)
        except (EdgecvError, OSError):
            picture = None
    if picture is None:
        return None
    size = (picture.shape[1], picture.shape[0])
    view = bundle.view if size == bundle.size else None
    safe = blurred(picture, shown_mask(size, record, view, things), scale_of(record))
    if name == "strobe.jpg":  # its times are blurred with the rest
        safe = label_times(safe, [TrackPointRecord(t=t, x=x, y=y, w=w, h=h) for t, x, y, w, h in things])
    done, data = cv2.imencode(".jpg", safe, [cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY])
    return data.tobytes() if done else None


def _still(clip: Path, things: list[Sighting], starts_s: float) -> tuple[Picture | None, list[Sighting]]:
    """The frame in the middle of the path, and the sighting it shows."""
    if not things:
        return None, []
    shown = things[len(things) // 2]
    best: tuple[float, Picture] | None = None
    try:
        at_s = shown[0] - starts_s
        for t_s, picture in pictures_between(clip, max(0.0, at_s - _NEAR_S), at_s + _NEAR_S):
            if best is None or abs(t_s - at_s) < best[0]:
                best = abs(t_s - at_s), picture
    except EdgecvError:
        return None, []
    return (None, []) if best is None else (best[1], [shown])
