"""``edgecv doctor``: what is wrong with this box, in plain words?"""

from __future__ import annotations

import argparse
import json

from edgecv.cli.privileges import become_owner_of_box
from edgecv.doctor import CheckResult, run_checks

_MARKS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when one of them is a problem."""
    become_owner_of_box(options.config)  # what the service cannot read is not sent to where the box file says
    findings = run_checks(options.config, options.seconds)
    for finding in findings:
        print(json.dumps(finding.as_json(), ensure_ascii=False) if options.json else in_words(finding))
    problems = sum(finding.level == "problem" for finding in findings)
    if not options.json:
        warnings = sum(finding.level == "warning" for finding in findings)
        print(f"\n{_count(problems, 'problem')}, {_count(warnings, 'warning')}")
    return 1 if problems else 0


def in_words(finding: CheckResult) -> str:
    """One finding, its advice on a line of its own."""
    line = f"{_MARKS[finding.level]}{finding.where}: {finding.text}"
    return f"{line}\n         -> {finding.advice}" if finding.advice else line


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' * (number != 1)}"
