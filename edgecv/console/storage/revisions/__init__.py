"""The schema's revisions, run by Alembic on the connection of the caller and within its transaction.

A change of :mod:`edgecv.console.storage.schema` needs a new file in ``versions``, numbered one higher, and that
number in ``migrations.HEAD``. A revision names its tables and columns itself, for the classes change after it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # "Context impl SQLiteImpl." is of no use here

_LOCK = threading.Lock()
"""Alembic keeps the running migration in global variables; the daemon's tests and the hub open databases in threads."""


def upgrade(connection: Connection) -> None:
    """Run every revision after the one that the database is stamped with."""
    _run(connection, command.upgrade, "head")


def stamp(connection: Connection, revision: str) -> None:
    """Note that the database is of this revision."""
    _run(connection, command.stamp, revision)


def _run(connection: Connection, run: Callable[[Config, str], Any], revision: str) -> None:
    config = Config()
    # "%" begins a reference in Alembic's options
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _LOCK:
        run(config, revision)
