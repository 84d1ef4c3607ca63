"""Where evidence files lie: one folder an incident, on a box the box's own, on a hub by site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgecv.evidence.file_names import CLIPS, is_evidence
from edgecv.evidence.file_names import PICTURES as ANY_PICTURE
from edgecv.evidence.manifest import MANIFEST

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_RESERVED = (".pub", ".key")
"""Keys lie among folders of incidents (``box.pub``): no incident is called like one."""
PICTURES = ("strobe.jpg", "still.jpg")


@dataclass(frozen=True, slots=True)
class EvidencePaths:
    """The evidence of a box or of a hub.

    Attributes:
        root: the folder of all.
        by_site: whether there is a folder for each site in between (a hub).
    """

    root: Path
    by_site: bool = False

    def folder(self, site: str, incident_id: str) -> Path | None:
        """The folder of an incident, there or not; None for what cannot be a site's name or an id."""
        if not _ID.fullmatch(incident_id) or incident_id.lower().endswith(_RESERVED):
            return None
        if "/" in site or "\0" in site or site.startswith(".") or (self.by_site and not site):
            return None
        return self.root / site / incident_id if self.by_site else self.root / incident_id

    def file(self, site: str, incident_id: str, name: str) -> Path | None:
        """A file of it, or None where there is none of that name."""
        folder = self.folder(site, incident_id)
        if folder is None or not is_evidence(name):
            return None
        path = folder / name
        return path if path.is_file() else None

    def files(self, site: str, incident_id: str, *, pictures_only: bool = False) -> list[str]:
        """The names of all its files, the manifest last; none where it is not here (yet, or any more)."""
        folder = self.folder(site, incident_id)
        if folder is None or not folder.is_dir():
            return []
        names = [path.name for path in folder.iterdir() if is_evidence(path.name) and path.is_file()]
        if pictures_only:
            names = [name for name in names if name in ANY_PICTURE or name in CLIPS]
        return sorted(names, key=lambda name: (name == MANIFEST, name))
