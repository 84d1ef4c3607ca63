"""Evidence that is not complete yet: few incidents of a site, not too large together, and not for ever."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake.refusal import RefusedFileError
from edgecv.console.settings import (
    KEPT_FREE_BYTES,
    KEPT_FREE_SHARE,
    UNFINISHED_BYTES,
    UNFINISHED_INCIDENTS,
    UNFINISHED_S,
    UNFINISHED_YOUNG_S,
)
from edgecv.evidence.manifest import MANIFEST

_log = logging.getLogger("edgecv.console")


class UnfinishedUploads:
    """What boxes have begun to send; may be used from any thread.

    Args:
        shelf: where it lies.
        is_held: whether an official keeps the evidence of a site and incident: then it is not deleted, whole or not.
    """

    def __init__(self, shelf: EvidencePaths, is_held: Callable[[str, str], bool]) -> None:
        self._shelf = shelf
        self._is_held = is_held
        self._sites: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def admit(self, site: str, folder: Path) -> None:
        """Make room for a file of an incident, at the cost of what was left off.

        Args:
            site: whose token was shown.
            folder: the incident's, there or not.

        Raises:
            RefusedFileError: there is no room now.
            OSError: the disk failed.
        """
        with self._lock:
            names = self._names(site)
            older = sorted((_touched_s(self._at(site, name)), name) for name in names if name != folder.name)
            while len(older) >= UNFINISHED_INCIDENTS or self._bytes(site, names) > UNFINISHED_BYTES:
                before_s = time.time() - UNFINISHED_YOUNG_S
                unfinished = (name for at_s, name in older if at_s <= before_s and not self._is_held(site, name))
                if (dropped := next(unfinished, None)) is None:
                    raise RefusedFileError(
                        503, f"too much of {site} is incomplete: finish what was begun, or wait", "unfinished"
                    )
                self._drop(site, dropped, "to make room for others")
                older = [entry for entry in older if entry[1] != dropped]
            names.add(folder.name)

    def _names(self, site: str) -> set[str]:
        """Those that are still incomplete; what has waited too long goes."""
        if site not in self._sites:  # all are looked through once, for there may be thousands
            root = self._shelf.root / site
            self._sites[site] = {path.name for path in root.iterdir() if path.is_dir()} if root.is_dir() else set()
        names = self._sites[site]
        names -= {
            name for name in names if not self._at(site, name).is_dir() or (self._at(site, name) / MANIFEST).exists()
        }
        for name in [name for name in names if time.time() - _touched_s(self._at(site, name)) > UNFINISHED_S]:
            if not self._is_held(site, name):
                self._drop(site, name, f"never complete, older than {UNFINISHED_S / 86400:g} days")
        return names

    def _drop(self, site: str, name: str, reason: str) -> None:
        shutil.rmtree(self._at(site, name), ignore_errors=True)
        self._sites[site].discard(name)
        _log.info("incomplete evidence of %s from %s deleted: %s", name, site, reason)

    def _bytes(self, site: str, names: set[str]) -> int:
        return sum(_length(path) for name in names for path in self._at(site, name).glob("*"))

    def _at(self, site: str, name: str) -> Path:
        return self._shelf.root / site / name


def check_room(root: Path) -> None:
    """Check that an upload leaves room for the database.

    Raises:
        RefusedFileError: the disk is nearly full.
    """
    at = next(path for path in (root, *root.parents) if path.is_dir())
    usage = shutil.disk_usage(at)
    if usage.free < min(KEPT_FREE_BYTES, KEPT_FREE_SHARE * usage.total):
        raise RefusedFileError(507, "the disk is nearly full", "full")


def _touched_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime  # changes with each file that comes or goes
    except OSError:
        return time.time()


def _length(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
