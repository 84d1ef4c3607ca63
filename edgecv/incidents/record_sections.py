"""Sections of an incident as it is written and sent, one pydantic model each.

``extra="forbid"`` keeps what we write and what we read the same; intervals are 90 %; pixels are those of the
full-resolution upright frame; ``t`` is seconds of media time from the first frame.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from edgecv.incidents.record_limits import (
    CANDIDATES,
    ENTRIES,
    HIGHEST_FLOOR,
    LIGHT_POINTS,
    LONGEST_S,
    LOWEST_FLOOR,
    TRACK_POINTS,
    Count,
    Floor,
    MediaTime,
    Name,
    Pixel,
    Probabilities,
    Probability,
    Real,
    Sentence,
)
from edgecv.messages import check_wire, to_wire
from edgecv.messages.wire import CODE_PATTERN

MassClass = Literal["light", "medium", "heavy", "undetermined"]
Tier = Literal["incident", "candidate"]
Clock = Literal["option", "container", "file_mtime", "rtcp", "box"]
"""Where wall time comes from: told by the user, the container's creation time, the file's date, the camera's RTCP
reports, or the box's own clock when the packets arrived."""


class Record(BaseModel):
    """Base of every section: immutable, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _checked(value: object) -> object:
    if not isinstance(value, MessageRecord):  # which was made here, of a message
        check_wire(value)
    return value


class MessageRecord(Record):
    """What a text beside it says, for programs: its code in the registry, and what fills its places.

    A text without one is of an older box, or somebody else's words.
    """

    code: str = Field(pattern=CODE_PATTERN)
    params: dict[str, Any]
    """Texts, numbers, messages, and lists of texts and messages."""


Coded = Annotated[MessageRecord, BeforeValidator(_checked)]


def coded(text: str | None) -> MessageRecord | None:
    """Code and parameters of a message; None of plain text."""
    wire = to_wire(text)
    return None if wire is None else MessageRecord(**wire)


class Media(Record):
    """Where the pictures came from."""

    source: Sentence
    start_s: MediaTime
    end_s: MediaTime
    clock: Clock = "container"
    """How ``started_at`` was derived."""
    clock_error_s: Real | None = None
    """Live: how far ``started_at`` may be off, seconds."""


class TrackPointRecord(Record):
    """One sighting: centre and size of the blob in pixels."""

    t: MediaTime
    x: Pixel
    y: Pixel
    w: Pixel
    h: Pixel


def _of_a_fall(track: tuple[TrackPointRecord, ...]) -> tuple[TrackPointRecord, ...]:
    times = [point.t for point in track]
    if times and max(times) - min(times) > LONGEST_S:
        raise ValueError(f"a track may last {LONGEST_S:g} s")
    return track


Track = Annotated[tuple[TrackPointRecord, ...], Field(max_length=TRACK_POINTS), AfterValidator(_of_a_fall)]
"""All sightings of one object, in order."""


class OriginCandidate(Record):
    """One window the object may have come from."""

    floor: Floor
    window: Name | None
    p: Probability
    facade: Name | None = None
    floor_name: Name | None = None


class Origin(Record):
    """Where the object came from; nulls carry a reason."""

    facade: Name | None = None
    """Where a camera sees several: the one that floor, window and coordinates refer to."""
    floor: Floor | None = None
    floor_name: Name | None = None
    """What people call the floor."""
    window: Name | None = None
    window_index: Count | None = None
    x_m: Real | None = None
    y_m: Real | None = None
    sd_m: tuple[Real, Real] | None = None
    pixel: tuple[Real, Real] | None = None
    candidates: tuple[OriginCandidate, ...] = Field(default=(), max_length=CANDIDATES)
    p_roof: Probability = 0.0
    """Probability that it came from the roof."""
    lowest_floor: Floor | None = None
    """It came from this floor or a higher one with a probability of 95 %."""
    excluded_floors: tuple[Floor, ...] = Field(default=(), max_length=HIGHEST_FLOOR - LOWEST_FLOOR + 1)
    reason: Sentence | None = None
    reason_code: Coded | None = None


class FitRecord(Record):
    """How well the physics explains the path."""

    model: Literal["fall", "sinking"] = "fall"
    """Gravity and drag, or a light thing at its terminal velocity that goes with the wind and flutters."""
    chi2_reduced: Real
    points: Count
    log_likelihood_ratio: Real
    gravity_px_s2: Real
    """Apparent downward acceleration of a drag-free fall at the path's centre, pixels/s²."""
    gravity_sd_px_s2: Real
    gravity_mps2: Real | None = None
    """``gravity_px_s2`` divided by the scale, where one was given (``replay --scale``)."""


