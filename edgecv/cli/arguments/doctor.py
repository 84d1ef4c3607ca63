"""Arguments of ``edgecv doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecv.cli.arguments.values import seconds

VERB, HELP = "doctor", "say what is wrong with this box: clock, disk, cameras, receivers"

_LOOK_S = (0.5, 600.0)
"""Shorter than half a second is too few frames to judge a picture; ten minutes is longer than anybody waits."""


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        VERB, help=HELP, description="Say what is wrong with this box: clock, disk, cameras, receivers."
    )
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, one a line")
    parser.add_argument(
        "--seconds", type=seconds(*_LOOK_S), default=5.0, metavar="S", help="time to look at each camera (default: 5)"
    )
    parser.set_defaults(run="edgecv.cli.doctor:run")
