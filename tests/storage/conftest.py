"""A box whose database stands in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from small_box import Box

from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box with an empty outbox."""
    made = Box(tmp_path)
    made.add()
    return made


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, database: Database) -> IncidentStore:
    (tmp_path / INCIDENTS).mkdir()
    return IncidentStore(database, tmp_path / INCIDENTS)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[IncidentStore]:
    """Another process's access to the same box."""
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield IncidentStore(opened, tmp_path / INCIDENTS)
