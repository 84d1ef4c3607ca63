"""The box's one database: incidents, messages to send, the chain of seals, what handlers must not forget (SQLite).

Every process and thread opens its own connection. ``WAL`` lets readers read while one writes; ``synchronous=FULL`` puts
every commit on the disk before it returns, so that what was committed outlives a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from edgecv.durable_files import is_disk_full
from edgecv.errors import EdgecvError
from edgecv.messages import records

DATABASE = "edgecv.db"
_BUSY_S = 20.0
_BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_MIGRATIONS = (
    """
    CREATE TABLE incidents (
        id TEXT PRIMARY KEY,
        device TEXT NOT NULL,
        tier TEXT NOT NULL,
        started_at TEXT NOT NULL,
        stored_s REAL NOT NULL,      -- seconds since 1970
        record TEXT NOT NULL,        -- the contract's JSON
        evidence TEXT NOT NULL,      -- pending, sealed, failed, deleted, none
        bytes INTEGER NOT NULL DEFAULT 0,
        hold TEXT,                   -- why it must not be deleted
        resolution TEXT,
        resolved_s REAL
    ) STRICT;
    CREATE INDEX incidents_by_time ON incidents (stored_s);
    CREATE TABLE chain (
        sequence INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        manifest_sha256 TEXT NOT NULL
    ) STRICT;
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,          -- incident, evidence, update, device
        id TEXT NOT NULL,
        device TEXT NOT NULL,
        created_s REAL NOT NULL,
        event TEXT NOT NULL,         -- a CloudEvent
        UNIQUE (kind, id)
    ) STRICT;
    CREATE INDEX messages_by_id ON messages (id);
    CREATE TABLE cursors (
        target TEXT PRIMARY KEY,
        seq INTEGER NOT NULL         -- everything up to it was delivered or parked
    ) STRICT;
    CREATE TABLE parked (
        target TEXT NOT NULL,
        seq INTEGER NOT NULL,
        reason TEXT NOT NULL,
        tries INTEGER NOT NULL,
        retry_s REAL NOT NULL,
        PRIMARY KEY (target, seq)
    ) STRICT;
    CREATE TABLE states (
        device TEXT PRIMARY KEY,
        state TEXT NOT NULL,         -- JSON; the newest only
        changed_s REAL NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE incidents ADD COLUMN kind TEXT NOT NULL DEFAULT 'thrown_object';
    CREATE INDEX incidents_by_kind ON incidents (kind, stored_s);
    CREATE TABLE device_state (
        device TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,         -- JSON, the handler's own
        PRIMARY KEY (device, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE unreadable (        -- what devices sent that their handler could not make sense of
        device TEXT NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL,
        example TEXT,                -- the first one
        seen_s REAL NOT NULL,        -- when the last one came
        PRIMARY KEY (device, reason)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- whether it is left to the evidence process: nobody else adds to its evidence any more
    ALTER TABLE incidents ADD COLUMN is_left INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX incidents_unsealed ON incidents (evidence) WHERE evidence = 'pending'
    """,
    """
    -- the last bundle that was sealed, signed: who changes it needs the box's key
    CREATE TABLE chain_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        receipt TEXT NOT NULL        -- JSON
    ) STRICT
    """,
)


class DatabaseError(EdgecvError):
    """The database cannot be used; one line that says what to do."""


class Database:
    """One connection; not to be shared between threads.

    Args:
        path: the file; made where it is missing.
        read_only: never write, not even to migrate.

    Raises:
        DatabaseError: it cannot be opened, is damaged, or is from a newer edgecv.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        # while the first connection turns WAL on or the last one puts the log away, SQLite says "locked" at once
        # instead of waiting for its timeout
        patient = Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_delay(_BUSY_S),
            wait=wait_random(0.005, 0.05),
            reraise=True,
        )
        try:
            patient(self._open, read_only)
        except sqlite3.Error as error:
            if not (read_only and _may_be_full(path, error)):
                raise _refusal(path, error) from error
            try:
                self._open(read_only, alone=True)
            except sqlite3.Error:
                raise _refusal(path, error) from error

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one writer at a time; on the disk when it is left without an error."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def data_version(self) -> int:
        """Another number whenever some other connection has committed something."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def problems(self) -> list[str]:
        """What SQLite's own check finds wrong; nothing where all is well."""
        try:
            findings = [str(row[0]) for row in self.connection.execute("PRAGMA integrity_check")]
        except sqlite3.DatabaseError as error:  # so damaged that not even the check gets through
            return [str(error)]
        return [] if findings == ["ok"] else findings

    def _open(self, read_only: bool, alone: bool = False) -> None:
        """Open it.

        Args:
            read_only: never write.
            alone: nobody else has it open, and the index beside its log is kept in memory: a full disk has no room for
                one (sqlite.org/wal.html, "use of WAL without shared memory").
        """
        address = f"file:{_escaped(self.path)}?mode={('rw' if alone else 'ro') if read_only else 'rwc'}"
        connection = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            if alone:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("PRAGMA query_only = ON")
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            self.connection = connection
            self._migrate(read_only)
        except BaseException:
            connection.close()
            raise

    def _migrate(self, read_only: bool) -> None:
        version = self._version()
        if version > len(_MIGRATIONS):
            raise DatabaseError(
                f"{self.path}: was written by a newer edgecv (schema {version}, known are {len(_MIGRATIONS)}); "
                "update edgecv"
            )
        if version == len(_MIGRATIONS):
            return
        if read_only:
            raise DatabaseError(records.OLDER_DATABASE(file=str(self.path), schema=version, needed=len(_MIGRATIONS)))
        with self.transaction() as connection:
            for number in range(self._version(), len(_MIGRATIONS)):  # another process may have been quicker
                for statement in _MIGRATIONS[number].split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Part of the caller's transaction: an error takes back this part alone, and is raised on."""
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk ends the whole transaction by itself
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def is_disk_failure(error: BaseException) -> bool:
    """Whether a write failed because of the disk or the database file, and not because of the values written."""
    if isinstance(error, sqlite3.DataError | sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return False
    return isinstance(error, sqlite3.DatabaseError | DatabaseError | OSError)


def _may_be_full(path: Path, error: sqlite3.Error) -> bool:
    # SQLite says "disk I/O error" where the index beside its log finds no room
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_FULL or (
        code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and is_disk_full(path.parent)
    )


def _refusal(path: Path, error: sqlite3.Error) -> DatabaseError:
    """Why a database cannot be opened, and what to do: it is never in the way, it is what must not be lost."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if _may_be_full(path, error):
        return DatabaseError(records.DISK_FULL(file=str(path)))
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DatabaseError(records.DAMAGED_DATABASE(file=str(path), why=str(error)))
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseError(records.FAILING_DISK(file=str(path), why=str(error)))
    return DatabaseError(records.NOT_OPENED(file=str(path), why=str(error)))


def _is_busy(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY_CODES


def _escaped(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
