"""``edgecv incidents``: list, show, hold, release and resolve the incidents of a box."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path

from edgecv.cli.privileges import prepare_output
from edgecv.config import load_box
from edgecv.config.devices import installed
from edgecv.config.state import state_directory
from edgecv.errors import ConfigError, EdgecvError
from edgecv.incidents.summary_text import headline
from edgecv.privileges import become_controller_of
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.incident_rows import StoredIncident
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

Action = Callable[[IncidentStore, argparse.Namespace], int]


def state_of(options: argparse.Namespace) -> Path:
    """The state directory that the options name."""
    if options.state is not None:
        return Path(options.state)
    return state_directory(None if options.config is None else load_box(options.config, with_calibrations=False))


def state_as_owner(options: argparse.Namespace) -> Path:
    """The state directory; root goes on as its owner, and follows no link that the owner may have put there.

    Raises:
        ConfigError: the box file is wrong, or the owner cannot be determined.
    """
    if options.config is not None:
        become_controller_of(options.config)
    state = state_of(options)
    if getattr(options, "out", None) is not None:
        prepare_output(options.out, state)
    become_controller_of(state)
    return state


def with_store(*, read_only: bool) -> Callable[[Action], Callable[[argparse.Namespace], int]]:
    """Open the box's incidents for an action, as the user who owns them."""

    def decorate(action: Action) -> Callable[[argparse.Namespace], int]:
        @wraps(action)
        def run(options: argparse.Namespace) -> int:
            options.state = state_as_owner(options)
            path = options.state / DATABASE
            if not path.exists():
                raise ConfigError(
                    f"{options.state}: no incidents are kept there; name the place with --config or --state"
                )
            try:
                with closing(Database(path, read_only=read_only)) as database:
                    return action(IncidentStore(database, options.state / INCIDENTS), options)
            except sqlite3.DatabaseError as error:
                raise DatabaseError(
                    f"{path}: {error}; where it is damaged, the daemon's next start sets it aside and takes up the "
                    "evidence"
                ) from error

        return run

    return decorate


@with_store(read_only=True)
def list_incidents(store: IncidentStore, options: argparse.Namespace) -> int:
    """One line an incident, newest first."""
    kinds = None if options.kind is None else _kinds(options.kind)
    for stored in store.list(options.device, options.since, options.limit, kinds=kinds):
        print(json.dumps(_as_json(stored)) if options.json else _line(stored))
    return 0


@with_store(read_only=True)
def show_incident(store: IncidentStore, options: argparse.Namespace) -> int:
    """The record of one incident."""
    stored = known_incident(store, options.id)
    if options.json:
        print(stored.record.to_json())
        return 0
    print(_line(stored))
    print(stored.record.model_dump_json(by_alias=True, indent=1))
    return 0


@with_store(read_only=False)
def hold_incident(store: IncidentStore, options: argparse.Namespace) -> int:
    """Keep an incident's evidence however old it gets."""
    stored = known_incident(store, options.id)
    if stored.evidence == "deleted":
        raise EdgecvError(f"{stored.id}: its evidence was deleted already; there is nothing left to hold")
    store.hold(stored.id, options.why)
    print(f"{stored.id}: on hold: {options.why}")
    return 0


@with_store(read_only=False)
def release_incident(store: IncidentStore, options: argparse.Namespace) -> int:
    """End a hold."""
    stored = known_incident(store, options.id)
    store.release(stored.id)
    print(f"{stored.id}: " + ("was not on hold" if stored.hold is None else f"no longer on hold: {stored.hold}"))
    return 0


@with_store(read_only=False)
def resolve_incident(store: IncidentStore, options: argparse.Namespace) -> int:
    """Note the outcome of an incident."""
    stored = known_incident(store, options.id)
    store.resolve(stored.id, options.what)
    print(f"{stored.id}: resolved: {options.what}")
    return 0


def known_incident(store: IncidentStore, incident_id: str) -> StoredIncident:
    """The incident of this id.

    Raises:
        ConfigError: there is none.
    """
    stored = store.get(incident_id)
    if stored is None:
        raise ConfigError(f"{incident_id}: there is no such incident here; 'edgecv incidents list' shows them")
    return stored


def _line(stored: StoredIncident) -> str:
    state = [stored.evidence]
    if stored.hold is not None:
        state.append(f"on hold: {stored.hold}")
    if stored.resolution is not None:
        state.append(f"resolved: {stored.resolution}")
    text = f"{headline(stored.record)}  [{stored.id}] ({'; '.join(state)})"
    return f"{stored.started_at} {stored.device} {stored.tier}: {text}"


def _as_json(stored: StoredIncident) -> dict[str, object]:
    return {
        "id": stored.id,
        "kind": stored.kind,
        "device": stored.device,
        "tier": stored.tier,
        "started_at": stored.started_at,
        "headline": headline(stored.record),
        "evidence": stored.evidence,
        "bytes": stored.bytes,
        "hold": stored.hold,
        "resolution": stored.resolution,
        "incident": json.loads(stored.record.to_json()),
    }


def _kinds(text: str) -> tuple[str, ...]:
    """A handler's kind stands for all that it may raise; everything else for itself."""
    if text not in installed():
        return (text,)
    from edgecv.handlers import find_kind  # noqa: PLC0415 - brokers and more, for this option alone

    return tuple(find_kind(text).events)
