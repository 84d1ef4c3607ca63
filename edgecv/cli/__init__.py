"""The command line: verbs only. Each verb parses, calls and prints; what it does lives in the rooms."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import cv2

from edgecv._version import __version__
from edgecv.cli import (
    calibrate,
    check,
    console,
    demo,
    doctor,
    evaluate,
    handlers,
    incidents,
    replay,
    run,
    simulate,
    simulate_device,
)
from edgecv.errors import EdgecvError

_VERBS = (
    run,
    console,
    doctor,
    incidents,
    handlers,
    replay,
    check,
    calibrate,
    demo,
    simulate,
    simulate_device,
    evaluate,
)


def open_closed_streams() -> None:
    """Let the standard streams that were closed (``>&-``) lead nowhere: the next file would get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor for good
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


class _Parser(argparse.ArgumentParser):
    """argparse, but one clear line on an error instead of the whole usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _joined(arguments: list[str]) -> list[str]:
    """A verb of two words as one."""
    first = " ".join(arguments[:2])
    return [first, *arguments[2:]] if first == simulate_device.VERB else arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 2 usage or configuration, 3 unreadable input, 1 anything else."""
    open_closed_streams()
    try:
        return _finished(_run(arguments))
    except BrokenPipeError:
        return _finished(1)
    except SystemExit:  # of --help and of usage errors, which print too
        _finished(0)
        raise


def _run(arguments: Sequence[str] | None) -> int:
    parser = _Parser(
        prog="edgecv", description="Sees objects thrown from tall buildings: which floor and window, and how heavy."
    )
    parser.add_argument("--version", action="version", version=f"edgecv {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for verb in _VERBS:
        verb.add_parser(verbs)
    options = parser.parse_args(_joined(sys.argv[1:] if arguments is None else list(arguments)))
    # one thread a camera: OpenCV's own threads cost more than they bring on pictures of this size
    cv2.setNumThreads(1)
    try:
        return int(options.run(options))
    except EdgecvError as error:
        for line in str(error).splitlines():
            print(f"edgecv: {line}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("edgecv: interrupted; nothing was written", file=sys.stderr)
        return 130


def _finished(code: int) -> int:
    """Write out what is left for standard output; where nobody takes it, that is not the interpreter's to tell."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except OSError as error:
        print(f"edgecv: standard output: cannot be written ({error.strerror}); nothing else is wrong", file=sys.stderr)
        code = code or 1
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what stays in the buffer goes nowhere
    return code
