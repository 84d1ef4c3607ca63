"""A run over one entrance: inputs until a number or a time is reached, its failures told apart and kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fuzzer.entrance import Case, Entrance
from fuzzer.minimisation import minimised
from fuzzer.settings import FAILURES, MINIMISE_S, TRIES, TRIES_FATAL
from fuzzer.worker import Failure, Worker, indices


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        entrance: its name.
        tried: inputs.
        failures: each distinct one with the file that holds its input.
        again: how often those came, by what they are.
    """

    entrance: str
    tried: int = 0
    failures: list[tuple[Failure, Path]] = field(default_factory=list)
    again: dict[str, int] = field(default_factory=dict)


def fuzz(
    kind: type[Entrance],
    seed: int,
    keep: Path,
    *,
    inputs: int | None = None,
    seconds: float | None = None,
    tell: Callable[[str], None] = print,
) -> Outcome:
    """Try inputs at an entrance.

    Args:
        kind: the entrance.
        seed: of the inputs; the same seed gives the same inputs in the same order.
        keep: where failing inputs are kept.
        inputs: how many; no limit where it is None.
        seconds: for how long; no limit where it is None.
        tell: called with a line for each failure.
    """
    outcome = Outcome(kind.name)
    ends_s = None if seconds is None else time.monotonic() + seconds
    with Worker(kind, seed) as worker:
        for index in indices():
            if (inputs is not None and index >= inputs) or len(outcome.failures) >= FAILURES:
                break
            if ends_s is not None and time.monotonic() > ends_s:
                break
            case = worker.make(index)
            failure = worker.attempt(case)
            outcome.tried += 1
            if failure is None:
                continue
            outcome.again[failure.what] = outcome.again.get(failure.what, 0) + 1
            if outcome.again[failure.what] == 1:
                file = _kept(worker, case, failure, keep, kind.name)
                outcome.failures.append((failure, file))
                tell(f"{kind.name}: input {index}: {failure.what}; kept in {file}")
    return outcome


def _kept(worker: Worker, case: Case, failure: Failure, keep: Path, name: str) -> Path:
    ends_s = time.monotonic() + MINIMISE_S

    def fails(smaller: Case) -> bool:
        if time.monotonic() > ends_s:
            return False
        found = worker.attempt(smaller, fresh=True)
        return found is not None and found.what == failure.what

    small = minimised(case, fails, TRIES_FATAL if failure.fatal else TRIES)
    keep.mkdir(parents=True, exist_ok=True)
    file = keep / f"{name}-{hashlib.sha256(failure.what.encode()).hexdigest()[:12]}.json"
    content = {"entrance": name, "failure": failure.what, "detail": failure.detail, "input": small}
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file
