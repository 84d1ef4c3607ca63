"""An incident that was weighed by its pictures after it went upstream."""

from __future__ import annotations

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


def updated(incident: Incident) -> Arrival:
    """Its update on the wire."""
    event = update_event(incident, "update-1", "2026-05-01T14:14:30Z")
    return read_arrival(incident.site, incident.device, "update", encode(event).decode(), 1.8e9)


def raised(incident: Incident) -> Arrival:
    """The incident itself on the wire."""
    return read_arrival(incident.site, incident.device, "incident", encode(incident_event(incident)).decode(), 1.8e9)


def stored(database: ConsoleDatabase) -> tuple[list[dict[str, object]], int]:
    """All records, and how many messages were kept aside."""
    with database.session(EVERYTHING) as session:
        records = [dict(row.record) for row in session.scalars(select(IncidentRow))]
        return records, session.scalar(select(func.count()).select_from(QuarantinedEvent)) or 0


def test_its_weight_is_known_better_and_its_case_stays_as_it_is(database: ConsoleDatabase) -> None:
    for order in ((raised(record()), updated(weighed(record()))), (updated(weighed(record())), raised(record()))):
        for arrival in order:
            receive(database, [arrival])
        (row,), aside = stored(database)
        assert row["mass"]["kg"]["median"] == 0.5  # type: ignore[index]
        assert aside == 0


def test_nothing_but_the_weight_of_what_was_thrown_can_be_changed(database: ConsoleDatabase) -> None:
    receive(database, [raised(record(floor=8))])
    receive(database, [updated(weighed(record(floor=3)))])
    (row,), aside = stored(database)
    assert row["origin"]["floor"] == 8  # type: ignore[index]
    assert aside == 1
