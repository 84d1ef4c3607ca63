"""Orders that cannot be read, carry out others, or end within a span: what is not watched is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handlers.known_timings import request_of
from rehearsing import Rehearsal

from edgecv.simulation.devices.device_trace import MIDNIGHT_S, stamp_text
from edgecv.simulation.devices.medication import medication_day

HOUR_S = 3600.0
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00"]}


@pytest.fixture
def ward(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, dict(medication_day(1, 0, "mqtt://127.0.0.1:1").settings))


def order(ward: Rehearsal, name: str, hour: float, repeat: dict[str, Any] | None = None, **fields: Any) -> None:
    at_s = MIDNIGHT_S + hour * HOUR_S
    meta = {"lastUpdated": stamp_text(at_s)}
    request = request_of([{"timing": {"repeat": repeat or DAILY}}], meta=meta, authoredOn="2026-03-02")
    ward.feed(f"PUT /fhir/MedicationRequest/{name}", request | {"id": name} | fields, at_s)
    ward.work()


def take(ward: Rehearsal, schedule: str, dose: str, hour: float) -> None:
    at_s = MIDNIGHT_S + hour * HOUR_S
    ward.feed("dispenser/dose", {"schedule": schedule, "id": dose, "time": stamp_text(at_s)}, at_s + 5.0)
    ward.work()


def pass_hours(ward: Rehearsal, from_h: int, to_h: int) -> None:
    for hour in range(from_h, to_h + 1):
        ward.tell_time(MIDNIGHT_S + hour * HOUR_S)
    ward.work()


def missed(ward: Rehearsal) -> list[str]:
    return [f"{alarm.kind} {alarm.subject}" for alarm in ward.records()]


def told(ward: Rehearsal) -> list[str]:
    return [event["data"]["text"] for event in ward.messages("device") if event["subject"] == "schedule_not_watched"]


def carries_out(order_id: str) -> list[dict[str, str]]:
    return [{"reference": f"MedicationRequest/{order_id}"}]


@pytest.mark.parametrize(
    "broken",
    [
        {"dosageInstruction": "one a day"},
        {"dosageInstruction": [{"timing": {"repeat": {"frequency": "three"}}}]},
        {"subject": "somebody"},
        {"authoredOn": "yesterday"},
        {"resourceType": "MedicationDispense"},
    ],
)
def test_a_version_that_cannot_be_read_leaves_no_older_one_watched_in_silence(
    ward: Rehearsal, broken: dict[str, Any]
) -> None:
    order(ward, "m1", 0.0)
    order(ward, "m1", 1.0, **broken)
    pass_hours(ward, 2, 30)
    assert missed(ward) == []
    assert len(told(ward)) == 1 and told(ward)[0].startswith("schedule m1 is not watched: its newest version ")
    assert ward.runner.degraded() == tuple(told(ward))
    assert ward.runner.context.counts["unreadable"] == 1
    order(ward, "m1", 31.0)
    assert ward.runner.degraded() == ()


def test_bytes_that_are_no_json_stop_the_order_of_their_address(ward: Rehearsal) -> None:
    order(ward, "m1", 0.0)
    ward.feed("PUT /fhir/MedicationRequest/m1", b"\xff{", MIDNIGHT_S + HOUR_S)
    ward.work()
    assert len(ward.runner.degraded()) == 1


def test_an_older_version_or_another_resource_that_cannot_be_read_stops_nothing(ward: Rehearsal) -> None:
    order(ward, "m1", 2.0)
    order(ward, "m1", 1.0, subject="somebody")
    order(ward, "m2", 3.0, status="stopped", subject="somebody")
    ward.feed("PUT /fhir/MedicationAdministration/m1", b"{", MIDNIGHT_S + 4 * HOUR_S)
    pass_hours(ward, 5, 12)
    assert ward.runner.degraded() == ()
    assert missed(ward) == ["dose_missed m1"]


def test_a_first_version_that_cannot_be_read_is_told_too(ward: Rehearsal) -> None:
    order(ward, "m1", 0.0, subject="somebody")
    assert len(ward.runner.degraded()) == len(told(ward)) == 1


@pytest.mark.parametrize(
    ("fields", "is_watched"),
    [
        ({"intent": "order"}, True),
        ({"intent": "original-order"}, True),
        ({"intent": "reflex-order"}, True),
        ({"intent": "instance-order"}, True),
        ({"intent": "filler-order", "basedOn": carries_out("elsewhere")}, True),
        ({"intent": "plan"}, True),
        ({"intent": "proposal"}, False),  # nobody has ordered it
        ({"intent": "option"}, False),
        ({"intent": "order", "status": "on-hold"}, False),
        ({"intent": "order", "status": "draft"}, False),
    ],
)
def test_what_is_ordered_is_watched(ward: Rehearsal, fields: dict[str, Any], is_watched: bool) -> None:
    order(ward, "m1", 0.0, **fields)
    pass_hours(ward, 1, 12)
    assert missed(ward) == (["dose_missed m1"] if is_watched else [])
    assert ward.runner.degraded() == ()


@pytest.mark.parametrize(
    ("fields", "why"), [({"status": "unknown"}, "its status is unknown"), ({"intent": "filler-order"}, "(basedOn)")]
)
def test_an_order_of_which_nobody_says_whether_it_is_due_is_told(
    ward: Rehearsal, fields: dict[str, Any], why: str
) -> None:
    order(ward, "m1", 0.0, **fields)
    pass_hours(ward, 1, 12)
    assert missed(ward) == []
    assert why in str(ward.runner.degraded())


@pytest.mark.parametrize("intent", ["filler-order", "instance-order", "order"])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_order_that_carries_out_another_is_due_once(ward: Rehearsal, intent: str, is_first: bool) -> None:
    orders: list[tuple[str, dict[str, Any]]] = [("m1", {}), ("m2", {"intent": intent, "basedOn": carries_out("m1")})]
    for hour, (name, fields) in enumerate(orders if is_first else reversed(orders)):
        order(ward, name, 0.1 * hour, **fields)
    take(ward, "m2", "a", 8.0)
    pass_hours(ward, 9, 31)
    take(ward, "m1", "b", 32.0)
    pass_hours(ward, 33, 55)
    assert missed(ward) == []
    assert "1 orders carry out others that are watched (such as m2)" in str(ward.runner.notices())
    ward.start()  # also after the next start
    take(ward, "m2", "c", 56.0)
    pass_hours(ward, 57, 84)
    assert missed(ward) == ["dose_missed m1"]


@pytest.mark.parametrize("is_first", [True, False])
def test_of_a_long_chain_of_orders_the_first_is_due(ward: Rehearsal, is_first: bool) -> None:
    orders: list[tuple[str, dict[str, Any]]] = [
        (f"m{n:02d}", {"basedOn": carries_out(f"m{n - 1:02d}")} if n else {}) for n in range(12)
    ]
    for number, (name, fields) in enumerate(orders if is_first else reversed(orders)):
        order(ward, name, 0.01 * number, **fields)
    take(ward, "m11", "a", 8.0)
    pass_hours(ward, 9, 20)
    assert missed(ward) == []
    pass_hours(ward, 32, 36)
    assert missed(ward) == ["dose_missed m00"]


def test_an_order_is_due_by_itself_when_the_one_it_carries_out_ends(ward: Rehearsal) -> None:
    order(ward, "m1", 0.0)
    order(ward, "m2", 0.1, intent="filler-order", basedOn=carries_out("m1"))
    take(ward, "m2", "a", 8.0)
    pass_hours(ward, 9, 20)
    order(ward, "m1", 21.0, status="completed")
    pass_hours(ward, 21, 31)
    assert missed(ward) == []  # not of what was due while the other was watched
    pass_hours(ward, 32, 36)
    assert missed(ward) == ["dose_missed m2"]


def test_a_reflex_order_is_due_beside_the_order_that_it_follows(ward: Rehearsal) -> None:
    order(ward, "m1", 0.0)
    order(ward, "m2", 0.1, intent="reflex-order", basedOn=carries_out("m1"))
    take(ward, "m1", "a", 8.0)
    pass_hours(ward, 9, 12)
    assert missed(ward) == ["dose_missed m2"]


def test_the_cut_end_of_so_many_a_week_is_told_until_it_is_over(ward: Rehearsal) -> None:
    bounds = {"start": "2026-03-02", "end": "2026-03-11"}
    order(ward, "m1", 0.0, {"frequency": 3, "period": 1, "periodUnit": "wk", "boundsPeriod": bounds})
    (notice,) = ward.runner.notices()
    assert notice.startswith(
        "schedule m1: from 2026-03-09T00:00:00.000Z to 2026-03-11T23:59:59.000Z nobody says how many"
    )
    pass_hours(ward, 24, 24 * 10 - 1)
    assert len(ward.runner.notices()) == 1
    assert missed(ward) == ["dose_missed m1"]
    pass_hours(ward, 24 * 10, 24 * 10 + 1)
    assert ward.runner.notices() == ()


@pytest.mark.parametrize(
    "repeat",
    [
        {"frequency": 3, "period": 1, "periodUnit": "wk"},
        {"frequency": 3, "period": 1, "periodUnit": "wk", "boundsPeriod": {"start": "2026-03-02", "end": "2026-03-15"}},
        {"frequency": 3, "period": 1, "periodUnit": "wk", "count": 6},
        DAILY | {"boundsPeriod": {"end": "2026-03-11"}},
    ],
)
def test_whole_spans_need_no_notice(ward: Rehearsal, repeat: dict[str, Any]) -> None:
    order(ward, "m1", 0.0, repeat)
    assert ward.runner.notices() == ()


@pytest.mark.parametrize("names", [("m1", "m2"), ("m1", "m2", "m3")])
def test_orders_that_name_each_other_are_due_once_and_not_never(ward: Rehearsal, names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        order(ward, name, 0.1 * index, basedOn=carries_out(names[index - 1]))
    take(ward, names[-1], "a", 8.0)
    pass_hours(ward, 9, 31)
    assert missed(ward) == []
    pass_hours(ward, 32, 40)
    assert missed(ward) == ["dose_missed m1"]


@pytest.mark.parametrize(
    "reference", ["MedicationRequest/m1/_history/2", "https://a.org/r4/MedicationRequest/m1/_history/7"]
)
def test_a_reference_to_a_version_is_one_to_its_order(ward: Rehearsal, reference: str) -> None:
    order(ward, "m1", 0.0)
    order(ward, "m2", 0.1, intent="filler-order", basedOn=[{"reference": reference}])
    given = {
        "resourceType": "MedicationAdministration",
        "id": "a1",
        "status": "completed",
        "medicationCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/p"},
        "request": {"reference": reference},
        "effectiveDateTime": stamp_text(MIDNIGHT_S + 8 * HOUR_S),
    }
    ward.feed("PUT /fhir/MedicationAdministration/a1", given, MIDNIGHT_S + 8 * HOUR_S + 5.0)
    ward.work()
    pass_hours(ward, 9, 31)
    assert missed(ward) == []


def test_of_several_orders_that_one_carries_out_the_one_that_is_known_counts(ward: Rehearsal) -> None:
    order(ward, "m1", 0.0)
    order(ward, "m2", 0.1, basedOn=[*carries_out("elsewhere"), *carries_out("m1")])
    take(ward, "m2", "a", 8.0)
    pass_hours(ward, 9, 31)
    assert missed(ward) == []


def version(ward: Rehearsal, hour: float, at_hour: float | None, version_id: str | None = None, **fields: Any) -> None:
    """A version of m1 that comes at an hour, and is of another by its own stamp."""
    meta = {} if at_hour is None else {"lastUpdated": stamp_text(MIDNIGHT_S + at_hour * HOUR_S)}
    meta |= {} if version_id is None else {"versionId": version_id}
    order(ward, "m1", hour, meta=meta, **fields)


def test_a_version_with_a_stamp_of_next_year_does_not_keep_later_ones_out(ward: Rehearsal) -> None:
    version(ward, 0.0, 24.0 * 365)
    version(ward, 1.0, 1.0, status="stopped")
    pass_hours(ward, 2, 31)
    assert missed(ward) == []


def test_a_version_without_a_stamp_does_not_let_an_older_one_in(ward: Rehearsal) -> None:
    version(ward, 1.0, 1.0)
    version(ward, 2.0, None, status="stopped")
    version(ward, 3.0, 0.5)  # a broker that sends again what it kept
    pass_hours(ward, 4, 31)
    assert missed(ward) == []


@pytest.mark.parametrize(("first", "second"), [("9", "10"), ("1", "2"), ("a", "b")])
def test_two_versions_of_one_second_are_told_apart_by_their_numbers(ward: Rehearsal, first: str, second: str) -> None:
    version(ward, 1.0, 1.0, first)
    version(ward, 1.1, 1.0, second, status="stopped")
    if first.isdigit():
        version(ward, 1.2, 1.0, first)  # it comes twice
    pass_hours(ward, 2, 31)
    assert missed(ward) == []
