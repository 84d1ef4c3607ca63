"""What really happened in a video: the truth file beside it, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgecv.errors import InputError
from edgecv.evaluation.boxes import BoxPath

Vector = tuple[float, float, float]
FEWEST_FRAMES = 8
SHORTEST_S = 0.3
"""An event that is visible more briefly is left out of recall: nobody could see that it is a fall."""


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """One object that fell.

    Attributes:
        name: what it was.
        path: where it is drawn, blur included; frames in which it is hidden are left out.
        gone_s: media time at which it left the picture or came to rest.
        size_px: its diameter without motion blur, median over the frames, pixels.
        contrast: against the background behind it, median over the frames, grey levels; None where not known.
        floor: 1-based floor it came from, or None.
        window: name of the window it came from, or None.
        terminal_velocity_mps: or None.
        mass_kg: or None.
        release_m: where it was let go, X, Y, Z of the facade; or None.
        launch_mps: its velocity there, or None.
        luma: how bright its surface is drawn, 0 black, 1 white; or None.
        diameter_m: of a disc that hides as much, or None.
    """

    name: str
    path: BoxPath
    gone_s: float
    size_px: float
    contrast: float | None = None
    floor: int | None = None
    window: str | None = None
    terminal_velocity_mps: float | None = None
    mass_kg: float | None = None
    release_m: Vector | None = None
    launch_mps: Vector | None = None
    luma: float | None = None
    diameter_m: float | None = None

    @property
    def visible_s(self) -> float:
        """Time for which it is seen: its visible frames, each as long as the usual step between two of them."""
        if len(self.path.frames) < 2:
            return 0.0
        steps = np.diff(self.path.t_s) / np.diff(self.path.frames)
        return float(len(self.path.frames) * np.median(steps))

    @property
    def too_short(self) -> bool:
        """True where nobody could see that it is a fall: fewer than 8 frames, or less than 0.3 s, visible."""
        return len(self.path.frames) < FEWEST_FRAMES or self.visible_s < SHORTEST_S - 1e-6


@dataclass(frozen=True, slots=True)
class NuisanceTrack:
    """Something that moved and is no thrown object."""

    label: str
    path: BoxPath


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of one video.

    Attributes:
        conditions: what a table groups recall by: ``day``, ``night``, ``rain`` and so on.
        nuisances: those switched on.
        events: the falls.
        mirror_images: reflections of falls: neither incidents nor false.
        nuisance_tracks: where nuisances moved.
        real: a camera filmed it; nobody rendered it.
    """

    conditions: tuple[str, ...] = ()
    nuisances: tuple[str, ...] = ()
    events: tuple[TruthEvent, ...] = ()
    mirror_images: tuple[BoxPath, ...] = ()
    nuisance_tracks: tuple[NuisanceTrack, ...] = ()
    real: bool = False


Row = tuple[float, float, float, float, float, float]


class _Section(BaseModel):
    # what others add to the file is theirs
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class _Track(_Section):
    label: str = "other"
    frames: tuple[Row, ...]


class _Event(_Section):
    object: str = "object"
    floor: int | None = None
    window: str | None = None
    gone_s: float | None = None
    terminal_velocity_mps: float | None = Field(default=None, gt=0.0)
    mass_kg: float | None = Field(default=None, gt=0.0)
    size_px: float | None = Field(default=None, ge=0.0)
    contrast: float | None = Field(default=None, ge=0.0)
    release_m: Vector | None = None
    launch_mps: Vector | None = None
    luma: float | None = Field(default=None, ge=0.0, le=1.0)
    diameter_m: float | None = Field(default=None, gt=0.0)
    frames: tuple[Row, ...]


class _File(_Section):
    scene: str | None = None
    real: bool | None = None
    conditions: tuple[str, ...] = ()
    nuisances: tuple[str, ...] = ()
    events: tuple[_Event, ...]
    mirror_images: tuple[_Track, ...] = ()
    nuisance_tracks: tuple[_Track, ...] = ()


_READER: TypeAdapter[_File] = TypeAdapter(_File)


def truth_beside(video: Path) -> Path | None:
    """Return the truth file of a video, ``NAME.truth.json`` beside it, or ``truth.json`` where it is alone there."""
    return _file_beside(video, "truth.json")


def box_beside(video: Path) -> Path | None:
    """Return the box file of a video, ``NAME.box.yaml`` beside it, or ``box.yaml`` where it is alone there."""
    return _file_beside(video, "box.yaml")


def _file_beside(video: Path, ending: str) -> Path | None:
    own = video.with_name(f"{video.stem}.{ending}")
    if own.is_file():
        return own
    shared = video.with_name(ending)
    other_videos = [p for p in video.parent.glob(f"*{video.suffix}") if p != video]
    return shared if shared.is_file() and not other_videos else None


def load_truth(path: Path) -> Truth:
    """Read a truth file.

    Events never drawn are kept out: nobody could see them.

    Raises:
        InputError: it cannot be read or is not a truth file; one line that names the file and the key.
    """
    try:
        content = _READER.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except ValidationError as error:
        first: Any = error.errors()[0]
        location = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path}: {location}: {first['msg']}; correct it, or write it anew with edgecv simulate"
        ) from error
    return Truth(
        conditions=content.conditions,
        nuisances=content.nuisances,
        events=tuple(_event(event) for event in content.events if event.frames),
        mirror_images=tuple(BoxPath.of(image.frames) for image in content.mirror_images if image.frames),
        nuisance_tracks=tuple(
            NuisanceTrack(track.label, BoxPath.of(track.frames)) for track in content.nuisance_tracks if track.frames
        ),
        real=_is_real(content) if content.real is None else content.real,
    )


def _is_real(content: _File) -> bool:
    """A renderer writes its scene's name, or contrast and mass of what it draws; who marks boxes knows neither."""
    facts = [fact for event in content.events for fact in (event.contrast, event.mass_kg, event.terminal_velocity_mps)]
    return content.scene is None and all(fact is None for fact in facts)


def _event(event: _Event) -> TruthEvent:
    path = BoxPath.of(event.frames)
    # hand-made truth has boxes only: the diameter of a disc-like object of the box's area, blur included
    size_px = float(np.median(np.sqrt(path.xywh[:, 2] * path.xywh[:, 3])))
    return TruthEvent(
        name=event.object,
        path=path,
        gone_s=float(path.t_s[-1]) if event.gone_s is None else event.gone_s,
        size_px=size_px if event.size_px is None else event.size_px,
        contrast=event.contrast,
        floor=event.floor,
        window=event.window,
        terminal_velocity_mps=event.terminal_velocity_mps,
        mass_kg=event.mass_kg,
        release_m=event.release_m,
        launch_mps=event.launch_mps,
        luma=event.luma,
        diameter_m=event.diameter_m,
    )
