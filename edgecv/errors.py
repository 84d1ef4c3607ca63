"""Errors a user can act on: one line that says what, where and what to do, and the contract's exit code."""

from __future__ import annotations


class EdgecvError(Exception):
    """Base of every error that ends a command with one clear line instead of a traceback."""

    exit_code = 1


class ConfigError(EdgecvError):
    """The command line, a box file or a calibration file is wrong (exit code 2)."""

    exit_code = 2


class InputError(EdgecvError):
    """A video could not be read (exit code 3)."""

    exit_code = 3
