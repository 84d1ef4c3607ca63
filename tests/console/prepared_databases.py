"""Console databases that are made once and copied for each test: making the tables takes longer than most tests."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from edgecv.console.storage import ConsoleDatabase
from edgecv.console.storage.database import CONSOLE_DATABASE, sqlite_url

Fill = Callable[[ConsoleDatabase], None]
_TEMPLATE = "prepared"


def prepare_sqlite(folder: Path, fill: Fill) -> Path:
    """A database file with the present schema and what ``fill`` writes; its folder is made."""
    folder.mkdir()
    database = ConsoleDatabase(sqlite_url(folder))
    fill(database)
    database.close()
    return folder / CONSOLE_DATABASE


def copied_sqlite(prepared: Path, folder: Path) -> ConsoleDatabase:
    """A copy of it in a folder, open."""
    shutil.copy2(prepared, folder / CONSOLE_DATABASE)
    return ConsoleDatabase(sqlite_url(folder))


def prepare_postgres(server: str, fill: Fill) -> None:
    """The same as a template database of the server."""
    _execute(server, f"CREATE DATABASE {_TEMPLATE}")
    database = ConsoleDatabase(_named(server, _TEMPLATE))
    fill(database)
    database.close()


@contextmanager
def copied_postgres(server: str) -> Iterator[ConsoleDatabase]:
    """A copy of the template, open; it is dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        database = ConsoleDatabase(_named(server, name))
        yield database
        database.close()
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, name: str) -> str:
    return f"{server.rpartition('/')[0]}/{name}"


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
