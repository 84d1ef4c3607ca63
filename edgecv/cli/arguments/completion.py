"""Arguments of ``edgecv completion``."""

from __future__ import annotations

from typing import Any

VERB, HELP = "completion", "print the script that completes edgecv's commands in a shell"
SHELLS = ("bash", "zsh", "fish")


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Print the script that completes edgecv's commands and options in a shell. "
        'For the shell at hand: eval "$(edgecv completion bash)"; scripts/install puts it where every shell finds it.',
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")
    parser.set_defaults(run="edgecv.cli.completion:run")
