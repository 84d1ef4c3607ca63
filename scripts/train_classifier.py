#!/usr/bin/env python3
"""Train the nuisance model: render scenes, let physics judge every fall in them, learn what it leaves open.

Writes ``nuisance.onnx`` and its card ``nuisance.md``. Needs the extra ``train``: ``pip install -e .[train]``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# one thread: leaves the other core alone, and sums in one order, so that the same seed gives the same file
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_FEWEST = 10
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT)]


def main() -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered scenes, used again if there")
    parser.add_argument("--clips", type=Path, help="folder of real clips; without truth, nothing fell")
    parser.add_argument("--kept-apart", action="append", default=[], help="pattern of clips not to open (repeatable)")
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder of the model (default: models)")
    parser.add_argument("--seed", type=int, default=5000, help="seed of the first scene (default: 5000)")
    parser.add_argument("--scenes", type=int, default=24, help="scenes to train on (default: 24)")
    parser.add_argument("--test-seed", type=int, default=900, help="seed of the first test scene (default: 900)")
    parser.add_argument("--test-scenes", type=int, default=4, help="ordinary random scenes to test on (default: 4)")
    parser.add_argument("--crowded-seed", type=int, default=6000, help="seed of the first crowded test scene")
    parser.add_argument("--crowded-scenes", type=int, default=4, help="crowded scenes to test on (default: 4)")
    options = parser.parse_args()
    if options.scenes < _FEWEST:
        parser.error(f"--scenes {options.scenes}: too few to learn from; give at least {_FEWEST}")
    if options.clips is not None and not options.clips.is_dir():
        parser.error(f"--clips {options.clips}: is no folder; name one that holds real clips, or leave it out")
    try:
        from classifier_training.data import Plan  # noqa: PLC0415
        from classifier_training.run import run  # noqa: PLC0415
    except ImportError as error:
        print(f"scripts/train_classifier.py: {error}; run pip install -e .[train] first", file=sys.stderr)
        return 1
    from edgecv.errors import EdgecvError  # noqa: PLC0415

    started = time.monotonic()
    plan = Plan(
        work=options.work,
        clips=options.clips,
        kept_apart=tuple(options.kept_apart),
        out=options.out,
        train=range(options.seed, options.seed + options.scenes),
        test=range(options.test_seed, options.test_seed + options.test_scenes),
        crowded=range(options.crowded_seed, options.crowded_seed + options.crowded_scenes),
    )
    try:
        run(plan, started)
    except EdgecvError as error:
        print(f"scripts/train_classifier.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
