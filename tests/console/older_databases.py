"""Console databases as older versions of edgecv made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, text

from edgecv.console.storage.database import CONSOLE_DATABASE, sqlite_url

_SCHEMA_3 = Path(__file__).parent / "schema_3"
_LATER = {
    1: [f"ALTER TABLE incidents DROP COLUMN {name}" for name in ("ended_s", "subject", "text", "as_of_s")],
    2: ["DROP TABLE evidence_log"],
}
"""What came with the step from that version."""


def older_sqlite(folder: Path, version: int = 3) -> str:
    """The address of an empty database of that version."""
    with closing(sqlite3.connect(folder / CONSOLE_DATABASE)) as connection:
        connection.executescript((_SCHEMA_3 / "sqlite.sql").read_text())
    _take_back(sqlite_url(folder), version)
    return sqlite_url(folder)


def older_postgres(address: str, version: int = 3) -> str:
    """The same in place of all that the server's database holds."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute((_SCHEMA_3 / "postgresql.sql").read_text().encode())
    _take_back(address.replace("postgresql://", "postgresql+psycopg://"), version)
    return address


def _take_back(url: str, version: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for step in range(2, version - 1, -1):
            for statement in _LATER[step]:
                connection.execute(text(statement))
            if step == 2 and engine.dialect.name == "postgresql":
                connection.execute(text("DROP FUNCTION evidence_log_refuse"))
        connection.execute(text("UPDATE schema_version SET version = :version"), {"version": version})
    engine.dispose()
