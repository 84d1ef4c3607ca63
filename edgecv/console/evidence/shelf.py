"""Where evidence files lie: one folder an incident, on a box the box's own, on a hub by site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgecv.incidents.manifest import MANIFEST, blurred_name

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,60}\.[a-z0-9]{2,5}")
PICTURES = ("strobe.jpg", "still.jpg")
_ANY_PICTURE = {*PICTURES, *(blurred_name(name) for name in PICTURES)}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The evidence of a box or of a hub.

    Attributes:
        root: the folder of all.
        by_site: whether there is a folder for each site in between (a hub).
    """

    root: Path
    by_site: bool = False

    def folder(self, site: str, incident_id: str) -> Path | None:
        """The folder of an incident, there or not; None for what cannot be a site's name or an id."""
        if not _ID.fullmatch(incident_id) or "/" in site or site.startswith("."):
            return None
        return self.root / site / incident_id if self.by_site else self.root / incident_id

    @staticmethod
    def is_name(name: str) -> bool:
        """Whether a file of evidence may be called so."""
        return _FILE.fullmatch(name) is not None

    def file(self, site: str, incident_id: str, name: str) -> Path | None:
        """A file of it, or None where there is none of that name."""
        folder = self.folder(site, incident_id)
        if folder is None or not _FILE.fullmatch(name):
            return None
        path = folder / name
        return path if path.is_file() else None

    def key_file(self, site: str, name: str) -> Path:
        """Where the key of the box that sealed the evidence of a site is, there or not."""
        return self.root / site / name if self.by_site else self.root.parent / name

    def files(self, site: str, incident_id: str, *, pictures_only: bool = False) -> list[str]:
        """The names of all its files, the manifest last; none where it is not here (yet, or any more)."""
        folder = self.folder(site, incident_id)
        if folder is None or not folder.is_dir():
            return []
        names = [path.name for path in folder.iterdir() if _FILE.fullmatch(path.name) and path.is_file()]
        if pictures_only:
            names = [name for name in names if name in _ANY_PICTURE or name.startswith("clip.")]
        return sorted(names, key=lambda name: (name == MANIFEST, name))
