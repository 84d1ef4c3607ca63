"""Arguments of ``edgecv check``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

VERB, HELP = "check", "validate a box file and its calibrations"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(VERB, help=HELP, description="Validate a box file and its calibrations.")
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
    parser.set_defaults(run="edgecv.cli.check:run")
