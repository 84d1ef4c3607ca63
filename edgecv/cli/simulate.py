"""``edgecv simulate``: scene files in, videos with the truth of every frame out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from edgecv.errors import ConfigError
from edgecv.simulation.random_scene import CONDITIONS, random_scene, scene_yaml
from edgecv.simulation.scene import Scene
from edgecv.simulation.scene_builder import load_scene
from edgecv.simulation.video import SimulatedFiles, write_scene


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
        took_s = time.perf_counter() - started
        for view in (files, *files.partners):
            print(_line(scene, view, took_s / (1 + len(files.partners))))
    return 0


def _random(options: argparse.Namespace) -> Iterator[Scene]:
    for seed in range(options.seed, options.seed + options.random):
        if options.conditions is None:
            yield random_scene(seed, conditions=None, nuisances=None, duration_s=options.seconds)
            continue
        conditions = [name for name in options.conditions if name in CONDITIONS]
        nuisances = [name for name in options.conditions if name not in CONDITIONS]
        yield random_scene(seed, conditions=conditions, nuisances=nuisances, duration_s=options.seconds)


def _line(scene: Scene, files: SimulatedFiles, took_s: float) -> str:
    falls = len(scene.objects)
    return (
        f"{files.video}: {files.frames} frames, {scene.duration_s:g} s, {falls} fall{'' if falls == 1 else 's'}, "
        f"{', '.join(scene.conditions)}; rendered at {1000.0 * took_s / max(1, files.frames):.0f} ms a frame"
    )
