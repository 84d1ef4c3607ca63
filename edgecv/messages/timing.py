"""Why a schedule of doses is not watched: what of FHIR's Timing is missing, contradicts itself, or leaves it open."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT

NOT_UNDERSTOOD = declare("timing.not_understood", "has a timing that is not understood: %(why)s", why=MESSAGE)
NOT_WATCHED = declare("timing.not_watched", "schedule %(name)s is not watched: %(why)s", name=TEXT, why=MESSAGE)
MORE_NOT_WATCHED = declare("timing.more_not_watched", "and %(count)s more schedules are not watched", count=COUNT)
OLDER_VERSION = declare(
    "timing.older_version", "an older version of edgecv stored it and cannot have reckoned it rightly; send it again"
)
OLDER_VERSIONS = declare(
    "timing.older_versions",
    "%(count)s schedules are watched as an older version of edgecv reckoned them; send them again",
    count=COUNT,
)
UNREADABLE = declare("timing.unreadable", "its newest version %(why)s", why=TEXT)
UNKNOWN_STATUS = declare("timing.unknown_status", "its status is unknown")
NAMES_NO_ORDER = declare("timing.names_no_order", "it carries out an order that it does not name (basedOn)")
CUT_SPAN = declare(
    "timing.cut_span",
    "schedule %(name)s: from %(start)s to %(end)s nobody says how many doses are due; missing ones are not noticed",
    name=TEXT,
    start=TEXT,
    end=TEXT,
)
MORE_CUT_SPANS = declare("timing.more_cut_spans", "and so of %(count)s more schedules", count=COUNT)
CARRIED_OUT = declare(
    "timing.carried_out",
    "%(count)s orders carry out others that are watched (such as %(name)s): their doses count for those",
    count=COUNT,
    name=TEXT,
)

# what is missing
NO_TIMING = declare("timing.none", "a dosage instruction has no timing")
EMPTY = declare("timing.empty", "its repeat says nothing of how often")
NO_START = declare("timing.no_start", "days are counted, but neither boundsPeriod.start nor authoredOn says from when")
NO_PERIOD = declare("timing.no_period", "it says how many times, but not in what period")
NO_UNIT = declare("timing.no_unit", "a period or duration has no unit")
NO_DEADLINE = declare("timing.no_deadline", "no time is named by which the doses must be taken")

# what contradicts itself
NEVER_DUE = declare("timing.never_due", "no dose falls within its bounds")
AGAINST_FHIR = declare("timing.against_fhir", "it breaks a rule of FHIR's Timing (%(rule)s)", rule=TEXT)
OTHER_NUMBER = declare(
    "timing.other_number", "how often a day and the number of timeOfDay or when do not fit each other"
)
OTHER_WEEKDAYS = declare("timing.other_weekdays", "how often a week and the number of dayOfWeek do not fit each other")
CODE_DIFFERS = declare("timing.code_differs", "code and repeat say different things")
ENDS_BEFORE_IT_BEGINS = declare("timing.ends_before_it_begins", "its bounds end before they begin")

# what is left open
DAYS_OPEN = declare("timing.days_open", "its days or weeks can be counted in more than one way")
TIMES_OPEN = declare(
    "timing.times_open", "no times are known for so many doses a day; give times_a_day in the box file"
)
BETWEEN_DOSES = declare("timing.between_doses", "each dose is due by when the one before was taken (periodMax)")
DAY_OF_MONTH = declare("timing.day_of_month", "it begins on a day that not every month or year has")
ORDER_OPEN = declare("timing.order_open", "one instruction follows another (sequence), but no bounds say when")
ALSO_AS_NEEDED = declare(
    "timing.also_as_needed", "some doses are fixed and others as needed, which cannot be told apart"
)
SPANS_OVERLAP = declare(
    "timing.spans_overlap", "doses of several instructions are due at any time of one span, which cannot be told apart"
)

# what is not known here
UNKNOWN = declare("timing.unknown", "%(element)s holds what is not known here", element=TEXT)
EXTENDED = declare("timing.extended", "an extension changes what it means")
TOO_MANY = declare("timing.too_many", "it has more doses a day than a person takes")
TOO_MANY_PARTS = declare("timing.too_many_parts", "it has more instructions or moments than are followed")
TOO_LONG = declare("timing.too_long", "its periods or counts reach farther than ten years")
