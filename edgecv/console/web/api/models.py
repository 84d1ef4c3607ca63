"""What the API answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from edgecv.console.cases.machine import State


class IncidentSummary(BaseModel):
    """A line of the list."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    kind: str
    site: str
    device: str
    building: str
    floor: int | None
    floor_name: str | None
    window: str | None
    p: float | None
    mass_class: str | None
    hazard: str | None
    label: str
    started_s: float
    state: State
    state_s: float


class IncidentDetail(IncidentSummary):
    """An incident with its record, the contract's JSON."""

    record: dict[str, Any]


class IncidentPage(BaseModel):
    """A page of the list, newest first; ``following`` is the next page's ``after``."""

    incidents: list[IncidentSummary]
    following: str | None


class Problem(BaseModel):
    """Why there is no other answer."""

    detail: str
