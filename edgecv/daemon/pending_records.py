"""What a camera's recorder still has to store or to complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgecv.daemon.footage import Footage
from edgecv.evidence.bundle_files import AFTER_S
from edgecv.evidence.overlay_spec import OverlaySpec
from edgecv.incidents.record import Incident


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """An event of the camera itself, such as the result of a sensitivity test."""

    kind: str
    text: str
    details: dict[str, Any]


@dataclass(slots=True)
class PendingIncident:
    """An incident or candidate that is not finished yet; candidates have no evidence."""

    incident: Incident
    overlay: OverlaySpec | None
    footage: Footage
    is_stored: bool = False
    has_whole_clip: bool = False

    @property
    def due_s(self) -> float:
        """Media time at which its clip can be whole."""
        return self.incident.media.end_s + AFTER_S


def full_text(item: PendingIncident | DeviceEvent) -> str:
    """An event or record in full, for the log."""
    return f"{item.kind}: {item.text}" if isinstance(item, DeviceEvent) else item.incident.to_json()
