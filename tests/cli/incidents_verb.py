"""A box with three incidents, and the verb that tells of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from known_bundles import record, write_files

from edgecv.cli.arguments import build_parser
from edgecv.cli.program import import_reference
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle


def run(*arguments: object) -> int:
    """The verb as the command line runs it."""
    options = build_parser().parse_args(["incidents", *map(str, arguments)])
    return import_reference(options.run)(options)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A box with three incidents, two of them sealed."""
    folder = tmp_path / "state"
    key = BoxKey.load_or_create(folder)
    with closing(Database(folder / DATABASE)) as database:
        store = IncidentStore(database, folder / INCIDENTS)
        for incident_id in ("a", "b", "c"):
            store.add(record(incident_id))
        for incident_id in ("a", "b"):
            write_files(store.part_of(incident_id), incident_id)
            seal_bundle(store, incident_id, key)
    return folder


def stored(state: Path, incident_id: str):
    with closing(Database(state / DATABASE)) as database:
        return IncidentStore(database, state / INCIDENTS).get(incident_id)
