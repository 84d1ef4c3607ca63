"""Errors a user can act on: one line that says what, where and what to do, and the contract's exit code."""

from __future__ import annotations


class EdgecvError(Exception):
    """Base of every error that ends a command with one clear line instead of a traceback."""

    exit_code = 1

    @property
    def text(self) -> str:
        """What it says; a message of :mod:`edgecv.messages` keeps its code, which ``str(error)`` does not."""
        return self.args[0] if len(self.args) == 1 and isinstance(self.args[0], str) else str(self)


class ConfigError(EdgecvError):
    """The command line, a box file or a calibration file is wrong (exit code 2)."""

    exit_code = 2


class InputError(EdgecvError):
    """A video could not be read (exit code 3)."""

    exit_code = 3
