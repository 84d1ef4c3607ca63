"""What a record says of a fall that several cameras saw: each one's own view, and the path in space."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edgecv.incidents.record_limits import ENTRIES, LIGHT_POINTS, MediaTime, Name, Real
from edgecv.incidents.record_sections import (
    EvidenceRecord,
    FitRecord,
    Mass,
    Media,
    Motion,
    Origin,
    Record,
    Tier,
    Track,
    VerdictRecord,
)


class JointView(Record):
    """What one camera said, as in its own record."""

    device: Name
    id: Name
    """Of its own record; its evidence lies in a folder of that name beside the joint record's."""
    tier: Tier
    started_at: Name
    media: Media
    track: Track
    origin: Origin
    fit: FitRecord
    motion: Motion
    mass: Mass
    verdict: VerdictRecord
    evidence: EvidenceRecord
    clock_s: Real
    """By how much its clock is behind that of the first view, seconds."""
    clock_sd_s: Real
    manifest_sha256: Name | None = None
    """Of the manifest of its own evidence, which is sealed with the record that way; null of the first, whose evidence
    is the record's."""


class PlaceRecord(Record):
    """Where it was, in the facade's coordinates, metres, with standard deviations."""

    t: MediaTime
    """Media time of the first view."""
    xyz_m: tuple[Real, Real, Real]
    sd_m: tuple[Real, Real, Real]


class JointRecord(Record):
    """A fall that several cameras saw."""

    views: Annotated[tuple[JointView, ...], Field(min_length=2, max_length=ENTRIES)]
    """The first one's clock is that of the record."""
    log_likelihood_ratio: Real
    """By how much one fall explains all views better than a fall for each."""
    angle_deg: Real
    """Between the lines of sight."""
    path: tuple[PlaceRecord, ...] = Field(default=(), max_length=LIGHT_POINTS)
