"""Measure; print the figures of each condition."""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from accuracy_study.conditions import as_seen, bags, clicked, paths, steep, third_hidden, windy
from accuracy_study.figures import Measured, lines
from accuracy_study.towers import tower
from accuracy_study.towers_replayed import replayed
from edgecv.simulation import Scene, random_scene


def main() -> None:
    """Render or read what was kept, fit, print."""
    parser = argparse.ArgumentParser(prog="scripts/accuracy", description=__doc__)
    parser.add_argument("--scenes", type=int, default=24, help="rendered towers (24)")
    parser.add_argument("--seed", type=int, default=100, help="of the first (100)")
    parser.add_argument("--falls", type=int, default=8, help="in each (8)")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of each (12)")
    parser.add_argument("--mixed", action="store_true", help="other scenes: 720p, 10-26 m away, nuisances by chance")
    parser.add_argument("--keep", type=Path, default=Path("accuracy-kept"), help="folder for videos and tracks")
    parser.add_argument("--only", default="", help="conditions, by comma: seen, hidden, clicked, paths, ...")
    parser.add_argument("--baselines", action="store_true", help="fit a parabola to rendered falls too")
    parser.add_argument("--save", type=Path, help="file for the fits themselves, a pickle")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    seeds = range(options.seed, options.seed + options.scenes)
    conditions: dict[str, tuple[str, Callable[[], Iterable[Measured | None]]]] = {
        "paths": ("paths without pictures", lambda: paths(range(seeds.start, seeds.start + 10))),
        "paths-hidden": ("paths, first third hidden", lambda: paths(range(seeds.start, seeds.start + 10), True)),
        "wind": ("paths in a wind of 3 m/s, 10 m/s or faster", lambda: windy(range(seeds.start, seeds.start + 8))),
        "bags": ("paths of fluttering bags", lambda: bags(range(seeds.start, seeds.start + 8))),
        "steep": (
            "paths 1.5 m off the wall, 12 m away, 75 degrees",
            lambda: steep(range(seeds.start, seeds.start + 5)),
        ),
    }
    wanted = [name for name in options.only.split(",") if name]
    if not wanted or {"rendered", "seen", "hidden", "clicked", "clicked-focal"} & set(wanted):
        towers = [replayed(_scene(seed, options), options.keep) for seed in seeds]
        missed = [name for it in towers for name in it.missed]
        print(f"rendered: {sum(len(it.cases) for it in towers)} found, {len(missed)} not: {', '.join(sorted(missed))}")
        conditions |= {
            "seen": ("rendered towers", lambda: as_seen(towers, options.baselines)),
            "hidden": ("rendered, first third hidden", lambda: third_hidden(towers)),
            "clicked": ("rendered, eight points a pixel off, focal length unknown", lambda: clicked(towers, False)),
            "clicked-focal": ("rendered, eight points a pixel off, focal length known", lambda: clicked(towers, True)),
        }
    kept: dict[str, list[Measured | None]] = {}
    for name, (title, measure) in conditions.items():
        if wanted and name not in wanted:
            continue
        started = time.process_time()
        kept[name] = list(measure())
        for line in lines(title, kept[name]):
            print(line)
        print(f"  {1e3 * (time.process_time() - started) / max(1, len(kept[name])):.0f} ms of CPU a fall", flush=True)
    if options.save is not None:
        options.save.write_bytes(pickle.dumps(kept))


def _scene(seed: int, options: argparse.Namespace) -> Scene:
    if options.mixed:
        return random_scene(seed, conditions=["day"], nuisances=None, objects=options.falls, duration_s=options.seconds)
    return tower(seed, options.falls, options.seconds)


if __name__ == "__main__":
    main()
