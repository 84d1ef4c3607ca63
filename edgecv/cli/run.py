"""``edgecv run``: the daemon."""

from __future__ import annotations

import argparse
from typing import Any


def _run_console(*arguments: Any) -> None:
    """Entry of the console's process, which alone loads what it needs."""
    from edgecv.console.console_process import console_main  # noqa: PLC0415

    console_main(*arguments)


def run(options: argparse.Namespace) -> int:
    """Run the supervisor."""
    from edgecv.daemon.supervisor import Supervisor  # noqa: PLC0415 - a web server and more, which no other verb needs

    supervisor = Supervisor(
        options.config,
        options.log,
        options.log_level,
        until_finished=options.until_finished,
        rehearsal=options.rehearsal,
        console=_run_console,
    )
    return supervisor.run()
