"""The scene file: every key may be left out, and what is left out is sampled from the seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, create_model

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber, part
from edgecv.config.facade import Window
from edgecv.config.load import validated
from edgecv.config.problems import ConfigProblems, did_you_mean
from edgecv.config.yaml_document import read_document
from edgecv.simulation.catalogue import CATALOGUE
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES

Positive = Annotated[Number, Field(gt=0)]
Side = Annotated[WholeNumber, Field(ge=64, le=8192, multiple_of=2)]
Share = Annotated[Number, Field(ge=0, le=1)]
Triple = tuple[Number, Number, Number]


def _kind(name: object) -> object:
    if isinstance(name, str) and name not in CATALOGUE:
        raise ValueError(f"is no object of the catalogue: {', '.join(CATALOGUE)}{did_you_mean(name, CATALOGUE)}")
    return name


KindName = Annotated[str, BeforeValidator(_kind)]


class CameraView(Section):
    """Where the camera stands and looks."""

    position: Triple | None = Field(default=None, description="[X, Y, Z] in metres; the facade is Z = 0")
    look_at: Triple | None = Field(default=None, description="the point [X, Y, Z] in the middle of the picture")
    focal_px: Positive | None = Field(default=None, description="the focal length in pixels")
    distortion: tuple[Number, Number, Number, Number, Number] | None = Field(
        default=None, description="the lens distortion, OpenCV's five numbers [k1, k2, p1, p2, k3]"
    )


class PartnerSettings(Section):
    """A further camera before the same scene."""

    position: Triple = Field(description="[X, Y, Z] in metres; the facade is Z = 0")
    look_at: Triple | None = Field(
        default=None, description="the point [X, Y, Z] in the middle of the picture; the first camera's when left out"
    )
    focal_px: Positive | None = Field(
        default=None, description="the focal length in pixels; what shows as much as the first camera when left out"
    )
    clock_s: Annotated[Number, Field(ge=-3600, le=3600)] = Field(
        default=0.0, description="by how many seconds its clock is behind the first camera's when the video begins"
    )
    drift_ppm: Annotated[Number, Field(ge=-1000, le=1000)] = Field(
        default=0.0, description="by how much more its clock falls behind, seconds in a million"
    )


def _count_or_list(windows: object) -> str:
    return "[count]" if isinstance(windows, int) and not isinstance(windows, bool) else "[list]"


Windows = Annotated[
    Annotated[WholeNumber, Field(ge=1, le=60), Tag("[count]")]
    | Annotated[tuple[Window, ...], Field(min_length=1), Tag("[list]")],
    Discriminator(_count_or_list),
]


class FacadeSettings(Section):
    """The building."""

    floors: Annotated[WholeNumber, Field(ge=2, le=80)] | None = Field(default=None, description="the number of floors")
    floor_height: Annotated[Number, Field(ge=2, le=10)] = Field(default=3.0, description="metres, slab to slab")
    windows: Windows | None = Field(
        default=None, description="the number of window columns, or a list {name: ..., left: ..., right: ...}"
    )
    panes: Literal["dark", "mixed"] = Field(
        default="dark", description="dark windows, or mixed: dark rooms, reflected sky, curtains, blinds, lamps"
    )
    balconies: tuple[NonBlankText, ...] | None = Field(
        default=None, description="a list of names of the window columns that have balconies"
    )


class ObjectSettings(Section):
    """One object that falls; what is left out is sampled as for its kind."""

    name: KindName = Field(description="a kind of the catalogue")
    at_s: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="the time of the release in seconds")
    floor: Annotated[WholeNumber, Field(ge=1)] | None = Field(default=None, description="the floor it comes from")
    window: NonBlankText | None = Field(default=None, description="the window column it comes from")
    position: Triple | None = Field(
        default=None, description="the release point [X, Y, Z], instead of floor and window"
    )
    velocity: Triple | None = Field(default=None, description="the launch velocity [X, Y, Z] in m/s")
    diameter_m: Positive | None = Field(default=None, description="how large it looks, metres across")
    mass_kg: Positive | None = Field(default=None, description="its mass")
    drag_area_m2: Positive | None = Field(default=None, description="its drag area Cd·A")
    grey: Annotated[Number, Field(ge=0, le=255)] | None = Field(default=None, description="the luma of its surface")


class RandomObjects(Section):
    """Objects by chance."""

    count: Annotated[WholeNumber, Field(ge=0, le=500)] | None = Field(default=None, description="how many")
    every_s: Positive = Field(default=5.0, description="seconds between two, where count is left out")
    names: Annotated[tuple[KindName, ...], Field(min_length=1)] | None = Field(
        default=None, description="a list of kinds of the catalogue to choose from"
    )
    size_px: tuple[Positive, Positive] | None = Field(
        default=None, description="[smallest, largest] apparent diameter in pixels, instead of the kind's own size"
    )
    contrast: tuple[Positive, Positive] | None = Field(
        default=None, description="[least, most] difference to the wall's grey, instead of the kind's own grey"
    )
    hardest_mps: Positive | None = Field(default=None, description="the hardest throw in m/s")


class ObjectsRandom(Section):
    """``objects: {random: {...}}``."""

    random: RandomObjects = Field(description="how many objects of which kinds")


def _list_or_random(objects: object) -> str:
    return "[key]" if isinstance(objects, Mapping | ObjectsRandom) else "[list]"


Objects = Annotated[
    Annotated[tuple[ObjectSettings, ...], Tag("[list]")] | Annotated[ObjectsRandom, Tag("[key]")],
    Discriminator(_list_or_random),
]


class CodecSettings(Section):
    """Compression."""

    name: Literal["h264", "h265"] = Field(default="h264", description="h264 or h265")
    kbps: Annotated[WholeNumber, Field(ge=50, le=200_000)] | None = Field(
        default=None, description="the bit rate, kbit/s"
    )
    crf: Annotated[WholeNumber, Field(ge=0, le=51)] | None = Field(
        default=None, description="a quality, x264's or x265's rate factor, where no kbps is given"
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = Field(
        default="superfast", description="how long the encoder thinks"
    )
    gop_s: Positive = Field(default=2.0, description="seconds between key frames")


class ProcessingSettings(Section):
    """How the camera turns light into a picture."""

    gamma: Annotated[Number, Field(ge=1, le=3)] = Field(
        default=1.0, description="of the tone curve: light adds up before it; cameras have 2.2, 1 adds up grey levels"
    )
    noise_reduction: Share = Field(
        default=0.0, description="strength of the temporal noise reduction, 0 (none) to 1; leaves ghosts"
    )


class TimingSettings(Section):
    """Frame times."""

    mode: Literal["constant", "variable", "repeated", "half_rate"] = Field(
        default="constant", description="constant, variable, repeated (every third frame) or half_rate"
    )
    jitter: Share = Field(default=0.25, description="of the instants, share of the frame interval, with variable")
    drop: Annotated[Number, Field(ge=0, le=0.9)] = Field(default=0.08, description="share of missing frames")


class WindSettings(Section):
    """Wind."""

    steady: Triple | None = Field(default=None, description="[X, Y, Z] in m/s")
    gust: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="amplitude of the gusts in m/s")


Strength = Annotated[Number, Field(ge=0, le=20)]


def _nuisance_section(name: str) -> type[Section]:
    """A section with the parameters of one nuisance."""
    fields: dict[str, Any] = {
        "strength": (Strength, Field(default=1.0, description="how much of it; 1 is ordinary, 0 none"))
    }
    for key, (value, words) in NUISANCES[name].parameters.items():
        fields[key] = (Annotated[Number, Field(ge=0)], Field(default=value, description=words))
    return create_model(f"{name.title().replace('_', '')}Settings", __base__=Section, **fields)


def _as_section(values: object) -> object:
    """``rain: 0.7`` and ``rain: true`` are short for ``rain: {strength: ...}``."""
    if isinstance(values, bool):
        return {"strength": 1.0 if values else 0.0}
    return {"strength": values} if isinstance(values, int | float) else values


_nuisance_fields: dict[str, Any] = {
    name: (
        Annotated[_nuisance_section(name), BeforeValidator(_as_section)] | None,
        Field(default=None, description="a strength, or a section of strength and parameters"),
    )
    for name in NUISANCES
}
NUISANCE_NAMES = tuple(NUISANCES)
NuisanceSettings = create_model("NuisanceSettings", __base__=Section, **_nuisance_fields)


class SceneFile(Section):
    """A scene file."""

    seed: Annotated[WholeNumber, Field(ge=0, lt=2**63)] = Field(default=0, description="decides all that is left out")
    size: tuple[Side, Side] = Field(
        default=(1280, 720), description="[width, height] in pixels, even numbers"
    )  # fmt: skip
    fps: Annotated[Number, Field(ge=1, le=240)] = Field(default=25.0, description="frames a second")
    duration_s: Annotated[Number, Field(gt=0, le=86_400)] = Field(default=20.0, description="the length in seconds")
    condition: Literal["day", "night"] = Field(default="day", description="day or night")
    camera: CameraView = Field(default_factory=CameraView, description="where the camera stands")
    partners: Annotated[tuple[PartnerSettings, ...], Field(max_length=8)] = Field(
        default=(), description="a list of further cameras before the same scene"
    )
    facade: FacadeSettings = Field(default_factory=FacadeSettings, description="the building")
    background: NonBlankText | None = Field(default=None, description="a picture or video, relative to the scene file")
    objects: Objects = Field(
        default_factory=lambda: ObjectsRandom(random=RandomObjects()), description="a list, or {random: {...}}"
    )
    nuisances: NuisanceSettings = Field(
        default_factory=NuisanceSettings, description="what disturbs: a strength or a section each"
    )
    wind: WindSettings = Field(default_factory=WindSettings, description="the wind")
    codec: CodecSettings = Field(default_factory=CodecSettings, description="the compression")
    processing: ProcessingSettings = Field(
        default_factory=ProcessingSettings, description="how the camera turns light into a picture"
    )
    timing: TimingSettings = Field(default_factory=TimingSettings, description="when frames are taken")
    exposure_s: Annotated[Number, Field(gt=0, le=0.5)] | None = Field(default=None, description="the shutter time")
    noise: Annotated[Number, Field(ge=0, le=50)] | None = Field(
        default=None, description="deviation of the sensor's noise in grey levels"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """The shutter closes before the next frame."""
        exposure, fps = part(values, "exposure_s"), part(values, "fps")
        if isinstance(exposure, float) and exposure > 1.0 / (fps if isinstance(fps, int | float) and fps > 0 else 25.0):
            yield Conflict(("exposure_s",), "is longer than a frame; make it less than 1 / fps")


def load_scene_file(path: Path) -> SceneFile:
    """Read and check a scene file.

    Raises:
        ConfigProblems: one line for everything that is wrong (a ``ConfigError``).
    """
    document = read_document(path)
    settings = validated(document, SceneFile)
    if settings is None or document.problems:
        raise ConfigProblems(document.problems)
    return settings
