"""Random scenes: a seed and what is wanted go in, a scene that can be written down and made again comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from edgecv.config.problems import did_you_mean
from edgecv.errors import ConfigError
from edgecv.simulation.catalogue import SINKING, USUAL
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.scene import Scene, low_kbps, named_rng
from edgecv.simulation.scene_builder import build_scene
from edgecv.simulation.settings import SceneFile

CONDITIONS = (
    "day",
    "night",
    "rain",
    "snow",
    "shake",
    "flicker",
    "clouds",
    "low_bitrate",
    "vfr",
    "repeated",
    "half_rate",
)
_LATER = ("bird_flights", "near_insects", "traffic", "pedestrians", "lifts", "gondolas")
"""Nuisances that came later: drawn last, so that a seed still chooses the others as before."""
_SINKING_SHARE = 0.5
"""Random scenes in which sheets are among what falls."""
_TIMINGS = {"vfr": "variable", "repeated": "repeated", "half_rate": "half_rate"}


def random_scene(
    seed: int,
    *,
    conditions: Sequence[str] | None = (),
    nuisances: Sequence[str] | Mapping[str, float] | None = (),
    objects: int | Mapping[str, Any] | None = None,
    size: tuple[int, int] = (1280, 720),
    fps: float = 25.0,
    duration_s: float = 20.0,
    codec: Mapping[str, Any] | None = None,
    processing: Mapping[str, float] | None = None,
    panes: str | None = None,
    name: str | None = None,
) -> Scene:
    """Return a random scene.

    Args:
        seed: decides everything not given here.
        conditions: of ``CONDITIONS``; "day" where it does not say "night"; None for some by chance.
        nuisances: names of ``NUISANCES``, perhaps with their strengths; None for some by chance.
        objects: how many fall, or keys of ``objects.random`` in a scene file (count, every_s, names, size_px,
            contrast, hardest_mps); None for one every five seconds.
        size: ``(width, height)``.
        fps: frames a second.
        duration_s: length.
        codec: keys of ``codec`` in a scene file; ``{"preset": "ultrafast"}`` saves a third of the time.
        processing: keys of ``processing`` in a scene file; None for some by chance where conditions are.
        panes: "dark" or "mixed"; None for either where conditions are by chance.
        name: of the scene; "random-SEED" when left out.

    Raises:
        ConfigError: a condition or nuisance that does not exist, or a value out of range.
    """
    rng = named_rng(seed, "random scene")
    selected = _some_conditions(rng) if conditions is None else list(conditions)
    strengths = _some_nuisances(rng) if nuisances is None else _strengths(nuisances)
    _check(selected, CONDITIONS, "condition")
    _check(strengths, NUISANCES, "nuisance")
    description: dict[str, Any] = {
        "seed": seed,
        "size": list(size),
        "fps": fps,
        "duration_s": duration_s,
        "condition": "night" if "night" in selected else "day",
    }
    for condition_name in ("rain", "snow", "shake", "flicker", "clouds"):
        if condition_name in selected:
            strengths.setdefault(condition_name, 1.0)
    if "night" in selected:
        strengths.setdefault("ir_noise", 0.5)
    selected_objects = _objects(seed, objects, nuisances is None)
    if selected_objects is not None:
        description["objects"] = {"random": selected_objects}
    if strengths:
        description["nuisances"] = strengths
    if "low_bitrate" in selected:
        description["codec"] = {"name": "h265", "kbps": low_kbps(size), "preset": "ultrafast"}
    if codec is not None:
        description["codec"] = description.get("codec", {}) | dict(codec)
    if conditions is None:
        processing, panes = _some_processing(named_rng(seed, "processing"), processing, panes)
    if processing:
        description["processing"] = dict(processing)
    if panes is not None:
        description["facade"] = {"panes": panes}
    for condition, mode in _TIMINGS.items():
        if condition in selected:
            description["timing"] = {"mode": mode}
    settings = checked(description, f"random scene of seed {seed}")
    return build_scene(settings, name or f"random-{seed}", Path(), description)


def checked(description: Mapping[str, Any], title: str) -> SceneFile:
    """Check a description as a file would be.

    Raises:
        ConfigError: names the first problem.
    """
    try:
        return SceneFile.model_validate(dict(description))
    except ValidationError as error:
        first_error = error.errors(include_url=False, include_context=False)[0]
        at = ".".join(str(piece) for piece in first_error["loc"])
        raise ConfigError(f"{title}: {at}: {first_error['msg']}") from error


def scene_yaml(scene: Scene) -> str:
    """Text of the scene file that makes the scene again.

    Raises:
        ValueError: the scene was not made from a description.
    """
    if scene.description is None:
        raise ValueError(f"scene {scene.name} was made in code and has no description")
    return yaml.safe_dump(dict(scene.description), sort_keys=False)


def _objects(seed: int, objects: int | Mapping[str, Any] | None, by_chance: bool) -> dict[str, Any] | None:
    if objects is not None:
        return {"count": objects} if isinstance(objects, int) else _plain(objects)
    if by_chance and named_rng(seed, "kinds").random() < _SINKING_SHARE:
        return {"names": [*USUAL, *SINKING]}
    return None


def _plain(objects: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in objects.items()}


def _strengths(nuisances: Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    if isinstance(nuisances, Mapping):
        return {name: float(value) for name, value in nuisances.items()}
    return dict.fromkeys(nuisances, 1.0)


def _check(
    names: Sequence[str] | Mapping[str, float], registered: Sequence[str] | Mapping[str, object], kind: str
) -> None:
    for name in names:
        if name not in registered:
            raise ConfigError(
                f"there is no {kind} '{name}'{did_you_mean(name, registered)}; known are {', '.join(registered)}"
            )


def _some_conditions(rng: np.random.Generator) -> list[str]:
    conditions = ["night" if rng.random() < 0.3 else "day"]
    weather = rng.random()
    conditions += ["rain"] if weather < 0.15 else ["snow"] if weather < 0.25 else ["clouds"] if weather < 0.4 else []
    conditions += [
        name for name, share in (("shake", 0.2), ("flicker", 0.1), ("low_bitrate", 0.1)) if rng.random() < share
    ]
    timing = rng.random()
    return conditions + (
        ["vfr"] if timing < 0.1 else ["repeated"] if timing < 0.15 else ["half_rate"] if timing < 0.2 else []
    )


def _some_processing(
    rng: np.random.Generator, processing: Mapping[str, float] | None, panes: str | None
) -> tuple[Mapping[str, float] | None, str | None]:
    """Most cameras have a tone curve and many a temporal filter; half of all windows are not dark."""
    gamma = 2.2 if rng.random() < 0.7 else 1.0
    reduction = round(float(rng.uniform(0.3, 0.9)), 2) if rng.random() < 0.4 else 0.0
    mixed = rng.random() < 0.5
    return processing or {"gamma": gamma, "noise_reduction": reduction}, panes or ("mixed" if mixed else "dark")


def _some_nuisances(rng: np.random.Generator) -> dict[str, float]:
    usual = [
        name
        for name in NUISANCES
        if name not in ("rain", "snow", "shake", "flicker", "clouds", "ir_noise") and name not in _LATER
    ]
    strengths = {name: round(float(rng.uniform(0.3, 1.5)), 2) for name in usual if rng.random() < 0.4}
    return strengths | {name: round(float(rng.uniform(0.3, 1.5)), 2) for name in _LATER if rng.random() < 0.3}
