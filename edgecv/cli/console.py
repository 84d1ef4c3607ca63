"""``edgecv console``: the web page, and its first user."""

from __future__ import annotations

import argparse
import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgecv.cli.privileges import become_owner_of_box, become_owner_of_hub
from edgecv.config import Box, Hub, load_box, load_hub
from edgecv.config.secrets import MAX_SECRET_BYTES, read_bounded
from edgecv.errors import ConfigError


def serve_console(options: argparse.Namespace) -> int:
    """Serve until a signal stops it."""
    from edgecv.console.server import serve  # noqa: PLC0415 - a web server and a database no other verb needs
    from edgecv.daemon.logs import configure_logging  # noqa: PLC0415

    settings = _load_file(options)
    configure_logging(options.log, options.log_level, context={"worker": "console"})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(settings, stop.wait)
    return 0


def add_console_user(options: argparse.Namespace) -> int:
    """Make a user; the password comes from a terminal, a file or standard input."""
    from edgecv.console.accounts.audit import COMMAND_LINE  # noqa: PLC0415
    from edgecv.console.accounts.roles import Role  # noqa: PLC0415
    from edgecv.console.accounts.users import add_user, find_community  # noqa: PLC0415
    from edgecv.console.server import open_database  # noqa: PLC0415
    from edgecv.console.storage import EVERYTHING  # noqa: PLC0415

    password = _read_password_file(options.password_file)  # a file of root's is read as root
    database = open_database(_load_file_as_owner(options))
    try:
        with database.session(EVERYTHING) as session:
            find_community(session, options.community)  # before anybody types a password
        password = _read_password(options.name, options.password_file) if password is None else password
        with database.session(EVERYTHING, writes=True) as session:
            community = find_community(session, options.community)
            role = Role(options.role)
            add_user(session, options.name, password, role, community, by=COMMAND_LINE, full_name=options.full_name)
            print(f"{options.name}: made, {role.value} of {community.title}")
    finally:
        database.close()
    return 0


def give_role(options: argparse.Namespace) -> int:
    """Give a user a role in a community."""
    from edgecv.console.accounts.audit import COMMAND_LINE  # noqa: PLC0415
    from edgecv.console.accounts.roles import Role  # noqa: PLC0415
    from edgecv.console.accounts.user_administration import join  # noqa: PLC0415
    from edgecv.console.accounts.users import find_community, find_user  # noqa: PLC0415

    with _session(options, writes=True) as session:
        community = find_community(session, options.community)
        join(session, find_user(session, options.name), community, Role(options.role), COMMAND_LINE)
        print(f"{options.name}: is {options.role} of {community.title} now")
    return 0


def disable_user(options: argparse.Namespace) -> int:
    """End every login of a user and refuse new ones."""
    from edgecv.console.accounts.audit import COMMAND_LINE  # noqa: PLC0415
    from edgecv.console.accounts.user_administration import disable  # noqa: PLC0415
    from edgecv.console.accounts.users import find_user  # noqa: PLC0415

    with _session(options, writes=True) as session:
        disable(session, find_user(session, options.name), COMMAND_LINE)
        print(f"{options.name}: is disabled, every login ended")
    return 0


def list_users(options: argparse.Namespace) -> int:
    """A line a user and community."""
    from edgecv.console.accounts.user_administration import everybody  # noqa: PLC0415

    with _session(options) as session:
        for user, community, role in everybody(session):
            print(f"{user.name:20} {role:9} {community.name:20} {'disabled' if user.disabled else user.full_name}")
    return 0


@contextmanager
def _session(options: argparse.Namespace, *, writes: bool = False) -> Iterator[Any]:
    from edgecv.console.server import open_database  # noqa: PLC0415
    from edgecv.console.storage import EVERYTHING  # noqa: PLC0415

    database = open_database(_load_file_as_owner(options))
    try:
        with database.session(EVERYTHING, writes=writes) as session:
            yield session
    finally:
        database.close()


def _load_file(options: argparse.Namespace) -> Box | Hub:
    if options.hub is not None:
        return load_hub(options.hub)
    if options.config is None:
        raise ConfigError("console: name the box file with --config, or the hub file with --hub")
    return load_box(options.config, with_calibrations=False)


def _load_file_as_owner(options: argparse.Namespace) -> Box | Hub:
    """The file, read as whoever may change it or owns the state directory: root follows no link of theirs."""
    # a new database needs it, and its owner may be unable to read the code that root can
    import edgecv.console.storage.revisions  # noqa: F401, PLC0415

    if options.hub is not None:
        become_owner_of_hub(options.hub)
    elif options.config is not None:
        become_owner_of_box(options.config)
    return _load_file(options)


def _read_password_file(file: Path | None) -> str | None:
    """Never from the command line, where every user of the machine could read it; None where no file is named."""
    if file is None or str(file) == "-":
        return None
    try:
        return read_bounded(file, MAX_SECRET_BYTES).decode().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--password-file {file}: cannot be read ({error})") from error


def _read_password(name: str, file: Path | None) -> str:
    if file is not None or not sys.stdin.isatty():
        return sys.stdin.readline().strip("\r\n")
    password = getpass.getpass(f"Password of {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigError("password: the two are not the same; try again")
    return password
