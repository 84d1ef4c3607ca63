"""The arguments of every verb: the standard library alone, so that help and completion are quick.

In come the modules of this package, one a verb, each with ``add_parser``; out goes the parser of the whole command
line. ``options.run`` names the function that does the work, ``module:function``; it is imported when it is called.
"""

from edgecv.cli.arguments.parser import build_parser, overview

__all__ = ["build_parser", "overview"]
