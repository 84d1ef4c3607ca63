"""``edgecv doctor``: what is wrong with this box, in plain words?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from edgecv.cli.privileges import become_owner_of_box
from edgecv.doctor import Finding, examine

_MARKS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("doctor", help="tell what is wrong with this box: clock, disk, cameras, receivers")
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, one a line")
    parser.add_argument(
        "--seconds", type=_seconds, default=5.0, metavar="S", help="how long to look at each camera (default: 5)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when one of them is a problem."""
    become_owner_of_box(options.config)  # what the service cannot read is not sent to where the box file says
    findings = examine(options.config, options.seconds)
    for finding in findings:
        print(json.dumps(finding.as_json(), ensure_ascii=False) if options.json else in_words(finding))
    problems = sum(finding.level == "problem" for finding in findings)
    if not options.json:
        warnings = sum(finding.level == "warning" for finding in findings)
        print(f"\n{_count(problems, 'problem')}, {_count(warnings, 'warning')}")
    return 1 if problems else 0


def in_words(finding: Finding) -> str:
    """One finding, its advice on a line of its own."""
    line = f"{_MARKS[finding.level]}{finding.where}: {finding.what}"
    return f"{line}\n         -> {finding.advice}" if finding.advice else line


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.5 <= seconds <= 600.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds from 0.5 to 600")
    return seconds
