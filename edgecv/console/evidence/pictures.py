"""Blurred pictures for everybody: made when first asked for, kept beside the database, gone with their evidence.

Where the untouched ones stayed on their box, the blurred copies that it sealed are shown. On a hub what boxes sent is
decoded by a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgecv.console.evidence.blurring import blurred_picture, source_of
from edgecv.console.evidence.bundle import Bundle, read_bundle
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.sandbox import PICTURE, Sandbox, SandboxError
from edgecv.console.settings import PICTURES_FAILED, PICTURES_WAITING
from edgecv.durable_files import write_atomic
from edgecv.evidence.manifest import blurred_name

_log = logging.getLogger("edgecv.console")
_RULES = 3  # count up when what is blurred changes, and every picture is made anew


class Pictures:
    """Blurred pictures.

    Args:
        shelf: where evidence lies.
        cache: folder for what was made; may be deleted at any time.
    """

    def __init__(self, shelf: EvidencePaths, cache: Path) -> None:
        self._shelf = shelf
        self._cache = cache
        self._one_at_a_time = threading.Lock()
        self._failed: dict[Path, None] = {}
        self._confined = Sandbox(PICTURE, PICTURES_WAITING) if shelf.by_site else None

    def of(self, site: str, incident_id: str, record: Mapping[str, Any], name: str) -> Path | None:
        """The blurred ``strobe.jpg`` or ``still.jpg`` of an incident; None where there is nothing to make it from.

        Args:
            site: whose box.
            incident_id: the incident's.
            record: the contract's JSON.
            name: of the picture.
        """
        bundle = read_bundle(self._shelf.folder(site, incident_id))
        source = None if bundle is None else source_of(bundle, name)
        if bundle is None or source is None:
            return self._shelf.file(site, incident_id, blurred_name(name))
        parts = [_RULES, name, source.stat().st_mtime_ns, source.stat().st_size, bundle.view is not None, record]
        mark = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
        target = self._cache / site / incident_id / f"{Path(name).stem}-{mark}.jpg"
        if target.is_file():
            return target
        picture = self._rendered(bundle, record, name, target)
        if picture is None:
            return None
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(target, picture)
        return target

    def sweep(self) -> int:
        """Delete pictures whose evidence is no longer there; return of how many incidents."""
        removed = 0
        for cached in self._cache.glob("*/*"):
            if not self._shelf.files(cached.parent.name, cached.name, pictures_only=True):
                shutil.rmtree(cached, ignore_errors=True)
                removed += 1
        return removed

    def close(self) -> None:
        """End what runs."""
        if self._confined is not None:
            self._confined.close()

    def _rendered(self, bundle: Bundle, record: Mapping[str, Any], name: str, target: Path) -> bytes | None:
        if target in self._failed:  # what failed once is not decoded again with each look at the page
            return None
        if self._confined is None:
            with self._one_at_a_time:
                return blurred_picture(bundle, record, name)
        try:
            request = {"job": "picture", "folder": str(bundle.folder), "record": record, "name": name}
            answer = self._confined.run(request)
        except SandboxError as error:
            _log.warning("no %s of %s: making it %s", name, bundle.folder.name, error)
            if error.is_busy:
                return None
            answer = b""
        if not answer:
            self._failed[target] = None
            while len(self._failed) > PICTURES_FAILED:
                self._failed.pop(next(iter(self._failed)), None)
        return answer or None
