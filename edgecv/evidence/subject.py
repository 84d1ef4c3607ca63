"""The incident whose evidence a folder should hold; a check of it shows that two folders were exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgecv.incidents.record import Incident
from edgecv.messages import seals


@dataclass(frozen=True, slots=True)
class Subject:
    """The incident whose evidence is expected.

    Attributes:
        incident: its id.
        site: its site, or None where anything will do.
        device: its camera, or None where anything will do.
    """

    incident: str
    site: str | None = None
    device: str | None = None

    @classmethod
    def named_by(cls, folder: Path) -> Subject:
        """The incident after which a folder is called."""
        return cls(folder.resolve().name)

    def differences_of_manifest(self, path: Path, incident: str) -> list[str]:
        """What a manifest says otherwise, in plain words."""
        if incident == self.incident:
            return []
        return [seals.EXCHANGED(file=str(path), incident=incident, asked=self.incident)]

    def differences_of_record(self, path: Path, record: Incident) -> list[str]:
        """What a record says otherwise, in plain words."""
        file, differences = str(path), list[str]()
        if record.id != self.incident:
            differences.append(seals.NOT_INCIDENT(file=file, incident=record.id, asked=self.incident))
        if self.site is not None and record.site != self.site:
            differences.append(seals.NOT_SITE(file=file, site=record.site, asked=self.site))
        if self.device is not None and record.device != self.device:
            differences.append(seals.NOT_DEVICE(file=file, device=record.device, asked=self.device))
        return differences
