"""When doses are due: FHIR's Timing of a MedicationRequest, in the time zone of the person.

https://hl7.org/fhir/R4/datatypes.html#Timing. What is not understood is refused: a dose that nobody watches must not
look watched, and nobody is called for one that is not due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Any

from edgecv.handlers.medical.fhir import seconds, timing_repeat
from edgecv.handlers.medical.timing_bounds import TimingError, bounds_of
from edgecv.handlers.medical.timing_reckoning import Institution, rule_of
from edgecv.handlers.medical.timing_repeat import Period, period_of, read_repeat
from edgecv.handlers.medical.timing_rule import Due, Rule
from edgecv.handlers.medical.timing_words import CODE_SYSTEMS, CODES, UBIQUITOUS, USUAL_TIMES
from edgecv.messages import timing as messages

__all__ = ["USUAL_TIMES", "Due", "Institution", "Rule", "TimingError", "doses", "schedule_of"]

MAX_INSTRUCTIONS = 50
MAX_MOMENTS = 400
"""Of one instruction: a moment a day for a year."""


def schedule_of(request: Any, institution: Institution) -> list[Rule]:
    """The dosing of a MedicationRequest: one rule for each instruction; none where nothing must be taken.

    Args:
        request: the resource.
        institution: what FHIR leaves to whoever gives the doses.

    Raises:
        TimingError: a timing is not understood, or there is none.
    """
    instructions = request.dosageInstruction or ()
    if len(instructions) > MAX_INSTRUCTIONS:
        raise TimingError(messages.TOO_MANY_PARTS())
    if not instructions:
        raise TimingError(messages.NO_TIMING())
    if request.modifierExtension or any(dosage.modifierExtension for dosage in instructions):
        raise TimingError(messages.EXTENDED())
    if request.doNotPerform:
        return []
    fixed = [dosage for dosage in instructions if not _is_as_needed(dosage)]
    if fixed and len(fixed) < len(instructions):
        raise TimingError(messages.ALSO_AS_NEEDED())
    _check_order(fixed)
    try:
        rules = [_rule(dosage.timing, request.authoredOn, institution) for dosage in fixed]
    except TimingError:
        raise
    except (AttributeError, TypeError, ValueError, ArithmeticError, KeyError):  # nulls in lists, years beyond calendars
        raise TimingError(messages.UNKNOWN(element="timing")) from None
    if any(one.is_open_with(other) for one, other in combinations(rules, 2)):
        raise TimingError(messages.SPANS_OVERLAP())
    return rules


def doses(schedule: Iterable[Rule], day: date, institution: Institution) -> Iterator[Due]:
    """What is due on a day of the person's, and the spans that it lies in."""
    for rule in schedule:
        yield from rule.on_day(day, institution.zone)


def _is_as_needed(dosage: Any) -> bool:
    return bool(dosage.asNeededBoolean) or dosage.asNeededCodeableConcept is not None


def _check_order(fixed: Sequence[Any]) -> None:
    """Instructions that follow each other say when by their bounds."""
    if len({dosage.sequence for dosage in fixed if dosage.sequence is not None}) < 2:
        return
    for dosage in fixed:
        repeat = None if dosage.timing is None else dosage.timing.repeat
        period = None if repeat is None else repeat.boundsPeriod
        if not (dosage.timing is not None and dosage.timing.event) and (period is None or period.start is None):
            raise TimingError(messages.ORDER_OPEN())


def _rule(timing: Any, authored: Any, institution: Institution) -> Rule:
    if timing is None:
        raise TimingError(messages.NO_TIMING())
    if timing.modifierExtension or timing.extension or timing.event__ext:
        raise TimingError(messages.EXTENDED())
    if timing.event:  # which are what the repeat means, where there are both
        return _events(timing.event)
    repeat = _complete(timing)
    if repeat is None:
        raise TimingError(messages.NO_TIMING())
    said = read_repeat(repeat, institution.times, is_coded=_code(timing.code) is not None)
    return rule_of(said, bounds_of(repeat, authored, institution.zone), institution)


def _events(events: Sequence[Any]) -> Rule:
    """Moments; a day without a time is a dose at any time of it."""
    if len(events) > MAX_MOMENTS:
        raise TimingError(messages.TOO_MANY_PARTS())
    moments, days = [], []
    for event in events:
        moment = seconds(event)
        if moment is not None:
            moments.append(moment)
        elif isinstance(event, date) and not isinstance(event, datetime):
            days.append(event.isoformat())
        else:  # a month, a year, a null, or a clock that was never set
            raise TimingError(messages.UNKNOWN(element="event"))
    return Rule(form="events", moments=tuple(sorted(set(moments))), days=tuple(sorted(set(days))))


def _complete(timing: Any) -> Any:
    """The repeat, with what a code of HL7 says of it; the code alone where there is none.

    Raises:
        TimingError: they say different things, or the code is a word that is not known and nothing else is said.
    """
    repeat, code = timing.repeat, _code(timing.code)
    if code is None:
        if repeat is None and timing.code is not None:
            raise TimingError(messages.UNKNOWN(element="code"))
        return repeat
    said: Mapping[str, Any] = CODES[code]
    by_code = timing_repeat(said)
    if repeat is None:
        return by_code
    own = {name: value for name in type(repeat).model_fields if (value := getattr(repeat, name)) is not None}
    if repeat.period is not None:
        mine, coded = period_of(repeat) or Period(), period_of(by_code) or Period()
        if (repeat.frequency or 1) * coded.length_s != by_code.frequency * mine.length_s or repeat.frequencyMax:
            raise TimingError(messages.CODE_DIFFERS())
        missing = {"when": said["when"]} if "when" in said and not (repeat.timeOfDay or repeat.when) else {}
        return repeat.model_copy(update=missing)
    if repeat.frequency not in {None, by_code.frequency} or repeat.frequencyMax:
        raise TimingError(messages.CODE_DIFFERS())
    if repeat.when and "when" in said and list(repeat.when) != list(said["when"]):
        raise TimingError(messages.CODE_DIFFERS())
    names_times = bool(repeat.timeOfDay or repeat.when)
    return repeat.model_copy(
        update={name: value for name, value in said.items() if name not in own and (name != "when" or not names_times)}
    )


def _code(concept: Any) -> str | None:
    """The code of HL7 that a concept names, or None."""
    if concept is None:
        return None
    for coding in concept.coding or ():
        if coding.code in CODES and coding.system in CODE_SYSTEMS:
            return str(coding.code)
    text = str(concept.text or "").strip()
    return text if text in UBIQUITOUS else None
