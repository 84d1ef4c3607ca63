"""Arguments of ``edgecv evaluate``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgecv.cli.arguments.values import positive_count

FRAME_RATES = ("all", "half", "repeat-third")
"""As in :mod:`edgecv.evaluation.frame_rates`, which a help text must not import; a test compares them."""

VERB, HELP = "evaluate", "measure recall, false incidents, delay and cost on clips with known truth"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Replay clips and scenes and compare with what really happened: NAME.truth.json beside NAME.mp4. "
        "A scene (YAML, see edgecv simulate) is rendered first. "
        "A clip without truth has no fall in it. A box file NAME.box.yaml beside it gives floors and windows.",
    )
    parser.add_argument("inputs", metavar="SCENE|CLIP|DIR", type=Path, nargs="+", help="videos, folders, scene files")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything, for machines")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write a line a clip")
    parser.add_argument(
        "--require", metavar="LIMITS", default=None, help='exit with 1 unless met: "recall>=0.98,false_incidents<=0"'
    )
    parser.add_argument(
        "--frames",
        choices=FRAME_RATES,
        default="all",
        help="which frames arrive: all, every other one alone, or every third repeating the one before (default: all)",
    )
    parser.add_argument("--uncalibrated", action="store_true", help="leave calibrations beside the clips unused")
    parser.add_argument(
        "--jobs", metavar="N", type=positive_count, default=os.cpu_count() or 1, help="clips at a time (default: cores)"
    )
    parser.set_defaults(run="edgecv.cli.evaluate:run")
