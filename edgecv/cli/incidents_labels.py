"""What an export says of each incident: what people made of it, on the command line or in the console."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgecv.config import load_box
from edgecv.storage.incident_rows import StoredIncident

if TYPE_CHECKING:
    from edgecv.console.cases.labels import Label

LABELS = "labels.jsonl"


def judgements(options: argparse.Namespace) -> dict[str, Label]:
    """What the console's users made of incidents, by id; nothing where there is no console.

    With ``--config`` the database that the box file names is read, with ``--state`` the ``console.db`` in there.

    Raises:
        ConfigError: the database cannot be opened.
    """
    from edgecv.console.cases.labels import labels  # noqa: PLC0415 - a database no other action needs
    from edgecv.console.server import open_database  # noqa: PLC0415
    from edgecv.console.storage import ConsoleDatabase  # noqa: PLC0415
    from edgecv.console.storage.database import CONSOLE_DATABASE, sqlite_url  # noqa: PLC0415

    box = None if options.config is None else load_box(options.config, with_calibrations=False)
    elsewhere = box is not None and box.settings.console is not None and box.settings.console.database is not None
    if not elsewhere and not (options.state / CONSOLE_DATABASE).exists():
        return {}
    database = open_database(box) if box is not None and elsewhere else ConsoleDatabase(sqlite_url(options.state))
    try:
        return labels(database, None if box is None else box.site)
    finally:
        database.close()


def labelled(stored: StoredIncident, judged: Mapping[str, Label]) -> dict[str, Any]:
    """A line of the labels: a label of the console stands before what was noted on the command line."""
    line: dict[str, Any] = {"id": stored.id, "device": stored.device, "label": stored.resolution}
    judgement = judged.get(stored.id)
    if judgement is not None:
        line |= {"label": judgement.label, "state": judgement.state, "notes": list(judgement.notes)}
    return line
