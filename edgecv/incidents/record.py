"""The incident as it is written and sent: the contract's JSON.

``extra="forbid"`` keeps what we write and what we read the same; intervals are 90 %; pixels are those of the
full-resolution upright frame; ``t`` is seconds of media time from the first frame.
"""

from __future__ import annotations

from typing import Literal

from edgecv.incidents.joint_sections import JointRecord, JointView, PlaceRecord
from edgecv.incidents.record_limits import Name
from edgecv.incidents.record_sections import (
    Clock,
    Coded,
    EvidenceRecord,
    FitRecord,
    Interval,
    LightPoint,
    Mass,
    MassClass,
    Media,
    MessageRecord,
    Motion,
    ObjectRecord,
    Origin,
    OriginCandidate,
    PhotometryRecord,
    Record,
    Software,
    Tier,
    Track,
    TrackPointRecord,
    VerdictRecord,
    coded,
)

__all__ = [
    "Clock",
    "Coded",
    "EvidenceRecord",
    "FitRecord",
    "Incident",
    "Interval",
    "JointRecord",
    "JointView",
    "LightPoint",
    "Mass",
    "MassClass",
    "Media",
    "MessageRecord",
    "Motion",
    "ObjectRecord",
    "Origin",
    "OriginCandidate",
    "PhotometryRecord",
    "PlaceRecord",
    "Record",
    "Software",
    "Tier",
    "Track",
    "TrackPointRecord",
    "VerdictRecord",
    "coded",
]


class Incident(Record):
    """One real object, thrown, fallen or blown; the ``data`` of one CloudEvents message."""

    id: Name
    kind: Literal["thrown_object"] = "thrown_object"
    tier: Tier
    site: Name
    device: Name
    started_at: Name
    ended_at: Name
    media: Media
    track: Track
    origin: Origin
    fit: FitRecord
    motion: Motion
    mass: Mass
    verdict: VerdictRecord
    evidence: EvidenceRecord
    software: Software
    joint: JointRecord | None = None
    """Where several cameras saw it: what each said alone. Origin, mass and motion then follow from all together."""

    def to_json(self) -> str:
        """One line of JSON with the contract's key names, stable for identical content."""
        return self.model_dump_json(by_alias=True)
