"""The console's database: SQLite in a file, or PostgreSQL. Sessions are opened with a scope, always."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from edgecv.config.addresses import redacted, redacted_address
from edgecv.config.state import leave_to_owner
from edgecv.console.storage.migrations import migrate
from edgecv.console.storage.scope import SCOPE, Scope, ScopedSession
from edgecv.console.storage.stored_json import read_stored
from edgecv.errors import ConfigError

CONSOLE_DATABASE = "console.db"
_BUSY_S = 20.0
"""SQLite waits for another writer this long: a retention run over a slow card takes seconds."""
_WRITES = "edgecv_writes"


class ConsoleDatabase:
    """The database; may be used from any thread.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``.
        password: of the PostgreSQL user.

    Raises:
        ConfigError: it cannot be opened; the message holds no password.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        self.name = url
        redacted_url = redacted_address(url)
        try:
            self._engine = _engine(make_url(url), password)
            with self._engine.execution_options(**{_WRITES: True}).begin() as connection:
                migrate(connection)
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"console.database = {redacted_url}: needs the extra 'hub': pip install 'edgecv[hub]'"
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise ConfigError(
                f"console.database = {redacted_url}: is not the address of a database ({redacted(str(error))})"
            ) from error
        except DBAPIError as error:
            lines = str(error.orig).strip().splitlines()
            reason = redacted(lines[0]) if lines else type(error.orig).__name__
            raise ConfigError(
                f"console.database = {redacted_url}: cannot be opened ({reason}); "
                "check that it runs, lets this user in, and that its folder can be written"
            ) from error
        self._writing = self._engine.execution_options(**{_WRITES: True})

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def session(self, scope: Scope, *, writes: bool = False) -> Iterator[Session]:
        """A session that sees what the scope allows; what it wrote is committed when it is left without an error.

        Args:
            scope: what may be seen; ``EVERYTHING`` only where nothing is shown to anybody.
            writes: whether it will write: SQLite then waits for its turn at the beginning and not in the middle.
        """
        engine = self._writing if writes else self._engine
        with ScopedSession(engine, info={SCOPE: scope}, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def sqlite_url(folder: Path) -> str:
    """The address of the embedded database in a folder."""
    return f"sqlite:///{(folder / CONSOLE_DATABASE).absolute()}"


def _engine(url: URL, password: str | None) -> Engine:
    if url.get_backend_name() == "sqlite":
        _private(Path(url.database or ""))
        engine = create_engine(url, connect_args={"timeout": _BUSY_S}, json_deserializer=read_stored)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    url = url.set(drivername="postgresql+psycopg", password=password or url.password)
    return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, json_deserializer=read_stored)


def _private(path: Path) -> None:
    """Make the file readable for its owner alone before anything is in it; a link is not followed."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        _must_be_plain(path)
        return
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); give the folder to the user edgecv runs as"
        ) from error
    os.close(handle)
    leave_to_owner(path)  # made by root in the service's folder: the service must be able to write it


def _must_be_plain(path: Path) -> None:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise ConfigError(
            f"{path}: is a link or no regular file, and edgecv makes none; find out who put it there, and remove it"
        )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, see below
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
