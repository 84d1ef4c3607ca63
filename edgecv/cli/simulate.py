"""``edgecv simulate``: scene files in, videos with the truth of every frame out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgecv.errors import ConfigError
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.random_scene import CONDITIONS, random_scene, scene_yaml
from edgecv.simulation.scene import Scene
from edgecv.simulation.scene_builder import load_scene
from edgecv.simulation.video import SimulatedFiles, write_scene


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "simulate",
        help="render scenes with known truth",
        description="Render scene files, or random scenes, to video with the truth of every frame.",
    )
    parser.add_argument("scenes", metavar="SCENE.yaml", type=Path, nargs="*", help="scene files, see configs/scenes")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for videos and truth")
    parser.add_argument("--random", metavar="N", type=_count, default=0, help="make N random scenes")
    parser.add_argument("--seed", metavar="S", type=_count, default=0, help="seed of the first of them (default: 0)")
    parser.add_argument(
        "--with",
        metavar="NAMES",
        dest="wanted",
        type=_names,
        help=f"conditions and nuisances of the random scenes, by comma: {', '.join((*CONDITIONS, *NUISANCES))}",
    )
    parser.add_argument("--seconds", metavar="T", type=_seconds, default=20.0, help="length of random scenes (20)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check all scenes first, then render one after the other."""
    if not options.scenes and not options.random:
        raise ConfigError("simulate: nothing to render; name a scene file, or give --random N")
    scenes = [*(load_scene(path) for path in options.scenes), *_random(options)]
    names = [scene.name for scene in scenes]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"simulate: two scenes are called '{name}' and would overwrite each other; rename a file")
    options.out.mkdir(parents=True, exist_ok=True)
    for scene in scenes:
        started = time.perf_counter()
        files = write_scene(scene, options.out)
        if scene.description is not None:
            (options.out / f"{scene.name}.yaml").write_text(scene_yaml(scene))
        print(_line(scene, files, time.perf_counter() - started))
    return 0


def _random(options: argparse.Namespace) -> Iterator[Scene]:
    for seed in range(options.seed, options.seed + options.random):
        if options.wanted is None:
            yield random_scene(seed, conditions=None, nuisances=None, duration_s=options.seconds)
            continue
        conditions = [name for name in options.wanted if name in CONDITIONS]
        others = [name for name in options.wanted if name not in CONDITIONS]
        yield random_scene(seed, conditions=conditions, nuisances=others, duration_s=options.seconds)


def _line(scene: Scene, files: SimulatedFiles, took_s: float) -> str:
    falls = len(scene.objects)
    return (
        f"{files.video}: {files.frames} frames, {scene.duration_s:g} s, {falls} fall{'' if falls == 1 else 's'}, "
        f"{', '.join(scene.conditions)}; rendered at {1000.0 * took_s / max(1, files.frames):.0f} ms a frame"
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 86_400.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0")
    return value
