"""What the handlers of medical reports and of medication say; ids and times only."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, TEXT, number

SERVER_CLOCK = declare(
    "report.server_clock", "the FHIR server's clock is %(time)s s off; its times are corrected", time=number(".0f")
)
DUE = declare("report.due", "the report of visit %(visit)s is due at %(time)s", visit=TEXT, time=TEXT)
CAME_LATE = declare(
    "report.came_late",
    "the report of visit %(visit)s came %(time)s min after its last examination",
    visit=TEXT,
    time=number(".0f"),
)
DELIVERED = declare("report.delivered", "the report of visit %(visit)s is delivered", visit=TEXT)
LATE = declare("report.late", "the report of visit %(visit)s is late: it was due at %(time)s", visit=TEXT, time=TEXT)
IN_TIME = declare(
    "report.in_time", "%(count)s of %(all)s reports of %(day)s came in time", count=COUNT, all=COUNT, day=TEXT
)
VISITING = declare("report.visiting", "looking after a visit")

SCHEDULE_CLOCK = declare(
    "dose.schedule_clock",
    "the clock at schedule %(name)s is %(time)s s off; its times are corrected",
    name=TEXT,
    time=number(".0f"),
)
MISSED = declare(
    "dose.missed",
    "a dose of schedule %(name)s was missed; %(doctor)s is asked for a guided call",
    name=TEXT,
    doctor=TEXT,
)
TAKEN_TWICE = declare(
    "dose.taken_twice",
    "a dose of schedule %(name)s was taken twice; %(doctor)s is asked for a guided call",
    name=TEXT,
    doctor=TEXT,
)
JUDGING = declare("dose.judging", "judging a schedule")
TAKEN_LATE = declare("dose.taken_late", "the dose was taken late")

ANSWERED = declare("call.answered", "%(doctor)s has answered", doctor=TEXT)
PASSED_ON = declare("call.passed_on", "%(before)s did not answer; %(doctor)s is asked", before=TEXT, doctor=TEXT)
UNANSWERED = declare("call.unanswered", "no doctor on call has answered")
CLOSED = declare("call.closed", "closed: %(outcome)s", outcome=TEXT)
PASSING_ON = declare("call.passing_on", "passing on a call")
