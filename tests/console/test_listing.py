"""Finding incidents, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from console.conftest import arrival_of
from sqlalchemy import select

from edgecv.console.cases.listing import Filters, Place, choices, list_incidents
from edgecv.console.intake.event_ingest import receive
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.schema import Community

_START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def scope(database: ConsoleDatabase) -> Scope:
    """Of a community with 25 incidents, ten of them at one moment, and one of a neighbour."""
    arrivals = []
    for n in range(25):
        moment = (_START + timedelta(minutes=0 if n < 10 else n)).isoformat()
        origin: dict[str, Any] = {"facade": "north" if n % 2 else "south", "floor": n % 5 + 1, "candidates": []}
        arrivals.append(arrival_of(f"id-{n}", started_at=moment, origin=origin, device=f"cam-{n % 3}"))
    receive(database, [*arrivals, arrival_of("foreign", site="riverside-1", device="foreign")])
    with database.session(EVERYTHING) as session:
        return Scope(session.scalars(select(Community.key).where(Community.name == "jialing")).one())


def _all(database: ConsoleDatabase, scope: Scope, filters: Filters, rows: int) -> list[str]:
    seen: list[str] = []
    place: Place | None = None
    while True:
        with database.session(scope) as session:
            page = list_incidents(session, filters, rows, place)
        assert len(page.incidents) <= rows
        seen += [incident.id for incident in page.incidents]
        if page.following is None:
            return seen
        place = Place.read(str(page.following))


def test_pages_together_are_the_whole_list_newest_first(database: ConsoleDatabase, scope: Scope) -> None:
    newest_first = [f"id-{n}" for n in [*range(24, 9, -1), *range(9, -1, -1)]]
    for rows in (1, 4, 25, 100):
        assert _all(database, scope, Filters(), rows) == newest_first


def test_filters_choose(database: ConsoleDatabase, scope: Scope) -> None:
    def ids(**filters: object) -> set[int]:
        return {int(i.removeprefix("id-")) for i in _all(database, scope, Filters(**filters), 7)}  # type: ignore[arg-type]

    assert ids(floor=3) == {n for n in range(25) if n % 5 == 2}
    assert ids(building="north", device="cam-0") == {n for n in range(25) if n % 2 and n % 3 == 0}
    assert ids(state="closed") == ids(mass_class="light") == ids(kind="other") == set()
    assert ids(state="new", mass_class="heavy", kind="thrown_object") == set(range(25))
    ten, twenty = ((_START + timedelta(minutes=m)).timestamp() for m in (10, 20))
    assert ids(since_s=ten, until_s=twenty) == set(range(10, 20))


def test_choices_are_what_there_is_in_the_own_community(database: ConsoleDatabase, scope: Scope) -> None:
    with database.session(scope) as session:
        found = choices(session)
    assert found == {
        "building": ["north", "south"],
        "floor": [1, 2, 3, 4, 5],
        "device": ["cam-0", "cam-1", "cam-2"],
        "kind": ["thrown_object"],
    }
