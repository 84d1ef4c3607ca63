"""What two years bring: honest records, with their cases and the lines of their log, put into the database at once."""

from __future__ import annotations

import copy
import json
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from known_bundles import record

from edgecv.console.cases.state_machine import State
from edgecv.console.storage.record_columns import columns_of

BEGAN = datetime(2024, 11, 1, tzinfo=UTC)
SPAN_S = 2 * 365 * 86400.0
CLASSES = ("heavy", "medium", "light", "undetermined")
FLOORS, CAMERAS = 30, 4
_ID_SPACE = uuid.UUID("6c1f3b52-6f5e-4d0e-9f57-1d0a6b1f4a11")
_ENDS = (State.CLOSED,) * 12 + (State.FALSE_ALARM,) * 5 + (State.NEW, State.ASSIGNED, State.CONFIRMED)
_WAYS = {
    State.NEW: (),
    State.FALSE_ALARM: (State.FALSE_ALARM,),
    State.CONFIRMED: (State.CONFIRMED,),
    State.ASSIGNED: (State.CONFIRMED, State.ASSIGNED),
    State.CLOSED: (State.CONFIRMED, State.ASSIGNED, State.INVESTIGATED, State.CLOSED),
}
_CASE = ("key", "community_id", "record", "received_s", "state", "state_s", "assignee_id", "due_s", "as_of_s")
_LOG = ("at_s", "user_id", "from_state", "to_state", "note", "community_id", "incident_key", "assignee_id")
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a site is: keys of its community and of an official in it, and the community's name."""

    key: int
    official: int
    name: str


def record_of(site: str, number: int, started: datetime, draw: random.Random) -> dict[str, Any]:
    """A record as a box sends it; all that lists and statistics ask for differs from one to the next."""
    content = copy.deepcopy(_PATTERN)
    content |= {"id": str(uuid.uuid5(_ID_SPACE, f"{site}/{number}")), "site": site}
    content["device"] = f"north-{draw.randint(1, CAMERAS)}"
    content["started_at"] = started.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    ended = started + timedelta(seconds=2)
    content["ended_at"] = ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    floor, window = draw.randint(1, FLOORS), f"{draw.randint(1, 12):02d}"
    content["origin"] |= {
        "floor": floor,
        "window": window,
        "candidates": [{"floor": floor, "window": window, "p": round(draw.uniform(0.5, 0.99), 3)}],
        "excluded_floors": [other for other in range(1, FLOORS + 1) if abs(other - floor) > 2],
    }
    content["mass"]["class"] = draw.choice(CLASSES)
    return content


def fill(address: str, owners: Mapping[str, Owner], count: int) -> dict[str, set[str]]:
    """Put incidents with their cases in, in the order of their time.

    The rows are those that the hub itself would have written, from the same projection of the record; only the way in
    is PostgreSQL's bulk one.

    Args:
        address: of the empty database.
        owners: for each site, whose it is.
        count: how many.

    Returns:
        The ids of each community.
    """
    ids: dict[str, set[str]] = {owner.name: set() for owner in owners.values()}
    with psycopg.connect(address) as connection:
        for some in _batched(_rows(owners, count), _AT_ONCE):
            for row, _ in some:
                ids[owners[row["site"]].name].add(row["id"])
            _copy(connection, "incidents", [row for row, _ in some])
            _copy(connection, "case_log", [line for _, lines in some for line in lines])
        connection.execute("SELECT setval(pg_get_serial_sequence('incidents', 'key'), max(key)) FROM incidents")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # as autovacuum has done by the time there are so many
    return ids


def _rows(owners: Mapping[str, Owner], count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    draw, sites = random.Random(1), list(owners)
    for number in range(count):
        site = sites[number % len(sites)]
        owner, started = owners[site], BEGAN + timedelta(seconds=SPAN_S * number / count)
        content = record_of(site, number, started, draw)
        row: dict[str, Any] = columns_of(content, (started + timedelta(minutes=1)).timestamp())
        came = at = row["started_s"] + draw.uniform(1.0, 20.0)
        state, lines = draw.choice(_ENDS), []
        before = State.NEW
        for after in _WAYS[state]:
            at += draw.expovariate(1 / 7200.0)
            told = (at, owner.official, before.value, after.value, "as seen", owner.key, number + 1, None)
            lines.append(dict(zip(_LOG, told, strict=True)))
            before = after
        is_over = state in {State.CLOSED, State.FALSE_ALARM}
        case = (number + 1, owner.key, json.dumps(content), came, state.value, at, None, None if is_over else at, came)
        yield row | dict(zip(_CASE, case, strict=True)), lines


def _batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    some: list[Any] = []
    for row in rows:
        some.append(row)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _copy(connection: psycopg.Connection[Any], table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor().copy(f'COPY "{table}" ({columns}) FROM STDIN') as into:
        for row in rows:
            into.write_row([row[name] for name in names])


_PATTERN = json.loads(record("pattern").to_json())
