"""The program ``edgecv``: parse the command line, import the verb's module, call it, return its exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import cast

from edgecv.cli.arguments import build_parser, overview
from edgecv.errors import EdgecvError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 2 usage or configuration, 3 unreadable input, 1 anything else."""
    open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files are bytes, and no reason to stop
    try:
        return _flushed(_run(sys.argv[1:] if arguments is None else arguments))
    except BrokenPipeError:
        return _flushed(1)
    except Exception as error:
        print(_without_secrets("".join(traceback.format_exception(error))), end="", file=sys.stderr)
        return _flushed(1)
    except SystemExit:  # of --help and of usage errors, which print too
        _flushed(0)
        raise


def open_closed_streams() -> None:
    """Connect closed standard streams (``>&-``) to the null device; the next opened file would get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the process ends
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def import_reference(reference: str) -> Callable[..., int]:
    """Import ``module:function``, as entry points are written."""
    module, _, name = reference.partition(":")
    return cast(Callable[..., int], getattr(importlib.import_module(module), name))


def _run(arguments: Sequence[str]) -> int:
    if not arguments:
        print(overview())
        return 0
    options = build_parser().parse_args(arguments)
    try:
        return int(import_reference(options.run)(options))
    except EdgecvError as error:
        for line in _without_secrets(str(error)).splitlines():
            print(f"edgecv: {_visible(line)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("edgecv: interrupted; nothing was written", file=sys.stderr)
        return 130


def _visible(line: str) -> str:
    from edgecv.config.problems import one_line  # noqa: PLC0415 - likewise

    return one_line(line)


def _without_secrets(text: str) -> str:
    from edgecv.config.known_secrets import hide_secrets  # noqa: PLC0415 - heavy, and needed where something failed

    return hide_secrets(text)


def _flushed(code: int) -> int:
    """Write out the buffer of standard output; a failure is one line here, not a traceback of the interpreter."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except OSError as error:
        print(f"edgecv: standard output: cannot be written ({error.strerror}); nothing else is wrong", file=sys.stderr)
        code = code or 1
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # discards what is still in the buffer
    return code
