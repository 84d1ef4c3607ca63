"""A console database of any earlier schema is brought up to date without loss, once, and never a newer one down."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from console.older_databases import older_postgres, older_sqlite
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from edgecv.console.storage import EVERYTHING, ConsoleDatabase, revisions
from edgecv.console.storage.migrations import HEAD
from edgecv.console.storage.schema import Base
from edgecv.errors import EdgecvError

_CASE = "INSERT INTO case_log (at_s, user_id, from_state, to_state, note, community_id, incident_key) VALUES "
ROWS = (
    "INSERT INTO communities (name, title) VALUES ('c', 'C')",
    "INSERT INTO users (name, full_name, disabled, created_s) VALUES ('u', '', FALSE, 1)",
    "INSERT INTO incidents (community_id, id, kind, site, device, building, label, started_s, received_s, record, "
    "state, state_s) VALUES (1, 'i', 'thrown_object', 's', 'd', 's', 'bird', 1, 1, '{}', 'new', 1)",
    "INSERT INTO device_events (community_id, id, site, device, kind, text, at_s, data) "
    "VALUES (1, 'e', 's', 'd', 'lost', 'lost', 1, '{}')",
    "INSERT INTO evidence (community_id, incident_id, site, device, manifest_sha256, files, sealed_s) "
    "VALUES (1, 'i', 's', 'd', 'abc', '[]', 1)",
    f"{_CASE} (1, 1, 'new', 'closed', 'n', 1, 1)",
)
TABLES = ("communities", "users", "incidents", "device_events", "evidence", "case_log")


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _older(request: pytest.FixtureRequest, backend: str, folder: Path, version: int) -> str:
    if backend == "sqlite":
        return older_sqlite(folder, version)
    return older_postgres(request.getfixturevalue("postgres_server"), version)


def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def _execute(url: str, *statements: str) -> None:
    engine = _engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _scalar(url: str, query: str) -> object:
    engine = _engine(url)
    with engine.connect() as connection:
        value = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return value


@pytest.fixture
def migrated(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database that came from schema 1, with rows."""
    url = _older(request, backend, tmp_path, 1)
    _execute(url, *ROWS)
    ConsoleDatabase(url).close()
    yield url


def test_the_constant_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(revisions.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    assert [script.revision for script in scripts.walk_revisions()] == ["0004", "0003", "0002", "0001"]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_row_of_an_older_schema_is_there_afterwards(
    request: pytest.FixtureRequest, backend: str, tmp_path: Path, version: int
) -> None:
    url = _older(request, backend, tmp_path, version)
    _execute(url, *ROWS)
    ConsoleDatabase(url).close()
    assert [_scalar(url, f"SELECT count(*) FROM {table}") for table in TABLES] == [1] * len(TABLES)
    assert _scalar(url, "SELECT source_id FROM incidents") == "i"
    assert _scalar(url, "SELECT version_num FROM alembic_version") == HEAD
    ConsoleDatabase(url).close()  # and nothing is to be done the next time
    assert _scalar(url, "SELECT count(*) FROM alembic_version") == 1


def test_a_migrated_database_has_the_tables_and_columns_that_the_classes_describe(migrated: str) -> None:
    engine = _engine(migrated)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = [
            difference
            for difference in compare_metadata(context, Base.metadata)
            if difference[0] != "remove_table" or difference[1].name not in {"schema_version"}
        ]
    engine.dispose()
    assert differences == []


def test_a_migrated_database_refuses_to_change_its_logs_and_takes_ids_of_other_sources(migrated: str) -> None:
    for table in ("case_log", "evidence_log"):
        _execute(
            migrated,
            "INSERT INTO evidence_log (site, incident_id, at_s, by, action, why, community_id) "
            "VALUES ('s', 'i', 1, 'u', 'hold', 'w', 1)",
        )
        with pytest.raises(DBAPIError, match=f"{table} is append-only"):
            _execute(migrated, f"DELETE FROM {table}")
    other = ROWS[3].replace("'d'", "'other'")
    _execute(migrated, other)
    with pytest.raises(DBAPIError):
        _execute(migrated, other)


def test_a_database_of_the_last_schema_before_alembic_is_taken_up_as_it_is(migrated: str) -> None:
    _execute(migrated, "DROP TABLE alembic_version")
    ConsoleDatabase(migrated).close()
    assert _scalar(migrated, "SELECT version_num FROM alembic_version") == HEAD
    assert _scalar(migrated, "SELECT count(*) FROM incidents") == 1


def test_an_edgecv_from_before_alembic_finds_its_version(migrated: str) -> None:
    assert _scalar(migrated, "SELECT version FROM schema_version") == int(HEAD)


@pytest.mark.parametrize(
    "newer",
    [
        ("UPDATE alembic_version SET version_num = '0005'",),
        ("DROP TABLE alembic_version", "UPDATE schema_version SET version = 5"),
    ],
)
def test_a_newer_schema_is_refused_in_one_line_and_left_alone(migrated: str, newer: tuple[str, ...]) -> None:
    _execute(migrated, *newer)
    with pytest.raises(EdgecvError, match=r"written by a newer edgecv \(schema 0005, .* 0004\); update edgecv"):
        ConsoleDatabase(migrated)
    assert _scalar(migrated, "SELECT count(*) FROM incidents") == 1


def _open(url: str, barrier: object, results: object) -> None:
    barrier.wait(60)  # type: ignore[attr-defined]
    try:
        database = ConsoleDatabase(url)
        with database.session(EVERYTHING) as session:
            results.put(session.execute(text("SELECT count(*) FROM incidents")).scalar_one())  # type: ignore[attr-defined]
        database.close()
    except Exception as error:
        results.put(repr(error))  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", [None, 1])
def test_consoles_that_start_at_once_migrate_once(
    request: pytest.FixtureRequest, backend: str, tmp_path: Path, version: int | None
) -> None:
    url = _older(request, backend, tmp_path, version or 1)
    if version is None and backend == "sqlite":
        for file in tmp_path.glob("console.db*"):
            file.unlink()
    elif version is None:
        _execute(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    consoles = [context.Process(target=_open, args=(url, barrier, results)) for _ in range(3)]
    for console in consoles:
        console.start()
    assert [results.get(timeout=120) for _ in consoles] == [0, 0, 0]
    for console in consoles:
        console.join(60)
    assert _scalar(url, "SELECT count(*) FROM alembic_version") == 1


def test_a_folder_with_a_percent_sign_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "100% state"
    folder.mkdir()
    ConsoleDatabase(older_sqlite(folder, 1)).close()
