"""Try damaged and nasty inputs at every entrance; exit with 1 where one of them has an effect that none may have."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fuzzer.campaign import Outcome, fuzz
from fuzzer.entrances import ENTRANCES
from fuzzer.guided import run_targets
from fuzzer.worker import Worker

KEEP = Path("fuzz-failures")


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, print, and say by the exit code whether anything failed."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all entrances together")
    parser.add_argument(
        "--inputs", type=int, help="so many at each entrance instead of a time: the same on every machine"
    )
    parser.add_argument("--smoke", action="store_true", help="as many inputs at each entrance as the tests try")
    parser.add_argument("--entrance", choices=sorted(ENTRANCES), help="this one only")
    parser.add_argument("--seed", type=int, default=1, help="of the inputs")
    parser.add_argument("--keep", type=Path, default=KEEP, help="folder for the inputs that failed")
    parser.add_argument("--again", type=Path, help="try the input of such a file once more")
    parser.add_argument("--guided", action="store_true", help="coverage-guided (Atheris), the parsers only")
    options = parser.parse_args(arguments)
    if options.guided:
        return 1 if run_targets(options.seconds, options.keep, options.seed) else 0
    if options.again is not None:
        return _again(options.again)
    chosen = [ENTRANCES[options.entrance]] if options.entrance else list(ENTRANCES.values())
    total = sum(kind.weight for kind in chosen)
    failed = False
    for kind in chosen:
        inputs = kind.smoke if options.smoke else options.inputs
        seconds = None if inputs is not None else options.seconds * kind.weight / total
        outcome = fuzz(kind, options.seed, options.keep, inputs=inputs, seconds=seconds)
        print(line_of(outcome), flush=True)
        failed = failed or bool(outcome.failures)
    return 1 if failed else 0


def line_of(outcome: Outcome) -> str:
    """An entrance's result in one line."""
    times = sum(outcome.again.values())
    return f"{outcome.entrance}: {outcome.tried} inputs, {len(outcome.failures)} distinct failures ({times} in all)"


def _again(file: Path) -> int:
    content = json.loads(file.read_text())
    with Worker(ENTRANCES[content["entrance"]], 0) as worker:
        failure = worker.attempt(content["input"], fresh=True)
    if failure is None:
        print(f"{content['entrance']}: the input does no harm")
        return 0
    print(f"{content['entrance']}: {failure.what}\n{failure.detail}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
