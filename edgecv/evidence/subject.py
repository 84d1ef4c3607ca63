"""The incident whose evidence a folder should hold; a check of it shows that two folders were exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgecv.incidents.record import Incident


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
        return [
            f"{path}: is of incident {incident}, and {self.incident} was asked for; the evidence of two incidents may "
            f"have been exchanged (was the folder renamed? give --incident {incident})"
        ]

    def differences_of_record(self, path: Path, record: Incident) -> list[str]:
        """What a record says otherwise, in plain words."""
        pairs = (
            ("incident", self.incident, record.id),
            ("site", self.site, record.site),
            ("device", self.device, record.device),
        )
        return [
            f"{path}: is of {field} {written}, and {expected} was asked for"
            for field, expected, written in pairs
            if expected is not None and expected != written
        ]
