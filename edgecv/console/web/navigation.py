"""The menu: an entry a page, shown to those who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.console.accounts import Capability, Viewer
from edgecv.console.web.translatable import N_, Text


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its address, its text, and who sees it (any of these capabilities)."""

    path: str
    text: Text
    needs: tuple[Capability, ...]


ENTRIES = (
    Entry("/incidents", N_("Incidents"), (Capability.SEE_ALL,)),
    Entry("/work", N_("My cases"), (Capability.SEE_OWN,)),
    Entry("/statistics", N_("Statistics"), (Capability.SEE_STATISTICS,)),
    Entry("/cameras", N_("Cameras"), (Capability.SEE_ALL,)),
    Entry("/users", N_("Users"), (Capability.MANAGE_USERS,)),
)


def entries(viewer: Viewer) -> list[Entry]:
    """What somebody's menu shows."""
    return [entry for entry in ENTRIES if any(viewer.may(capability) for capability in entry.needs)]
