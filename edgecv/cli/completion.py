"""``edgecv completion``: the script that completes the commands in a shell, made by shtab from the parser."""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from edgecv.cli.arguments import build_parser


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    parser = build_parser()
    _complete_paths(parser)
    print(shtab.complete(parser, options.shell))
    return 0


def _complete_paths(parser: argparse.ArgumentParser) -> None:
    """Mark the arguments of the parser and its subparsers that are paths; shtab reads the mark ``complete``."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                _complete_paths(subparser)
        elif action.type is Path:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
