"""The schema's versions. A new database gets the newest at once; an older one is brought up step by step."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, inspect, text

from edgecv.console.settings import AHEAD_S, UNCLAIMED_BYTES
from edgecv.console.storage.schema import APPEND_ONLY, Base, Dropped, EvidenceEntry
from edgecv.errors import EdgecvError
from edgecv.untrusted import MAX_JSON_BYTES

VERSION = 4


def _alarms(connection: Connection) -> None:
    for column in ("ended_s DOUBLE PRECISION", "subject VARCHAR", "text VARCHAR", "as_of_s DOUBLE PRECISION"):
        connection.execute(text(f"ALTER TABLE incidents ADD COLUMN {column}"))


def _evidence_log(connection: Connection) -> None:
    table = Base.metadata.tables[EvidenceEntry.__tablename__]
    table.create(connection)
    _make_append_only(connection, table.name)


def _sources(connection: Connection) -> None:
    """Ids are unique by their source: until now a box that used another's id had its messages dropped for it."""
    connection.execute(text("ALTER TABLE incidents ADD COLUMN source_id VARCHAR NOT NULL DEFAULT ''"))
    connection.execute(text("UPDATE incidents SET source_id = id"))
    connection.execute(
        text("CREATE UNIQUE INDEX incidents_of_source ON incidents (community_id, site, device, source_id)")
    )
    _make_unique(connection, "device_events", "community_id, id", "community_id, site, device, id")
    _make_unique(connection, "evidence", "community_id, incident_id", "community_id, site, device, incident_id")
    # an update from a clock of year 9000 was the newest for ever
    connection.execute(
        text("UPDATE incidents SET as_of_s = received_s WHERE as_of_s > received_s + :ahead"), {"ahead": AHEAD_S}
    )
    Base.metadata.tables[Dropped.__tablename__].create(connection)
    # what is longer than any message may be is never read again
    connection.execute(
        text(
            "UPDATE unclaimed SET event = substr(event, 1, :start), reason = reason || '; only its beginning is kept' "
            "WHERE length(event) > :longest"
        ),
        {"start": UNCLAIMED_BYTES, "longest": MAX_JSON_BYTES},
    )


def _make_unique(connection: Connection, table: str, before: str, after: str) -> None:
    """Give a table, to which no other refers, another unique key of columns."""
    if connection.dialect.name == "postgresql":
        name = f"{table}_{before.replace(', ', '_')}_key"  # as PostgreSQL itself called it
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD UNIQUE ({after})"))
        return
    # SQLite changes no key of a table that is there
    schema = text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL")
    made = connection.execute(schema, {"table": table}).all()
    (statement,) = (sql for kind, sql in made if kind == "table")
    old, new = f"UNIQUE ({before})", f"UNIQUE ({after})"
    if old not in statement:
        raise EdgecvError(f"console database: table {table} is not as edgecv made it; restore it from a backup")
    connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_before"))
    connection.exec_driver_sql(statement.replace(old, new))
    connection.execute(text(f"INSERT INTO {table} SELECT * FROM {table}_before"))
    connection.execute(text(f"DROP TABLE {table}_before"))
    for kind, sql in made:
        if kind == "index":
            connection.exec_driver_sql(sql)


_STEPS: dict[int, Callable[[Connection], None]] = {1: _alarms, 2: _evidence_log, 3: _sources}
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
