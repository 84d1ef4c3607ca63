"""``edgecv incidents export``: copies of evidence for an auditor, who verifies them with the box's public key."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgecv.audit.export import export_bundle
from edgecv.cli.incidents import known_incident, with_store
from edgecv.cli.incidents_labels import LABELS, judgements, labelled
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError, EdgecvError
from edgecv.evidence.chain_head import CHAIN_HEAD
from edgecv.evidence.keys import BOX_PUB, load_public_key
from edgecv.evidence.manifest import in_json
from edgecv.privileges import Account
from edgecv.storage.incident_rows import StoredIncident
from edgecv.storage.incident_store import IncidentStore

if TYPE_CHECKING:
    from edgecv.console.cases.labels import Label

_EVERY = 2**31
"""More rows than a box ever holds: no limit."""


@with_store(read_only=True)
def export_incidents(store: IncidentStore, options: argparse.Namespace) -> int:
    """Copy evidence for an auditor, with the box's public key."""
    judged = judgements(options) if options.labelled else {}
    selected = _select(store, options, judged)
    public = load_public_key(options.state / BOX_PUB)
    exported: list[StoredIncident] = []
    problems: list[str] = []
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_atomic(options.out / BOX_PUB, public.pem)
        if (receipt := store.chain_head()) is not None:
            write_atomic(options.out / CHAIN_HEAD, in_json(receipt))
        for stored in selected:
            if stored.evidence not in {"sealed", "deleted"}:
                problems.append(f"{stored.id}: has no sealed evidence to export (it is {stored.evidence})")
                continue
            try:
                export_bundle(store.folder_of(stored.id), options.out, public)
            except EdgecvError as error:
                problems.append(f"{stored.id}: not exported: {error}")
                continue
            exported.append(stored)
            print(options.out / stored.id)
        if options.labelled:
            lines = [labelled(stored, judged) for stored in exported]
            write_atomic(options.out / LABELS, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    except OSError as error:
        raise ConfigError(
            f"--out {options.out}: cannot be written by the user {Account.of(os.geteuid()).name}, who owns the state "
            f"directory ({error.strerror}); name a folder of that user's, or a new one in a folder that it may enter"
        ) from error
    for line in problems:
        print(f"edgecv: {line}", file=sys.stderr)
    print(f"{len(exported)} exported to {options.out}, with the box's public key {public.key_id}")
    return 1 if problems else 0


def _select(store: IncidentStore, options: argparse.Namespace, judged: Mapping[str, Label]) -> list[StoredIncident]:
    """Those named, or all that can be exported."""
    if options.ids:
        selected = [known_incident(store, incident_id) for incident_id in dict.fromkeys(options.ids)]
    elif options.all or options.labelled:
        selected = [stored for stored in store.list(limit=_EVERY) if stored.evidence in {"sealed", "deleted"}]
    else:
        raise ConfigError("incidents export: nothing to export; name incidents, or give --all or --labelled")
    if options.labelled:
        return [stored for stored in selected if stored.resolution is not None or stored.id in judged]
    return selected
