"""Arguments of ``edgecv run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecv.cli.arguments.shared import add_log_options

VERB, HELP = "run", "watch all cameras of a box"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Watch all cameras of a box until stopped. SIGHUP reads the box file anew, SIGTERM stops.",
    )
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
    add_log_options(parser)
    parser.add_argument(
        "--until-finished", action="store_true", help="end when every camera is a recorded file that is over"
    )
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help="devices' traffic is a replay of 'edgecv simulate device', which carries its own time",
    )
    parser.set_defaults(run="edgecv.cli.run:run")
