"""The command line: arguments come in, output and an exit code go out; what a verb does lives in the other rooms.

:mod:`edgecv.cli.arguments` declares the verbs with the standard library alone; a verb's own module is imported when
the verb is called, so that ``--help``, ``--version`` and shell completion load neither OpenCV nor a database.
"""

from edgecv.cli.program import main

__all__ = ["main"]
