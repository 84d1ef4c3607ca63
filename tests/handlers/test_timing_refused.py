"""What of FHIR's Timing leaves a dose open, contradicts itself or is not known is refused, each for its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from handlers.known_timings import MONDAY, SHANGHAI, due_in, request_of, rules_of

from edgecv.handlers.medical.fhir import read_resource
from edgecv.handlers.medical.timing import Rule, schedule_of
from edgecv.handlers.medical.timing_bounds import TimingError
from edgecv.messages import timing as messages

DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}
WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}
ORDERED = "2026-03-02"


def why(timing: dict[str, Any], authored: str | None = ORDERED, **dosage: Any) -> str:
    with pytest.raises(TimingError) as raised:
        rules_of(timing, authored, **dosage)
    return raised.value.why


@pytest.mark.parametrize(
    ("repeat", "reason"),
    [
        ({}, messages.EMPTY()),
        ({"boundsPeriod": {"start": "2026-03-01"}}, messages.EMPTY()),
        ({"duration": 1, "durationUnit": "h"}, messages.EMPTY()),
        ({"count": 1}, messages.NO_DEADLINE()),
        ({"frequency": 2}, messages.NO_PERIOD()),
        ({"frequency": 2, "timeOfDay": ["08:00:00", "20:00:00"]}, messages.NO_PERIOD()),
        ({"frequency": 1, "period": 1}, messages.NO_UNIT()),
        (DAILY | {"duration": 1}, messages.NO_UNIT()),
        # contradictions
        ({"frequency": 3, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00"]}, messages.OTHER_NUMBER()),
        (DAILY | {"timeOfDay": ["02:00:00", "04:00:00"]}, messages.OTHER_NUMBER()),  # HL7's own nonsense
        ({"frequency": 3, "frequencyMax": 4, "period": 1, "periodUnit": "d", "when": ["CM"]}, messages.OTHER_NUMBER()),
        ({"frequency": 4, "period": 1, "periodUnit": "d", "when": ["AC"]}, messages.OTHER_NUMBER()),
        ({"frequency": 1, "period": 8, "periodUnit": "h", "timeOfDay": ["08:00:00"]}, messages.OTHER_NUMBER()),
        ({"frequency": 1, "period": 3, "periodUnit": "d", "dayOfWeek": ["fri"]}, messages.DAYS_OPEN()),  # and this
        (WEEKLY | {"dayOfWeek": ["mon", "thu"]}, messages.OTHER_WEEKDAYS()),
        (WEEKLY | {"frequency": 2, "dayOfWeek": ["mon", "wed", "fri"]}, messages.OTHER_WEEKDAYS()),
        (DAILY | {"timeOfDay": ["08:00:00"], "when": ["CM"]}, messages.AGAINST_FHIR(rule="tim-10")),
        (DAILY | {"offset": 30}, messages.AGAINST_FHIR(rule="tim-9")),
        (DAILY | {"when": ["CM"], "offset": 30}, messages.AGAINST_FHIR(rule="tim-9")),
        (DAILY | {"countMax": 3}, messages.AGAINST_FHIR(rule="tim-8")),
        ({"frequency": 1, "period": 0, "periodUnit": "d"}, messages.AGAINST_FHIR(rule="tim-5")),
        ({"frequency": 1, "period": -1, "periodUnit": "d"}, messages.AGAINST_FHIR(rule="tim-5")),
        (
            {"frequency": 4, "frequencyMax": 3, "period": 1, "periodUnit": "d"},
            messages.AGAINST_FHIR(rule="frequencyMax"),
        ),
        (DAILY | {"boundsPeriod": {"start": "2026-03-05", "end": "2026-03-04"}}, messages.ENDS_BEFORE_IT_BEGINS()),
        (
            WEEKLY | {"dayOfWeek": ["mon"], "boundsPeriod": {"start": "2026-03-03", "end": "2026-03-07"}},
            messages.NEVER_DUE(),
        ),
        # bounds that cut each span leave no dose that must be taken
        (WEEKLY | {"frequency": 3, "boundsPeriod": {"start": "2026-03-02", "end": "2026-03-06"}}, messages.DAYS_OPEN()),
        (
            {"frequency": 2, "period": 1, "periodUnit": "mo", "boundsDuration": {"value": 2, "code": "wk"}},
            messages.DAYS_OPEN(),
        ),
        # what is left open
        ({"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}, messages.BETWEEN_DOSES()),
        ({"frequency": 2, "period": 2, "periodUnit": "wk", "dayOfWeek": ["mon", "thu"]}, messages.DAYS_OPEN()),
        ({"frequency": 2, "period": 12, "periodUnit": "h"}, messages.DAYS_OPEN()),
        ({"frequency": 1, "period": 1.5, "periodUnit": "mo"}, messages.DAYS_OPEN()),
        ({"frequency": 1, "period": 1, "periodUnit": "mo", "dayOfWeek": ["mon"]}, messages.DAYS_OPEN()),
        ({"frequency": 3, "frequencyMax": 4, "period": 1, "periodUnit": "d", "count": 20}, messages.DAYS_OPEN()),
        ({"frequency": 5, "period": 1, "periodUnit": "d"}, messages.TIMES_OPEN()),
        (
            {"frequency": 1, "period": 1, "periodUnit": "mo", "boundsPeriod": {"start": "2026-01-31"}},
            messages.DAY_OF_MONTH(),
        ),
        # what is not known
        (DAILY | {"when": ["IMD"]}, messages.UNKNOWN(element="when")),
        (DAILY | {"when": ["CM", "CM"]}, messages.UNKNOWN(element="when")),
        ({"frequency": 1, "period": 1, "periodUnit": "fortnight"}, messages.UNKNOWN(element="periodUnit")),
        (DAILY | {"dayOfWeek": ["monday"]}, messages.UNKNOWN(element="dayOfWeek")),
        (DAILY | {"timeOfDay": [None]}, messages.UNKNOWN(element="timeOfDay")),
        (DAILY | {"boundsDuration": {"value": 10, "unit": "days"}}, messages.UNKNOWN(element="boundsDuration")),
        (
            DAILY | {"boundsDuration": {"value": 10, "code": "d", "comparator": "<"}},
            messages.UNKNOWN(element="boundsDuration"),
        ),
        (DAILY | {"boundsRange": {"high": {"value": 5, "code": "d"}}}, messages.UNKNOWN(element="boundsRange")),
        ({"frequency": 1, "period": 10, "periodUnit": "s"}, messages.TOO_MANY()),
        ({"frequency": 1, "period": 100, "periodUnit": "a"}, messages.TOO_LONG()),
        (DAILY | {"count": 100_000}, messages.TOO_LONG()),
        (
            DAILY | {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/timing-daysOfCycle"}]},
            messages.EXTENDED(),
        ),
        (
            {"period": 1, "periodUnit": "d", "_frequency": {"extension": [{"url": "http://x"}]}},
            messages.EXTENDED(),
        ),
    ],
)
def test_a_repeat_that_is_not_understood_is_refused_for_its_reason(repeat: dict[str, Any], reason: str) -> None:
    assert why({"repeat": repeat}) == reason


@pytest.mark.parametrize(
    "repeat",
    [
        {"frequency": 1, "period": 2, "periodUnit": "d"},
        WEEKLY,
        WEEKLY | {"frequency": 3},
        {"frequency": 1, "period": 1, "periodUnit": "mo"},
        {"frequency": 1, "period": 5, "periodUnit": "h"},
        DAILY | {"count": 5},
        DAILY | {"boundsDuration": {"value": 5, "code": "d"}},
    ],
)
def test_what_is_counted_from_a_beginning_that_nobody_says_is_refused(repeat: dict[str, Any]) -> None:
    assert why({"repeat": repeat}, authored=None) == messages.NO_START()
    assert rules_of({"repeat": repeat}, ORDERED)


def test_daily_hours_need_no_beginning() -> None:
    assert due_in(rules_of({"repeat": DAILY}), MONDAY, 1) == ["03-02 08:00"]


@pytest.mark.parametrize("event", ["2026-03", "2026", "1970-01-01T00:00:00Z"])
def test_an_event_that_names_no_day_is_refused_and_not_dropped(event: str) -> None:
    assert why({"event": ["2026-03-02T08:00:00+08:00", event]}) == messages.UNKNOWN(element="event")


def test_an_event_that_names_a_day_is_a_dose_at_any_time_of_it() -> None:
    assert due_in(rules_of({"event": ["2026-03-03"]}), MONDAY, 5) == ["1-1 of 03-03 00:00 to 03-04 00:00"]


def test_events_are_what_a_repeat_beside_them_means() -> None:
    rules = rules_of({"event": ["2026-03-02T09:00:00+08:00"], "repeat": DAILY})
    assert due_in(rules, MONDAY, 3) == ["03-02 09:00"]


@pytest.mark.parametrize("as_needed", [{"asNeededBoolean": True}, {"asNeededCodeableConcept": {"text": "pain"}}])
def test_nothing_is_due_that_is_taken_as_needed(as_needed: dict[str, Any]) -> None:
    assert rules_of({"repeat": DAILY}, **as_needed) == []
    dosages = [{"timing": {"repeat": DAILY}}, {"timing": {"repeat": DAILY}, **as_needed}]
    assert refused(dosages) == messages.ALSO_AS_NEEDED()


def understood(dosages: list[dict[str, Any]], **fields: Any) -> list[Rule]:
    payload = json.dumps(request_of(dosages, **fields)).encode()
    return schedule_of(read_resource("PUT /fhir/MedicationRequest/m1", payload, ("MedicationRequest",)), SHANGHAI)


def refused(dosages: list[dict[str, Any]], **fields: Any) -> str:
    with pytest.raises(TimingError) as raised:
        understood(dosages, **fields)
    return raised.value.why


def test_doses_at_any_time_of_two_spans_are_refused_where_both_are_open() -> None:
    afternoon = {"timing": {"code": {"text": "PM"}}}
    meals = {"timing": {"repeat": DAILY | {"frequency": 2, "when": ["AC"]}}}
    assert refused([afternoon, meals]) == messages.SPANS_OVERLAP()
    weekly = [
        {"timing": {"repeat": WEEKLY | {"frequency": number, "boundsPeriod": {"start": start, "end": end}}}}
        for number, start, end in ((3, "2026-03-02", "2026-03-08"), (2, "2026-03-09", "2026-03-15"))
    ]
    assert len(understood(weekly)) == 2
    assert refused([weekly[0], meals]) == messages.SPANS_OVERLAP()


def test_a_code_is_no_upper_limit() -> None:
    assert why({"code": {"text": "BID"}, "repeat": {"frequencyMax": 3}}) == messages.CODE_DIFFERS()


def test_instructions_that_follow_each_other_need_bounds_and_modifiers_are_not_ignored() -> None:
    first, second = {"sequence": 1, "timing": {"repeat": DAILY}}, {"sequence": 2, "timing": {"repeat": DAILY}}
    assert refused([first, second]) == messages.ORDER_OPEN()
    modifier = {"modifierExtension": [{"url": "http://x", "valueBoolean": True}]}
    assert refused([{"timing": {"repeat": DAILY}, **modifier}]) == messages.EXTENDED()
    assert refused([{"timing": {"repeat": DAILY}}], **modifier) == messages.EXTENDED()
    assert refused([]) == refused([{"text": "as told"}]) == messages.NO_TIMING()


def test_nothing_is_due_of_what_must_not_be_taken() -> None:
    payload = json.dumps(request_of([{"timing": {"repeat": DAILY}}], doNotPerform=True)).encode()
    resource = read_resource("PUT /fhir/MedicationRequest/m1", payload, ("MedicationRequest",))
    assert schedule_of(resource, SHANGHAI) == []
