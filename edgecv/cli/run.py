"""``edgecv run``: the daemon."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "run",
        help="watch all cameras of a box",
        description="Watch all cameras of a box until stopped. SIGHUP reads the box file anew, SIGTERM stops.",
    )
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
    parser.add_argument("--log", choices=("auto", "text", "json", "journal"), default="auto", help="form of the log")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    parser.add_argument(
        "--until-finished", action="store_true", help="end when every camera is a recorded file that is over"
    )
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help="devices' traffic is a replay of 'edgecv simulate device', which tells its own time",
    )
    parser.set_defaults(run=run)


def _console(*given: Any) -> None:
    """Entry of the console's process, which alone loads what it needs."""
    from edgecv.console.console_process import console_main  # noqa: PLC0415

    console_main(*given)


def run(options: argparse.Namespace) -> int:
    """Run the supervisor."""
    from edgecv.daemon.supervisor import Supervisor  # noqa: PLC0415 - a web server and more, which no other verb needs

    supervisor = Supervisor(
        options.config,
        options.log,
        options.log_level,
        until_finished=options.until_finished,
        rehearsal=options.rehearsal,
        console=_console,
    )
    return supervisor.run()
