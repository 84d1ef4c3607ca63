"""Doses on the days on which clocks change, and of schedules that begin at an hour that is not the institution's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from handlers.known_timings import MONDAY, due_in, rules_of

from edgecv.handlers.medical.due_doses import DueDoses
from edgecv.handlers.medical.timing import USUAL_TIMES, Due, Institution, doses

BERLIN = Institution(ZoneInfo("Europe/Berlin"), USUAL_TIMES, {})  # an hour, at 02:00 and 03:00
LORD_HOWE = Institution(ZoneInfo("Australia/Lord_Howe"), USUAL_TIMES, {})  # half an hour, at 02:00
SPRING = {BERLIN.zone: date(2026, 3, 29), LORD_HOWE.zone: date(2026, 10, 4)}
AUTUMN = {BERLIN.zone: date(2026, 10, 25), LORD_HOWE.zone: date(2026, 4, 5)}
ORDERED = "2026-03-02"
CODES = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"


def on(day: date, timing: dict[str, Any], institution: Institution) -> list[Due]:
    return sorted(doses(rules_of(timing, ORDERED, institution), day, institution))


def hours(dues: list[Due], institution: Institution) -> list[str]:
    return [datetime.fromtimestamp(due.at_s, institution.zone).strftime("%H:%M%z") for due in dues]


@pytest.mark.parametrize(
    ("institution", "times", "expected"),
    [
        (BERLIN, ["02:30:00"], [("03:30+0200", 1)]),
        (BERLIN, ["02:30:00", "03:30:00"], [("03:30+0200", 2)]),
        (BERLIN, ["01:59:00", "02:00:00", "03:00:00"], [("01:59+0100", 1), ("03:00+0200", 2)]),
        (LORD_HOWE, ["02:15:00", "02:45:00"], [("02:45+1100", 2)]),
        (LORD_HOWE, ["02:00:00", "03:00:00"], [("02:30+1100", 1), ("03:00+1100", 1)]),
    ],
)
def test_of_times_that_the_clocks_leave_out_no_dose_is_lost(
    institution: Institution, times: list[str], expected: list[tuple[str, int]]
) -> None:
    dues = on(SPRING[institution.zone], {"repeat": {"timeOfDay": times}}, institution)
    assert list(zip(hours(dues, institution), [due.least for due in dues], strict=True)) == expected
    assert all(due.most == due.least for due in dues)


@pytest.mark.parametrize(
    ("institution", "times", "expected"),
    [
        (BERLIN, ["02:30:00"], ["02:30+0200"]),  # the first of the two
        (BERLIN, ["02:30:00", "03:30:00"], ["02:30+0200", "03:30+0100"]),
        (LORD_HOWE, ["01:45:00"], ["01:45+1100"]),
    ],
)
def test_a_time_that_comes_twice_is_one_dose(institution: Institution, times: list[str], expected: list[str]) -> None:
    dues = on(AUTUMN[institution.zone], {"repeat": {"timeOfDay": times}}, institution)
    assert hours(dues, institution) == expected
    assert [due.most for due in dues] == [1] * len(expected)


@pytest.mark.parametrize(
    ("institution", "minutes", "spring", "autumn"),
    [
        (BERLIN, 60, 23, 25),
        (BERLIN, 30, 46, 50),
        (BERLIN, 120, 12, 12),
        (LORD_HOWE, 30, 47, 49),
        (LORD_HOWE, 60, 24, 24),
    ],
)
def test_steps_go_on_through_the_change(institution: Institution, minutes: int, spring: int, autumn: int) -> None:
    timing = {"repeat": {"frequency": 1, "period": minutes, "periodUnit": "min"}}
    for day, count in ((SPRING[institution.zone], spring), (AUTUMN[institution.zone], autumn)):
        of_days = [due.at_s for step in (-1, 0, 1) for due in on(day + timedelta(days=step), timing, institution)]
        assert len(of_days) == len(set(of_days)) == 2 * 24 * 60 // minutes + count
        if institution is BERLIN and minutes <= 60:
            assert {later - one for one, later in pairwise(of_days)} == {minutes * 60.0}


def test_q1h_has_as_many_doses_as_the_day_has_hours() -> None:
    timing = {"code": {"coding": [{"system": CODES, "code": "Q1H"}]}}
    assert [len(on(day, timing, BERLIN)) for day in (SPRING[BERLIN.zone], MONDAY, AUTUMN[BERLIN.zone])] == [23, 24, 25]


def test_steps_that_fill_a_day_stay_at_their_hours_after_the_change() -> None:
    bounds = {"boundsPeriod": {"start": "2026-03-28T13:00:00+01:00"}}
    rules = rules_of({"repeat": {"frequency": 1, "period": 12, "periodUnit": "h", **bounds}}, None, BERLIN)
    expected = ["03-28 13:00", "03-29 01:00", "03-29 13:00", "03-30 01:00", "03-30 13:00"]
    assert due_in(rules, date(2026, 3, 28), 3, BERLIN) == expected


def test_two_doses_at_one_moment_are_both_expected() -> None:
    rules = rules_of({"repeat": {"timeOfDay": ["02:30:00", "03:30:00"]}}, ORDERED, BERLIN)
    noon_s = 1774778400.0  # 2026-03-29 12:00 in Berlin
    around = DueDoses(BERLIN, 3600.0, 3600.0)
    around.begin_day(noon_s, ["a"], {"a": rules}.__getitem__)
    due = around.taken("a", noon_s - 8 * 3600.0)
    assert due is not None and (due.least, due.most) == (2, 2)


AT_ONE = {"boundsPeriod": {"start": "2026-03-02T13:00:00+08:00"}}


@pytest.mark.parametrize(
    ("timing", "days", "expected"),
    [
        # "at institution specified times": the start says from when, and not at what time
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}, 3, ["03-03 08:00", "03-04 08:00"]),
        ({"code": "QD"}, 3, ["03-03 08:00", "03-04 08:00"]),
        # whether the first day counts is open, so on that day or the next
        (
            {"repeat": {"frequency": 1, "period": 2, "periodUnit": "d"}},
            5,
            [f"1-1 of 03-0{day} 00:00 to 03-0{day + 2} 00:00" for day in (2, 4, 6)],
        ),
        ({"code": "QOD"}, 2, ["1-1 of 03-02 00:00 to 03-04 00:00"]),
        ({"code": "WK"}, 8, ["1-1 of 03-02 00:00 to 03-04 00:00", "1-1 of 03-09 00:00 to 03-11 00:00"]),
        ({"code": "MO"}, 32, ["1-1 of 03-02 00:00 to 03-04 00:00", "1-1 of 04-02 00:00 to 04-04 00:00"]),
        ({"code": "Q6H"}, 1, ["03-02 14:00", "03-02 20:00"]),
        # hours that no code names go on from the start
        ({"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}, 1, ["03-02 13:00", "03-02 19:00"]),
        ({"repeat": {"frequency": 1, "period": 24, "periodUnit": "h"}}, 2, ["03-02 13:00", "03-03 13:00"]),
        ({"repeat": {"frequency": 1, "period": 48, "periodUnit": "h"}}, 4, ["03-02 13:00", "03-04 13:00"]),
    ],
)
def test_a_schedule_that_begins_at_one_has_the_institutions_hours_but_for_steps_of_hours(
    timing: dict[str, Any], days: int, expected: list[str]
) -> None:
    if isinstance(timing.get("code"), str):
        timing = {"code": {"coding": [{"system": CODES, "code": timing["code"]}]}}
    timing = {**timing, "repeat": {**timing.get("repeat", {}), **AT_ONE}}
    assert due_in(rules_of(timing), MONDAY, days) == expected


def test_a_dose_at_the_beginning_may_be_taken_and_need_not() -> None:
    rules = rules_of({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **AT_ONE}})
    assert due_in(rules, MONDAY, 2, required=False) == ["03-02 13:00", "03-03 08:00"]
    at_eight = {"boundsPeriod": {"start": "2026-03-02T08:00:00+08:00"}}
    rules = rules_of({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **at_eight}})
    assert due_in(rules, MONDAY, 2, required=False) == ["03-02 08:00", "03-03 08:00"]
    every_other = rules_of({"repeat": {"frequency": 1, "period": 2, "periodUnit": "d", **at_eight}})
    assert due_in(every_other, MONDAY, 3) == ["03-02 08:00", "03-04 08:00"]


@pytest.mark.parametrize(
    "timing",
    [
        {"code": {"text": "PM"}},
        {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}},
        {"event": ["2011-12-29", "2011-12-30", "2011-12-31"]},
        {"repeat": {"timeOfDay": ["08:00:00"]}},
    ],
)
def test_no_dose_is_due_on_a_day_that_the_calendar_leaves_out(timing: dict[str, Any]) -> None:
    samoa = Institution(ZoneInfo("Pacific/Apia"), USUAL_TIMES, {})  # from the 29th to the 31st of December 2011
    rules = rules_of(timing, "2011-12-25", samoa)
    dues = {due.key: due for day in (29, 30, 31) for due in doses(rules, date(2011, 12, day), samoa)}
    assert len(dues) == 2
    assert all(due.opens_s is None or due.at_s - due.opens_s >= 12 * 3600.0 for due in dues.values())
