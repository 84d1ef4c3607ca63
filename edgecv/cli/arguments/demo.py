"""Arguments of ``edgecv demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

VERB, HELP = "demo", "render a short scene, replay it and show the incidents"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(VERB, help=HELP, description="Render a short scene, replay it and show the incidents.")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("demo-out"), help="folder (default: demo-out)")
    parser.set_defaults(run="edgecv.cli.demo:run")
