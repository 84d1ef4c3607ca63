"""The parser of the whole command line, and the overview that ``edgecv`` alone prints."""

from __future__ import annotations

from edgecv._version import __version__
from edgecv.cli.arguments import (
    calibrate,
    check,
    completion,
    console,
    demo,
    doctor,
    evaluate,
    handlers,
    incidents,
    replay,
    run,
    simulate,
)
from edgecv.cli.arguments.argument_parser import Parser

DESCRIPTION = "Sees objects thrown from tall buildings: which floor and window, and how heavy."
_GROUPS = (
    ("Set up a box", (check, calibrate, doctor, handlers)),
    ("Watch, and work with the incidents", (run, console, incidents)),
    ("Recorded video", (replay, evaluate)),
    ("Try it out", (demo, simulate)),
    ("Your shell", (completion,)),
)


def build_parser() -> Parser:
    """All verbs, with all of their arguments."""
    parser = Parser(prog="edgecv", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"edgecv {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for _, modules in _GROUPS:
        for module in modules:
            module.add_parser(verbs)
    return parser


def overview() -> str:
    """The verbs in the groups in which people need them, a line each."""
    width = max(len(module.VERB) for _, modules in _GROUPS for module in modules)
    lines = ["usage: edgecv COMMAND ...", "", DESCRIPTION]
    for title, modules in _GROUPS:
        lines += ["", f"{title}:", *(f"  {module.VERB:{width}}  {module.HELP}" for module in modules)]
    return "\n".join([*lines, "", "'edgecv COMMAND --help' explains a command; start with 'edgecv demo'."])
