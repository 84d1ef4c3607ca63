"""What the API answers."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from edgecv.console.cases.state_machine import State


def _finite(value: float | None) -> float | None:
    """JSON has no infinity; a probability that is none is not known."""
    return value if value is not None and math.isfinite(value) else None


def _bounded(value: float) -> float:
    return value if math.isfinite(value) else 0.0


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
    p: Annotated[float | None, BeforeValidator(_finite)]
    mass_class: str | None
    hazard: str | None
    label: str
    started_s: Annotated[float, BeforeValidator(_bounded)]
    state: State
    state_s: float


class IncidentDetail(IncidentSummary):
    """An incident with its record, the contract's JSON; empty where it cannot be shown, and ``problem`` says why."""

    record: dict[str, Any]
    problem: str | None = None


class IncidentPage(BaseModel):
    """A page of the list, newest first; ``following`` is the next page's ``after``."""

    incidents: list[IncidentSummary]
    following: str | None


class Problem(BaseModel):
    """Why there is no other answer."""

    detail: str
