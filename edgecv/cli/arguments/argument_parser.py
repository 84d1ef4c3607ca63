"""argparse as edgecv wants it: errors of one line, and a subcommand that may be left out."""

from __future__ import annotations

import argparse
from collections.abc import Container
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """argparse's parser; its subparsers are of this class too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._default_command: str | None = None
        self._commands: Container[str] = ()

    def set_default_command(self, command: str, commands: Container[str]) -> None:
        """Let ``command`` be left out where the first argument names none of ``commands``."""
        self._default_command = command
        self._commands = commands

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, as argparse does; it calls this for a subparser with the arguments after the subparser's name."""
        names_command = bool(args) and (args[0] in self._commands or args[0] in {"-h", "--help"})
        if self._default_command is not None and not names_command:
            args = [self._default_command, *args]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print one clear line instead of the whole usage, and leave with the exit code of wrong usage."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")
