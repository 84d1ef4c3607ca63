"""The incident as it is written and sent: the contract's JSON, one pydantic model a section.

``extra="forbid"`` keeps what we write and what we read the same; intervals are 90 %; pixels are those of the
full-resolution upright frame; ``t`` is seconds of media time from the first frame.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MassClass = Literal["light", "medium", "heavy", "undetermined"]
Tier = Literal["incident", "candidate"]
Clock = Literal["option", "container", "file_mtime", "rtcp", "box"]
"""Where wall time comes from: told by the user, the container's creation time, the file's date, the camera's RTCP
reports, or the box's own clock when the packets arrived."""


class Record(BaseModel):
    """Base of every section: immutable, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Media(Record):
    """Where the pictures came from."""

    source: str
    start_s: float
    end_s: float
    clock: Clock = "container"
    """How ``started_at`` was derived."""
    clock_error_s: float | None = None
    """Live: how far ``started_at`` may be off, seconds."""


class TrackPointRecord(Record):
    """One sighting: centre and size of the blob in pixels."""

    t: float
    x: float
    y: float
    w: float
    h: float


class OriginCandidate(Record):
    """One window the object may have come from."""

    floor: int
    window: str | None
    p: float
    facade: str | None = None
    floor_name: str | None = None


class Origin(Record):
    """Where the object came from; nulls carry a reason."""

    facade: str | None = None
    """Where a camera sees several: the one that floor, window and coordinates refer to."""
    floor: int | None = None
    floor_name: str | None = None
    """What people call the floor."""
    window: str | None = None
    window_index: int | None = None
    x_m: float | None = None
    y_m: float | None = None
    sd_m: tuple[float, float] | None = None
    pixel: tuple[float, float] | None = None
    candidates: tuple[OriginCandidate, ...] = ()
    p_roof: float = 0.0
    """Probability that it came from the roof."""
    lowest_floor: int | None = None
    """It came from this floor or a higher one with a probability of 95 %."""
    excluded_floors: tuple[int, ...] = ()
    reason: str | None = None


class FitRecord(Record):
    """How well the physics explains the path."""

    chi2_reduced: float
    points: int
    log_likelihood_ratio: float
    gravity_px_s2: float
    """Apparent downward acceleration of a drag-free fall at the path's centre, pixels/s²."""
    gravity_sd_px_s2: float
    gravity_mps2: float | None = None
    """``gravity_px_s2`` divided by the scale, where one was given (``replay --scale``)."""


class Interval(Record):
    """Median and 90 % interval."""

    median: float
    low: float
    high: float


class Motion(Record):
    """How the object moved, in metres and seconds; null where gravity alone could not give the scale."""

    launch_velocity_mps: tuple[float, float, float] | None = None
    """Calibrated: along the facade, up, out of it, at the launch; else right, up, towards the camera, as first seen."""
    launch_speed_mps: Interval | None = None
    release: Literal["thrown", "dropped", "blown"] | None = None
    impact_speed_mps: float | None = None
    impact_height_m: float | None = None
    """Above the ground, a person's head; null where the speed is that of the last sighting."""
    duration_s: float


class ThingRecord(Record):
    """One kind of everyday thing and its probability."""

    name: str
    p: float


class Mass(Record):
    """How heavy, by terminal velocity; kilograms and joules only with a size and a stated assumption."""

    class_: MassClass = Field(alias="class")
    p: dict[str, float]
    terminal_velocity: Interval | None = None
    kg: Interval | None = None
    impact_energy_j: Interval | None = None
    hazard: str | None = None
    """What a blow of that energy does to a person, in words."""
    diameter_m: Interval | None = None
    things: tuple[ThingRecord, ...] = ()
    """What it may be, likeliest first."""
    assumed: str | None = None
    """What kilograms rest on besides the path."""
    reason: str | None = None


class VerdictRecord(Record):
    """What it is taken for."""

    label: str
    p: float
    labels: dict[str, float]
    reasons: tuple[str, ...] = ()


class EvidenceRecord(Record):
    """Pointer into the evidence folder: the manifest and the SHA-256 of the clip."""

    manifest: str | None = None
    sha256: str | None = None
    clip: str | None = None
    """The clip's file name."""
    clip_start_s: float | None = None
    """Media time of the clip's first picture."""
    reason: str | None = None
    """Why there is no clip, where there is none."""


class Software(Record):
    """What produced the record."""

    version: str
    models: dict[str, str] = {}
    config_sha256: str | None = None


class Incident(Record):
    """One real object, thrown, fallen or blown; the ``data`` of one CloudEvents message."""

    id: str
    kind: Literal["thrown_object"] = "thrown_object"
    tier: Tier
    site: str
    device: str
    started_at: str
    ended_at: str
    media: Media
    track: tuple[TrackPointRecord, ...]
    origin: Origin
    fit: FitRecord
    motion: Motion
    mass: Mass
    verdict: VerdictRecord
    evidence: EvidenceRecord
    software: Software

    def to_json(self) -> str:
        """One line of JSON with the contract's key names, stable for identical content."""
        return self.model_dump_json(by_alias=True)
