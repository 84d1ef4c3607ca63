"""Run the daemon on RTSP cameras for a while: measure what it loses, needs and delays, or kill it again and again."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from edgecv.simulation.demo import write_demo
from soak_test.clip import busy_clip
from soak_test.kills import kill_again_and_again
from soak_test.measurements import measure
from soak_test.report import limits_missed, lines_of
from soak_test.stage import ROOT, Stage

CACHE = ROOT / ".cache" / "soak"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, exit with 1 where a limit is not met or something was lost."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument(
        "clip", type=Path, nargs="?", help="an H.264 or H.265 clip with falls, MP4; else one that is rendered"
    )
    parser.add_argument("--cameras", type=int, help="how many; 8, or 2 with --kills")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long, with no kills")
    parser.add_argument("--kills", type=int, help="kill the daemon's processes so many times instead")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument(
        "--in-step", action="store_true", help="all cameras see the same moment: the worst that can happen to a box"
    )
    parser.add_argument("--box", type=Path, help="a box file whose only camera gives facade and calibration")
    options = parser.parse_args(arguments)
    cameras = options.cameras or (8 if options.kills is None else 2)
    with tempfile.TemporaryDirectory(prefix="edgecv-soak-") as name:
        folder = Path(name)
        clip, box = options.clip, options.box
        if clip is None and options.kills is not None:
            demo = write_demo(folder / "demo")
            clip, box = demo.video, demo.box
        elif clip is None:
            clip, box = busy_clip(CACHE)
        seconds = options.minutes * 60.0 if options.kills is None else options.kills * 20.0
        with Stage(folder, clip, box, cameras, seconds, in_step=options.in_step) as stage:
            if options.kills is not None:
                return _kills(stage, options.kills, options.seed)
            readings = measure(stage, seconds)
    for line in lines_of(readings):
        print(line)
    missed = limits_missed(readings)
    print("limits met" if not missed else f"limits NOT met: {'; '.join(missed)}")
    return 1 if missed else 0


def _kills(stage: Stage, kills: int, seed: int) -> int:
    outcome = kill_again_and_again(stage, kills, seed)
    print(outcome.summary)
    for problem in outcome.problems:
        print(f"NOT as it should be: {problem}")
    if not outcome.problems:
        print("nothing lost, nothing doubled")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
