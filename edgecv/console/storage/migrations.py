"""The schema's versions. A new database gets the newest at once; an older one is brought up step by step."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, inspect, text

from edgecv.console.storage.schema import APPEND_ONLY, Base, EvidenceEntry
from edgecv.errors import EdgecvError

VERSION = 3


def _alarms(connection: Connection) -> None:
    for column in ("ended_s DOUBLE PRECISION", "subject VARCHAR", "text VARCHAR", "as_of_s DOUBLE PRECISION"):
        connection.execute(text(f"ALTER TABLE incidents ADD COLUMN {column}"))


def _evidence_log(connection: Connection) -> None:
    table = Base.metadata.tables[EvidenceEntry.__tablename__]
    table.create(connection)
    _make_append_only(connection, table.name)


_STEPS: dict[int, Callable[[Connection], None]] = {1: _alarms, 2: _evidence_log}
"""From that version to the next. Add one, and count ``VERSION`` up, once a version has been released."""

_MIGRATION_LOCK = 0x65646765  # "edge"


def migrate(connection: Connection) -> None:
    """Bring the schema up to ``VERSION``, within the caller's transaction.

    Raises:
        EdgecvError: the database was written by a newer edgecv.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    if not inspect(connection).has_table("schema_version"):
        Base.metadata.create_all(connection)
        for table in APPEND_ONLY:
            _make_append_only(connection, table)
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO schema_version VALUES (:version)"), {"version": VERSION})
        return
    version = int(connection.execute(text("SELECT version FROM schema_version")).scalar_one())
    if version > VERSION:
        raise EdgecvError(
            f"console database: was written by a newer edgecv (schema {version}, known are {VERSION}); update edgecv"
        )
    for step in range(version, VERSION):
        _STEPS[step](connection)
    connection.execute(text("UPDATE schema_version SET version = :version"), {"version": VERSION})


def _make_append_only(connection: Connection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )
        )
        return
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        )
