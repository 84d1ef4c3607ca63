"""Arguments of ``edgecv handlers``."""

from __future__ import annotations

from typing import Any

VERB, HELP = "handlers", "the kinds of devices there are handlers for"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="List the handlers of all installed packages, or show the keys and the events of one.",
    )
    parser.add_argument("kind", metavar="KIND", nargs="?", help="show this one's keys in the box file")
    parser.add_argument("--schema", action="store_true", help="the JSON schema of each event's details")
    parser.set_defaults(run="edgecv.cli.handlers:run")
