"""Arguments of ``edgecv console``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edgecv.cli.arguments.shared import add_log_options

VERB, HELP = "console", "the web page for officials and workers; its users"
ROLES = ("viewer", "official", "worker", "admin")


def add_parser(verbs: Any) -> None:
    """Declare the verb with the commands for its users."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Serve the web page of a box, or of a hub that many boxes push to, until stopped.",
    )
    _add_file_options(parser, default=None)
    add_log_options(parser)
    parser.set_defaults(run="edgecv.cli.console:serve_console")
    objects = parser.add_subparsers(dest="object", metavar="user")
    user = objects.add_parser("user", help="users of the console")
    actions = user.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a user; asks for the password, or reads --password-file")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", choices=ROLES, required=True)
    add.add_argument("--full-name", metavar="TEXT", default="", help="as people call them")
    add.add_argument("--community", metavar="ID", help="of a hub with several")
    add.add_argument(
        "--password-file", metavar="FILE", type=Path, help="a file with the password; - reads it from stdin"
    )
    _add_file_options(add, default=argparse.SUPPRESS)
    add.set_defaults(run="edgecv.cli.console:add_console_user")
    role = actions.add_parser("role", help="give a user a role in a community, one more or instead of the one before")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=ROLES)
    role.add_argument("--community", metavar="ID", help="of a hub with several")
    _add_file_options(role, default=argparse.SUPPRESS)
    role.set_defaults(run="edgecv.cli.console:give_role")
    disable = actions.add_parser("disable", help="keep a user out, everywhere and at once")
    disable.add_argument("name", metavar="NAME")
    _add_file_options(disable, default=argparse.SUPPRESS)
    disable.set_defaults(run="edgecv.cli.console:disable_user")
    listed = actions.add_parser("list", help="who may log in")
    _add_file_options(listed, default=argparse.SUPPRESS)
    listed.set_defaults(run="edgecv.cli.console:list_users")


def _add_file_options(parser: argparse.ArgumentParser, default: Any) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--config", metavar="BOX.yaml", type=Path, default=default, help="the box file")
    group.add_argument("--hub", metavar="HUB.yaml", type=Path, default=default, help="the hub file")
