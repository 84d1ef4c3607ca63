"""Bring a database to the present schema: Alembic's revisions for an older one, all tables at once for a new one.

The revisions lie in :mod:`edgecv.console.storage.revisions`. Alembic is imported only where there is something to
migrate: it costs 12 MB, and nearly every start finds the present schema.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from edgecv.console.storage.append_only import make_append_only
from edgecv.console.storage.schema import APPEND_ONLY, Base
from edgecv.errors import EdgecvError

HEAD = "0004"
"""The newest revision, which :mod:`edgecv.console.storage.schema` describes."""

_MIGRATION_LOCK = 0x65646765
"""Key of PostgreSQL's advisory lock, "edge" in ASCII; SQLite's write lock is held by the caller's transaction."""


def migrate(connection: Connection) -> None:
    """Bring the schema to ``HEAD`` within the caller's transaction, which no other process enters meanwhile.

    Raises:
        EdgecvError: the database was written by a newer edgecv.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        if revision == HEAD:
            return
    elif "schema_version" in tables:  # as edgecv counted before it used Alembic
        revision = f"{int(connection.execute(text('SELECT version FROM schema_version')).scalar_one()):04d}"
    else:
        revision = None
    if revision is not None and revision > HEAD:
        raise EdgecvError(
            f"console database: was written by a newer edgecv (schema {revision}, this one knows up to {HEAD}); "
            "update edgecv"
        )
    from edgecv.console.storage.revisions import stamp, upgrade  # noqa: PLC0415 - see above

    if revision is None:
        _create(connection)
        stamp(connection, HEAD)
    else:
        if "alembic_version" not in tables:
            stamp(connection, revision)
        upgrade(connection)
    # An edgecv from before Alembic reads its own table: after scripts/install --rollback it works, or says what to do.
    connection.execute(text("UPDATE schema_version SET version = :version"), {"version": int(HEAD)})


def _create(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    for table in APPEND_ONLY:
        make_append_only(connection, table)
    connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
    connection.execute(text("INSERT INTO schema_version VALUES (0)"))
