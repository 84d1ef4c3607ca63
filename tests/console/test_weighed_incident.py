"""An incident that was weighed by its pictures after it went upstream."""

from __future__ import annotations

import pytest
from console.light_record import MASS
from known_bundles import record
from sqlalchemy import func, select

from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Incident as IncidentRow
from edgecv.console.storage.schema import QuarantinedEvent
from edgecv.incidents.cloudevents import encode, incident_event, update_event
from edgecv.incidents.record import Incident, Interval

KG = Interval(median=0.5, low=0.3, high=0.9)


def weighed(incident: Incident) -> Incident:
    """The same, weighed."""
    return incident.model_copy(update={"mass": incident.mass.model_copy(update={"kg": KG})})


def updated(incident: Incident, at: str = "2026-05-01T14:14:30Z") -> Arrival:
    """Its update on the wire."""
    event = update_event(incident, "update-1", at)
    return read_arrival(incident.site, incident.device, "update", encode(event).decode(), 1.8e9)


def raised(incident: Incident) -> Arrival:
    """The incident itself on the wire."""
    return read_arrival(incident.site, incident.device, "incident", encode(incident_event(incident)).decode(), 1.8e9)


def stored(database: ConsoleDatabase) -> tuple[list[dict[str, object]], int]:
    """All records, and how many messages were kept aside."""
    with database.session(EVERYTHING) as session:
        records = [dict(row.record) for row in session.scalars(select(IncidentRow))]
        return records, session.scalar(select(func.count()).select_from(QuarantinedEvent)) or 0


@pytest.mark.parametrize("overtakes", [False, True])
def test_its_weight_is_known_better_and_its_case_stays_as_it_is(database: ConsoleDatabase, overtakes: bool) -> None:
    arrivals = [raised(record()), updated(weighed(record()))]
    for arrival in [*(reversed(arrivals) if overtakes else arrivals), *arrivals]:
        receive(database, [arrival])
    (row,), aside = stored(database)
    assert row["mass"]["kg"]["median"] == 0.5  # type: ignore[index]
    assert aside == 0


def test_a_clock_that_was_set_back_before_the_update_costs_no_weight(database: ConsoleDatabase) -> None:
    receive(database, [raised(record())])
    receive(database, [updated(weighed(record()), at="2026-05-01T13:14:30Z")])
    (row,), _ = stored(database)
    assert row["mass"]["kg"]["median"] == 0.5  # type: ignore[index]


def test_what_was_weighed_by_its_pictures_does_not_lose_that_again(database: ConsoleDatabase) -> None:
    incident = record()
    for mass in (MASS, {}, MASS):
        event = update_event(incident, "update-1", "2026-05-01T14:14:30Z")
        event["data"]["mass"] |= mass
        if not mass:
            del event["data"]["mass"]["photometry"]  # as versions before wrote it
        receive(database, [read_arrival(incident.site, incident.device, "update", encode(event).decode(), 1.8e9)])
        (row,), aside = stored(database)
        assert row["mass"]["photometry"] == MASS["photometry"]  # type: ignore[index]
        assert aside == 0


def test_a_box_that_was_updated_in_between_writes_fields_that_the_version_before_did_not_know(
    database: ConsoleDatabase,
) -> None:
    incident = record()
    event = incident_event(incident)
    assert event["data"]["motion"].pop("release") is None
    receive(database, [read_arrival(incident.site, incident.device, "incident", encode(event).decode(), 1.8e9)])
    receive(database, [updated(weighed(incident))])
    (row,), aside = stored(database)
    assert (row["mass"]["kg"]["median"], aside) == (0.5, 0)  # type: ignore[index]


def test_nothing_but_the_weight_of_what_was_thrown_can_be_changed(database: ConsoleDatabase) -> None:
    receive(database, [raised(record(floor=8))])
    receive(database, [updated(weighed(record(floor=3)))])
    (row,), aside = stored(database)
    assert row["origin"]["floor"] == 8  # type: ignore[index]
    assert aside == 1
