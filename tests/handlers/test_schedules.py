"""Schedules at work: spans of time, schedules that are not understood, and those that older versions stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from handlers.known_timings import request_of
from rehearsing import Rehearsal

from edgecv.config import check_box
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, stamp_text
from edgecv.simulation.devices.medication import medication_day

DAY_S = 86400.0
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00"]}
SETTINGS = dict(medication_day(1, 0, "mqtt://127.0.0.1:1").settings)  # where people live in UTC


@pytest.fixture
def ward(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, SETTINGS)


def order(ward: Rehearsal, at_s: float, repeat: dict[str, Any], version_s: float | None = None, **dosage: Any) -> None:
    meta = {"lastUpdated": stamp_text(at_s if version_s is None else version_s)}
    request = request_of([{"timing": {"repeat": repeat}, **dosage}], meta=meta, authoredOn="2026-03-02")
    ward.feed("fhir/MedicationRequest", request, at_s)
    ward.work()


def take(ward: Rehearsal, dose: str, at_s: float) -> None:
    ward.feed("dispenser/dose", {"schedule": "m1", "id": dose, "time": stamp_text(at_s)}, at_s + 5.0)


def pass_hours(ward: Rehearsal, from_h: int, to_h: int) -> None:
    for hour in range(from_h, to_h + 1):
        ward.tell_time(MIDNIGHT_S + hour * 3600.0)
    ward.work()


def alarms(ward: Rehearsal) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.details["due_at"]) for alarm in ward.records()]


@pytest.mark.parametrize(
    ("taken_days", "expected"),
    [((0, 2, 5), []), ((0, 5), ["dose_missed"]), ((), ["dose_missed"]), ((0, 1, 2, 3), ["dose_doubled"])],
)
def test_three_doses_a_week_are_missed_or_too_many_at_the_end_of_the_week(
    ward: Rehearsal, taken_days: tuple[int, ...], expected: list[str]
) -> None:
    order(ward, MIDNIGHT_S + 600.0, {"frequency": 3, "period": 1, "periodUnit": "wk"})
    for day in range(7):
        pass_hours(ward, day * 24 + 1, day * 24 + 10)
        if day in taken_days:
            take(ward, f"d{day}", MIDNIGHT_S + day * DAY_S + 10 * 3600.0)
        pass_hours(ward, day * 24 + 11, day * 24 + 23)
    assert [kind for kind, _ in alarms(ward)] == [kind for kind in expected if kind == "dose_doubled"]
    pass_hours(ward, 7 * 24, 8 * 24)
    assert alarms(ward) == [(kind, stamp_text(MIDNIGHT_S + 7 * DAY_S)) for kind in expected]


def test_a_schedule_that_changes_to_one_not_understood_is_watched_no_longer_and_everybody_is_told(
    ward: Rehearsal,
) -> None:
    order(ward, MIDNIGHT_S, DAILY)
    order(ward, MIDNIGHT_S + 3600.0, {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"})
    order(
        ward, MIDNIGHT_S + 3660.0, {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}, MIDNIGHT_S + 3600.0
    )
    pass_hours(ward, 2, 40)
    assert ward.records() == []  # nobody is called for the dose that is no longer ordered
    problem = "schedule m1 is not watched: each dose is due by when the one before was taken (periodMax)"
    assert ward.runner.degraded() == (problem,)
    told = [event["data"]["text"] for event in ward.messages("device") if event["subject"] == "schedule_not_watched"]
    assert told == [problem]
    assert ward.runner.context.counts["unreadable"] == 2
    assert ward.runner.context.gauges["schedules_not_watched"] == 1.0
    ward.start()  # also after the next start
    assert ward.runner.degraded() == (problem,)
    order(ward, MIDNIGHT_S + 41 * 3600.0, DAILY)
    assert ward.runner.degraded() == ()
    pass_hours(ward, 41, 58)
    assert alarms(ward) == [("dose_missed", stamp_text(MIDNIGHT_S + 2 * DAY_S + 8 * 3600.0))]


def test_a_schedule_that_becomes_as_needed_or_is_stopped_calls_nobody(ward: Rehearsal) -> None:
    order(ward, MIDNIGHT_S, DAILY)
    order(ward, MIDNIGHT_S + 3600.0, DAILY, asNeededCodeableConcept={"text": "pain"})
    pass_hours(ward, 2, 30)
    assert ward.records() == []
    assert ward.runner.degraded() == ()


def test_no_more_than_a_few_of_many_are_named(ward: Rehearsal) -> None:
    for number in range(9):
        request = request_of([{"timing": {"repeat": {"count": 1}}}]) | {"id": f"m{number}"}
        ward.feed("fhir/MedicationRequest", request, MIDNIGHT_S)
    ward.work()
    problems = ward.runner.degraded()
    assert len(problems) == 6
    assert problems[-1] == "and 4 more schedules are not watched"


def store(ward: Rehearsal, doses: list[dict[str, Any]]) -> None:
    entry = {"version": MIDNIGHT_S, "patient": "p", "doses": doses, "judged": MIDNIGHT_S, "taken": {}}
    ward.feed("edgecv/v1/home/dev/command", b"{}", MIDNIGHT_S)  # a time to begin with
    ward.work()
    ward.runner.context.put("schedule/m1", json.loads(json.dumps(entry)))
    ward.runner.context.work.complete()
    assert ward.runner._commit()
    ward.start()


OLD = {"events": [], "hours": ["08:00"], "every_days": 1, "weekdays": [], "first": "2026-03-01", "last": "2026-03-02"}


def test_what_an_older_version_stored_is_watched_as_it_was_until_it_comes_again(ward: Rehearsal) -> None:
    store(ward, [OLD])
    pass_hours(ward, 1, 60)
    assert alarms(ward) == [("dose_missed", stamp_text(MIDNIGHT_S + 8 * 3600.0))]
    assert "1 schedules are watched as an older version" in str(ward.runner.notices())
    order(ward, MIDNIGHT_S + 61 * 3600.0, DAILY, MIDNIGHT_S)  # the same version of the order
    assert ward.runner.notices() == ()
    pass_hours(ward, 62, 82)
    assert alarms(ward)[1:] == [("dose_missed", stamp_text(MIDNIGHT_S + 3 * DAY_S + 8 * 3600.0))]


@pytest.mark.parametrize("change", [{"every_days": 7, "weekdays": [0]}, {"every_days": 2, "first": None}])
def test_what_an_older_version_cannot_have_meant_is_not_watched_and_is_told(
    ward: Rehearsal, change: dict[str, Any]
) -> None:
    store(ward, [OLD | change])
    pass_hours(ward, 1, 60)
    assert ward.records() == []
    assert "an older version of edgecv stored it" in str(ward.runner.degraded())
    order(ward, MIDNIGHT_S + 61 * 3600.0, DAILY, MIDNIGHT_S)
    assert ward.runner.degraded() == ()


def test_hours_of_so_many_doses_are_as_many(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(
        "site: s\ndevices:\n  doses:\n    kind: medication\n    on_call: [dr-1]\n    hook: {listen: '127.0.0.1:8481'}\n"
        "    times_a_day:\n      '2': ['07:00', '18:00']\n      '3': ['07:00', '18:00']\n      many: ['07:00']\n"
    )
    problems = "\n".join(check_box(box).problems)
    assert f"{box}:9: devices.doses.times_a_day" in problems and "must have 3 different hours" in problems
    assert f"{box}:10: devices.doses.times_a_day.many" in problems
    assert f"{box}:8" not in problems


BID = {"frequency": 2, "period": 1, "periodUnit": "d"}


def administer(ward: Rehearsal, dose: str, at_s: float, status: str = "completed", **effective: Any) -> None:
    resource = {
        "resourceType": "MedicationAdministration",
        "id": dose,
        "status": status,
        "medicationCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/1"},
        "request": {"reference": "MedicationRequest/m1"},
        **(effective or {"effectiveDateTime": stamp_text(at_s)}),
    }
    ward.feed(f"PUT /fhir/MedicationAdministration/{dose}", resource, at_s)
    ward.work()


def test_a_dose_that_was_entered_in_error_is_missing_after_all(ward: Rehearsal) -> None:
    order(ward, MIDNIGHT_S, DAILY)
    administer(ward, "d1", MIDNIGHT_S + 8 * 3600.0)
    pass_hours(ward, 9, 12)
    assert ward.records() == []
    administer(ward, "d1", MIDNIGHT_S + 12.5 * 3600.0, "entered-in-error")
    assert alarms(ward) == [("dose_missed", stamp_text(MIDNIGHT_S + 8 * 3600.0))]
    administer(ward, "d1", MIDNIGHT_S + 12.6 * 3600.0, "entered-in-error")
    assert len(ward.records()) == 1


def test_a_dose_taken_back_before_its_time_is_over_may_still_be_taken(ward: Rehearsal) -> None:
    order(ward, MIDNIGHT_S, DAILY)
    administer(ward, "d1", MIDNIGHT_S + 8 * 3600.0)
    administer(ward, "d1", MIDNIGHT_S + 8.1 * 3600.0, "not-done")
    administer(ward, "d2", MIDNIGHT_S + 8.2 * 3600.0)
    pass_hours(ward, 9, 20)
    assert ward.records() == []


def test_doses_of_which_only_the_day_is_told_are_those_of_that_day(ward: Rehearsal) -> None:
    order(ward, MIDNIGHT_S, BID)
    for dose in ("a", "b"):  # both in the evening, as a nurse may write them down
        administer(ward, dose, MIDNIGHT_S + 20 * 3600.0, effectiveDateTime="2026-03-02")
    pass_hours(ward, 20, 30)
    assert [kind for kind, _ in alarms(ward)] == ["dose_missed"]  # the morning's, which nobody had told of in time
    administer(ward, "c", MIDNIGHT_S + 31 * 3600.0, effectiveDateTime="2026-03-02")
    assert [kind for kind, _ in alarms(ward)][1:] == ["dose_doubled"]


def test_an_infusion_that_ended_is_a_dose_by_its_end_or_its_begin(ward: Rehearsal) -> None:
    order(ward, MIDNIGHT_S, BID)
    moment = MIDNIGHT_S + 8 * 3600.0
    administer(ward, "a", moment + 1800.0, effectivePeriod={"start": stamp_text(moment)})
    pass_hours(ward, 9, 19)
    assert ward.records() == []
    administer(ward, "b", moment, effectiveDateTime="2026-03")
    assert ward.runner.context.counts["unreadable"] == 1