class Interval(Record):
    """Median and 90 % interval."""

    median: Real
    low: Real
    high: Real


class Motion(Record):
    """How the object moved, in metres and seconds; null where gravity alone could not give the scale."""

    launch_velocity_mps: tuple[Real, Real, Real] | None = None
    """Calibrated: along the facade, up, out of it, at the launch; else right, up, towards the camera, as first seen."""
    launch_speed_mps: Interval | None = None
    release: Literal["thrown", "dropped", "blown"] | None = None
    impact_speed_mps: Real | None = None
    impact_height_m: Real | None = None
    """Above the ground, a person's head; null where the speed is that of the last sighting."""
    duration_s: Real


class ObjectRecord(Record):
    """One kind of everyday thing and its probability."""

    name: Name
    p: Probability


class LightPoint(Record):
    """The light at one place of the path."""

    t: MediaTime
    background: Real
    """Light behind the thing, 0 black, 1 white."""
    flux_m2: Real
    sd_m2: Real
    """Light that the thing adds, in units of white times the area of a square metre there, and its error."""
    weight: Probability
    """1 where it agrees with the line, towards 0 where it does not; 0 where it is left out: it was saturated."""


class PhotometryRecord(Record):
    """How large and how bright by the light: ``flux = area (light - background)``, a line of slope -area."""

    area_m2: Interval
    """That it shows on average."""
    luma: Interval
    """How bright it is in the picture, 0 black, 1 white."""
    gamma: Real
    gamma_p: Probability
    """Of the tone curve by which luma became light, the likelier of those compared (1 is none), and its probability."""
    scatter: Real
    """Share by which its light varies about the line: a twentieth is a steady thing, a third one that tumbles."""
    background_sd: Real
    """How much the background varied, 0 to 1; below 0.02 the line says hardly anything."""
    line_m2: tuple[Real, Real]
    """Flux before black, and the fall of flux with background, of the line that was fitted."""
    places: Count
    used: Count
    """Pictures in which the light was summed, and those of them that the line was fitted to."""
    points: tuple[LightPoint, ...] = Field(default=(), max_length=LIGHT_POINTS)
    """What the line was fitted to: all, or every second or third of many."""


class Mass(Record):
    """How heavy, by terminal velocity; kilograms and joules only with a size and a stated assumption."""

    class_: MassClass = Field(alias="class")
    p: Probabilities
    terminal_velocity: Interval | None = None
    kg: Interval | None = None
    impact_energy_j: Interval | None = None
    hazard: Sentence | None = None
    """What a blow of that energy does to a person, in words."""
    hazard_code: Coded | None = None
    diameter_m: Interval | None = None
    things: tuple[ObjectRecord, ...] = Field(default=(), max_length=ENTRIES)
    """What it may be, likeliest first."""
    words: Sentence | None = None
    """What somebody who goes there should look for."""
    words_code: Coded | None = None
    photometry: PhotometryRecord | None = None
    """What the pictures say of its size; None until they were looked at, and where they say nothing."""
    assumed: Sentence | None = None
    """What kilograms rest on besides the path."""
    assumed_code: Coded | None = None
    reason: Sentence | None = None
    reason_code: Coded | None = None


class VerdictRecord(Record):
    """What it is taken for."""

    label: Name
    p: Probability
    labels: Probabilities
    reasons: tuple[Sentence, ...] = Field(default=(), max_length=ENTRIES)
    reason_codes: tuple[Coded | None, ...] = Field(default=(), max_length=ENTRIES)
    """One for each reason."""


class EvidenceRecord(Record):
    """Pointer into the evidence folder: the manifest and the SHA-256 of the clip."""

    manifest: Name | None = None
    sha256: Name | None = None
    clip: Name | None = None
    """The clip's file name."""
    clip_start_s: MediaTime | None = None
    """Media time of the clip's first picture."""
    reason: Sentence | None = None
    """Why there is no clip, or why the one there is does not bear the record out."""
    reason_code: Coded | None = None


class Software(Record):
    """What produced the record."""

    version: Name
    models: dict[Name, Name] = Field(default={}, max_length=ENTRIES)
    config_sha256: Name | None = None
