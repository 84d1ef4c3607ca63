"""FHIR's Timing as HL7 defines it: every example of the R4 pages, units, bounds, counts, codes and time zones.

The examples are those of https://hl7.org/fhir/R4/datatypes.html#Timing and
https://hl7.org/fhir/R4/datatypes-examples.html#Timing; where HL7 leaves an hour to the institution, it is the usual
one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from handlers.known_timings import MONDAY, SHANGHAI, due_in, rules_of
from hypothesis import given
from hypothesis import strategies as st

from edgecv.handlers.medical.due_doses import DueDoses
from edgecv.handlers.medical.timing import USUAL_TIMES, Due, Institution, doses
from edgecv.handlers.medical.timing_bounds import TimingError

ORDERED = "2026-03-02T07:00:00+08:00"
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}
UCUM = {"system": "http://unitsofmeasure.org"}

HL7_EXAMPLES: list[tuple[str, dict[str, Any], int, list[str]]] = [
    ("every 8 hours", {"frequency": 1, "period": 8, "periodUnit": "h"}, 1, ["03-02 08:00", "03-02 16:00"]),
    (
        "every 7 days",
        {"frequency": 1, "period": 7, "periodUnit": "d"},
        15,
        ["03-02 08:00", "03-09 08:00", "03-16 08:00"],
    ),
    (
        "3 times a day",
        {"frequency": 3, "period": 1, "periodUnit": "d"},
        1,
        ["03-02 08:00", "03-02 14:00", "03-02 20:00"],
    ),
    (
        "3-4 times a day",
        {"frequency": 3, "frequencyMax": 4, "period": 1, "periodUnit": "d"},
        2,
        ["3-4 of 03-03 00:00 to 03-04 00:00"],  # of the day of the order nobody says how many are left
    ),
    (
        "every 21 days for 1 hour",
        {"duration": 1, "durationUnit": "h", "frequency": 1, "period": 21, "periodUnit": "d"},
        22,
        ["03-02 08:00", "03-23 08:00"],
    ),
    (
        "three times a week for half an hour",
        {"duration": 0.5, "durationUnit": "h", "frequency": 3, "period": 1, "periodUnit": "wk"},
        8,
        ["3-3 of 03-02 00:00 to 03-09 00:00", "3-3 of 03-09 00:00 to 03-16 00:00"],
    ),
    ("with breakfast", {"when": ["CM"]}, 2, ["03-02 08:00", "03-03 08:00"]),
    (
        "for 5 minutes, 10 minutes before meals",
        {"duration": 5, "durationUnit": "min", "when": ["AC"], "offset": 10},
        1,
        ["03-02 07:50", "03-02 11:50", "03-02 17:50"],
    ),
    (
        "3 times daily, 30 minutes before meals",
        {"frequency": 3, "period": 1, "periodUnit": "d", "when": ["AC"], "offset": 30},
        1,
        ["03-02 07:30", "03-02 11:30", "03-02 17:30"],
    ),
    (
        "BID, 30 minutes before a meal, for the next 10 days",
        {
            "frequency": 2,
            "period": 1,
            "periodUnit": "d",
            "when": ["AC"],
            "offset": 30,
            "boundsDuration": {"value": 3, "code": "d", **UCUM},
        },
        9,
        [f"2-2 of 03-0{day} 00:00 to 03-0{day + 1} 00:00" for day in (3, 4)],
    ),
    (
        "TID, for 14 days",
        {"frequency": 3, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 2, "code": "d", **UCUM}},
        9,
        [f"03-0{day} {hour}" for day in (2, 3) for hour in ("08:00", "14:00", "20:00")],
    ),
    (
        "BID, start on a day at 1 pm",
        {"frequency": 2, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2026-03-02T13:00:00+08:00"}},
        2,
        ["03-02 20:00", "03-03 08:00", "03-03 20:00"],
    ),
    (
        "Monday, Wednesday, Friday morning",
        DAILY | {"dayOfWeek": ["mon", "wed", "fri"], "when": ["MORN"]},
        8,
        ["03-02 08:00", "03-04 08:00", "03-06 08:00", "03-09 08:00"],
    ),
    ("every day at 10", DAILY | {"timeOfDay": ["10:00:00"]}, 2, ["03-02 10:00", "03-03 10:00"]),
    (
        "every second day, in the morning, until 20 have been taken",
        {"frequency": 1, "period": 2, "periodUnit": "d", "when": ["MORN"], "count": 20},
        60,
        [(MONDAY + timedelta(days=2 * n)).strftime("%m-%d 08:00") for n in range(20)],
    ),
    ("BID, no start or end", {"frequency": 2, "period": 1, "periodUnit": "d"}, 1, ["03-02 08:00", "03-02 20:00"]),
    (
        "half an hour before breakfast for 10 days",
        {"boundsPeriod": {"start": "2026-03-02", "end": "2026-03-11"}, "when": ["ACM"], "offset": 30},
        30,
        [f"03-{day:02d} 07:30" for day in range(2, 12)],  # the end of a Period is of it
    ),
]


@pytest.mark.parametrize(
    ("repeat", "days", "expected"), [e[1:] for e in HL7_EXAMPLES], ids=[e[0] for e in HL7_EXAMPLES]
)
def test_every_example_of_hl7_is_due_as_its_page_says(repeat: dict[str, Any], days: int, expected: list[str]) -> None:
    assert due_in(rules_of({"repeat": repeat}, ORDERED), MONDAY, days) == expected


def test_the_examples_that_hl7_leaves_to_the_patient_are_refused_with_the_reason() -> None:
    with pytest.raises(TimingError, match="no time is named by which"):  # take once, at any time
        rules_of({"repeat": {"count": 1}}, ORDERED)
    with pytest.raises(TimingError, match="when the one before was taken"):  # every 4-6 hours
        rules_of({"repeat": {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}}, ORDERED)
    with pytest.raises(TimingError, match="code holds what is not known"):  # in the morning on days off work
        rules_of({"code": {"text": "Take medication in the morning on weekends and days off work"}}, ORDERED)


def test_hl7s_series_of_appointments_is_due_at_its_moments() -> None:
    events = ["2012-01-07T09:00:00+10:00", "2012-01-14T09:00:00+10:00", "2012-01-22T11:00:00+10:00"]
    rules = rules_of({"event": events})
    assert due_in(rules, date(2012, 1, 1), 31) == ["01-07 07:00", "01-14 07:00", "01-22 09:00"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("QD", ["03-02 08:00", "03-03 08:00"]),
        ("QOD", ["03-02 08:00"]),
        ("BID", ["03-02 08:00", "03-02 20:00", "03-03 08:00", "03-03 20:00"]),
        ("TID", [f"03-0{day} {hour}" for day in (2, 3) for hour in ("08:00", "14:00", "20:00")]),
        ("QID", [f"03-0{day} {hour}" for day in (2, 3) for hour in ("08:00", "12:00", "16:00", "20:00")]),
        ("Q4H", [f"03-02 {h:02d}:00" for h in range(8, 24, 4)] + [f"03-03 {h:02d}:00" for h in range(0, 24, 4)]),
        ("Q6H", [f"03-02 {h:02d}:00" for h in (8, 14, 20)] + [f"03-03 {h:02d}:00" for h in (2, 8, 14, 20)]),
        ("AM", ["03-02 08:00", "03-03 08:00"]),
        ("PM", ["1-1 of 03-02 12:00 to 03-03 00:00", "1-1 of 03-03 12:00 to 03-04 00:00"]),  # AFT or EVE
        ("BED", ["03-02 22:00", "03-03 22:00"]),
        ("WK", ["03-02 08:00"]),
        ("MO", ["03-02 08:00"]),
    ],
)
def test_the_codes_of_hl7_mean_what_its_table_says(code: str, expected: list[str]) -> None:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": code}
    assert due_in(rules_of({"code": {"coding": [coding]}}, ORDERED), MONDAY, 2) == expected


def test_a_code_goes_with_bounds_and_with_a_repeat_that_says_the_same() -> None:
    code = {"text": "BID"}
    bounded = rules_of({"code": code, "repeat": {"boundsPeriod": {"end": "2026-03-02"}}}, ORDERED)
    assert due_in(bounded, MONDAY, 5) == ["03-02 08:00", "03-02 20:00"]
    timed = {"frequency": 2, "period": 1, "periodUnit": "d", "timeOfDay": ["07:00:00", "18:00:00"]}
    assert due_in(rules_of({"code": code, "repeat": timed}), MONDAY, 1) == ["03-02 07:00", "03-02 18:00"]
    with pytest.raises(TimingError, match="code and repeat"):
        rules_of({"code": code, "repeat": DAILY})


@pytest.mark.parametrize(
    ("repeat", "days", "expected"),
    [
        # weekly: on its weekdays, whatever the day it began
        ({"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}, 14, ["03-02 08:00", "03-09 08:00"]),
        (
            {"frequency": 3, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "wed", "sun"]},
            8,
            ["03-02 08:00", "03-04 08:00", "03-08 08:00", "03-09 08:00"],
        ),
        (
            {"frequency": 1, "period": 2, "periodUnit": "wk", "dayOfWeek": ["thu"]},
            30,
            ["03-05 08:00", "03-19 08:00"],
        ),
        # months and years: the same day
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, 70, ["03-02 08:00", "04-02 08:00", "05-02 08:00"]),
        (
            {"frequency": 1, "period": 3, "periodUnit": "mo", "timeOfDay": ["09:00:00"]},
            100,
            ["03-02 09:00", "06-02 09:00"],
        ),
        ({"frequency": 1, "period": 1, "periodUnit": "a"}, 366, ["03-02 08:00", "03-02 08:00"]),
        (
            {"frequency": 2, "period": 1, "periodUnit": "mo"},
            32,
            ["2-2 of 03-02 00:00 to 04-02 00:00", "2-2 of 04-02 00:00 to 05-02 00:00"],
        ),
        # hours and minutes: steps, also such as do not divide a day
        (
            {"frequency": 1, "period": 90, "periodUnit": "min", "boundsPeriod": {"start": "2026-03-02T20:30:00+08:00"}},
            1,
            ["03-02 20:30", "03-02 22:00", "03-02 23:30"],
        ),
        ({"frequency": 1, "period": 36, "periodUnit": "h"}, 4, ["03-02 08:00", "03-03 20:00", "03-05 08:00"]),
        (
            {"frequency": 1, "period": 5, "periodUnit": "h"},
            1,
            ["03-02 08:00", "03-02 13:00", "03-02 18:00", "03-02 23:00"],
        ),
        ({"frequency": 1, "period": 43200, "periodUnit": "s"}, 1, ["03-02 08:00", "03-02 20:00"]),
        ({"frequency": 1, "period": 0.5, "periodUnit": "d"}, 1, ["03-02 08:00", "03-02 20:00"]),
        (
            {"frequency": 1, "period": 8, "periodUnit": "h", "timeOfDay": ["06:00:00", "14:00:00", "22:00:00"]},
            1,
            ["03-02 14:00", "03-02 22:00"],
        ),
        # events of the day
        ({"when": ["PC"], "offset": 60}, 1, ["03-02 09:00", "03-02 13:00", "03-02 19:00"]),
        ({"when": ["HS"], "offset": 30}, 1, ["03-02 21:30"]),
        ({"when": ["PHS"], "offset": 90}, 2, ["03-03 00:30", "03-04 00:30"]),
        (
            {"when": ["MORN", "NIGHT"], "frequency": 2, "period": 1, "periodUnit": "d"},
            1,
            ["03-02 08:00", "03-02 21:00"],
        ),
        # counts
        (
            {"frequency": 3, "period": 1, "periodUnit": "d", "count": 4},
            9,
            ["03-02 08:00", "03-02 14:00", "03-02 20:00", "03-03 08:00"],
        ),
        (
            {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["tue", "fri"]}
            | {"frequency": 2, "count": 3},
            30,
            ["03-03 08:00", "03-06 08:00", "03-10 08:00"],
        ),
        (
            {"frequency": 3, "period": 1, "periodUnit": "wk", "count": 6},
            30,
            ["3-3 of 03-02 00:00 to 03-09 00:00", "3-3 of 03-09 00:00 to 03-16 00:00"],
        ),
        (
            {"count": 2, "boundsPeriod": {"start": "2026-03-02", "end": "2026-03-04"}},
            9,
            ["2-2 of 03-02 00:00 to 03-05 00:00"],
        ),
        # lengths
        (
            DAILY | {"boundsDuration": {"value": 1, "code": "wk", **UCUM}},
            30,
            [f"03-{day:02d} 08:00" for day in range(2, 9)],
        ),
        (
            DAILY | {"boundsDuration": {"value": 1, "code": "mo"}, "dayOfWeek": ["mon"]},
            60,
            ["03-02 08:00", "03-09 08:00", "03-16 08:00", "03-23 08:00", "03-30 08:00"],
        ),
        (
            DAILY | {"boundsRange": {"low": {"value": 2, "code": "d"}, "high": {"value": 4, "code": "d"}}},
            30,
            ["03-02 08:00", "03-03 08:00"],
        ),
    ],
)
def test_units_weekdays_events_counts_and_lengths(repeat: dict[str, Any], days: int, expected: list[str]) -> None:
    assert due_in(rules_of({"repeat": repeat}, ORDERED), MONDAY, days) == expected


def test_what_may_be_taken_beyond_what_must_be_is_due_without_being_required() -> None:
    rules = rules_of({"repeat": DAILY | {"count": 2, "countMax": 4}}, ORDERED)
    assert due_in(rules, MONDAY, 30) == ["03-02 08:00", "03-03 08:00"]
    assert len(due_in(rules, MONDAY, 30, required=False)) == 4


def test_a_span_whose_last_minute_is_named_as_the_end_is_whole() -> None:
    bounds = {"start": "2026-03-02", "end": "2026-03-08T23:59:00+08:00"}
    rules = rules_of({"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "boundsPeriod": bounds}})
    assert due_in(rules, MONDAY, 14) == ["3-3 of 03-02 00:00 to 03-09 00:00"]


def test_a_count_holds_the_dose_that_an_offset_moved_into_the_first_day() -> None:
    late = {"when": ["PHS"], "offset": 90, "count": 2, "boundsPeriod": {"start": "2026-03-02"}}
    assert due_in(rules_of({"repeat": late}), MONDAY - timedelta(days=3), 9) == ["03-02 00:30", "03-03 00:30"]


def test_doses_of_several_instructions_at_one_moment_are_not_lost() -> None:
    range_ = {"low": {"value": 1, "code": "d"}, "high": {"value": 9, "code": "d"}}
    rules = [*rules_of({"repeat": DAILY}), *rules_of({"repeat": DAILY | {"boundsRange": range_}}, ORDERED)]
    midnight = [
        *rules_of({"repeat": {"timeOfDay": ["00:00:00"]}}, ORDERED),
        *rules_of({"repeat": {"frequency": 3, "frequencyMax": 4, "period": 1, "periodUnit": "d"}}, "2026-03-01"),
    ]
    seven = ZoneInfo("Asia/Shanghai")
    around = DueDoses(SHANGHAI, 0.0, 0.0)
    around.begin_day(
        datetime(2026, 3, 5, 12, tzinfo=seven).timestamp(), ["a", "b"], {"a": rules, "b": midnight}.__getitem__
    )
    assert [due.least for due in around.of("a")] == [1, 1, 1, 1]
    texts = [(datetime.fromtimestamp(due.at_s, seven).day, due.opens_s is None) for due in around.of("b")]
    assert texts == [(day, is_moment) for day in (3, 4, 5, 6, 7) for is_moment in (False, True)][1:-1]


def test_bounds_in_utc_begin_and_end_on_the_day_where_the_person_lives() -> None:
    bounds = {"start": "2026-03-01T16:00:00Z", "end": "2026-03-03T15:59:59Z"}  # 2 and 3 March in Shanghai
    rules = rules_of({"repeat": {"frequency": 1, "period": 2, "periodUnit": "d", "boundsPeriod": bounds}})
    assert due_in(rules, date(2026, 2, 25), 14) == ["03-02 08:00"]
    rules = rules_of({"repeat": {"timeOfDay": ["07:00:00"], "boundsPeriod": bounds}})
    assert due_in(rules, date(2026, 2, 25), 14) == ["03-02 07:00", "03-03 07:00"]


@pytest.mark.parametrize(
    ("end", "last"), [("2026-03", "03-31 08:00"), ("2026-03-04", "03-04 08:00"), ("2026", "12-31 08:00")]
)
def test_a_month_or_a_year_as_a_bound_is_all_of_it(end: str, last: str) -> None:
    rules = rules_of({"repeat": DAILY | {"boundsPeriod": {"start": "2026-03", "end": end}}})
    due = due_in(rules, date(2026, 1, 1), 365)
    assert (due[0], due[-1]) == ("03-01 08:00", last)


def test_days_are_counted_from_the_order_and_never_from_1970() -> None:
    repeat = {"frequency": 1, "period": 3, "periodUnit": "d", "timeOfDay": ["07:00:00"]}
    for day in range(2, 9):
        rules = rules_of({"repeat": repeat}, f"2026-03-0{day}")
        assert due_in(rules, MONDAY, 10)[0] == f"03-0{day} 07:00"
    # written after seven, it begins with the next seven o'clock
    assert due_in(rules_of({"repeat": repeat}, "2026-03-02T09:00:00+08:00"), MONDAY, 4) == ["03-03 07:00"]


def test_an_institution_may_give_doses_at_its_own_hours() -> None:
    own = Institution(ZoneInfo("Asia/Shanghai"), USUAL_TIMES, {2: ("07:00", "18:00"), 5: ("06:00",) * 5})
    assert due_in(rules_of({"code": {"text": "BID"}}, institution=own), MONDAY, 1, own) == [
        "03-02 07:00",
        "03-02 18:00",
    ]


def test_hours_are_those_of_the_wall_clock_when_clocks_change() -> None:
    berlin = Institution(ZoneInfo("Europe/Berlin"), USUAL_TIMES, {})
    rules = rules_of({"repeat": DAILY | {"boundsDuration": {"value": 3, "code": "d"}}}, "2026-03-28", berlin)
    assert due_in(rules, date(2026, 3, 27), 9, berlin) == ["03-28 08:00", "03-29 08:00", "03-30 08:00"]


@given(
    unit=st.sampled_from(("h", "d", "wk")),
    period=st.integers(1, 30),
    start=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    days=st.integers(0, 400),
)
def test_one_dose_a_period_keeps_its_distance_from_the_first(unit: str, period: int, start: date, days: int) -> None:
    rules = rules_of({"repeat": {"frequency": 1, "period": period, "periodUnit": unit}}, start.isoformat())
    length_s = period * {"h": 3600.0, "d": 86400.0, "wk": 7 * 86400.0}[unit]
    if length_s % 86400.0 == 0.0 or 86400.0 % length_s == 0.0:
        first = next(due.at_s for due in doses(rules, start, SHANGHAI))
        later: list[Due] = list(doses(rules, start + timedelta(days=days), SHANGHAI))
        assert all((due.at_s - first) % length_s == 0.0 for due in later)
        assert bool(later) == (days * 86400.0 % length_s == 0.0 or length_s < 86400.0)
