"""What every handler of devices says: of its sensors, and of itself."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

LISTENING = declare("handler.listening", "listening")
SILENT = declare("handler.silent", "%(name)s has sent nothing for %(time)s min", name=TEXT, time=number(".0f"))
HEARD = declare("handler.heard", "%(name)s is heard again", name=TEXT)
CLOCK_AHEAD = declare(
    "handler.clock_ahead",
    "the clock of %(name)s is %(time)s s ahead; its times are corrected",
    name=TEXT,
    time=number(".0f"),
)
CLOCK_BEHIND = declare(
    "handler.clock_behind",
    "the clock of %(name)s is %(time)s s behind; its times are corrected",
    name=TEXT,
    time=number(".0f"),
)
HELD_BACK = declare(
    "handler.held_back",
    "%(count)s alarms more than the %(most)s an hour that may be pushed were held back; "
    "the box's incident list has them",
    count=COUNT,
    most=COUNT,
)

# a limit, as an alarm names it
ABOVE = declare("limit.above", "above %(value)s", value=number("g"))
ABOVE_MINUTES = declare("limit.above_minutes", "above %(value)s for %(time)s min", value=number("g"), time=number("g"))
ABOVE_SECONDS = declare("limit.above_seconds", "above %(value)s for %(time)s s", value=number("g"), time=number("g"))
BELOW = declare("limit.below", "below %(value)s", value=number("g"))
BELOW_MINUTES = declare("limit.below_minutes", "below %(value)s for %(time)s min", value=number("g"), time=number("g"))
BELOW_SECONDS = declare("limit.below_seconds", "below %(value)s for %(time)s s", value=number("g"), time=number("g"))
OUTSIDE = declare("limit.outside", "below %(least)s or above %(most)s", least=number("g"), most=number("g"))
OUTSIDE_MINUTES = declare(
    "limit.outside_minutes",
    "below %(least)s or above %(most)s for %(time)s min",
    least=number("g"),
    most=number("g"),
    time=number("g"),
)
OUTSIDE_SECONDS = declare(
    "limit.outside_seconds",
    "below %(least)s or above %(most)s for %(time)s s",
    least=number("g"),
    most=number("g"),
    time=number("g"),
)
EQUALS_MINUTES = declare("limit.equals_minutes", "%(value)s for %(time)s min", value=TEXT, time=number("g"))
EQUALS_SECONDS = declare("limit.equals_seconds", "%(value)s for %(time)s s", value=TEXT, time=number("g"))

# what the handler could not do
FAILS_ON_INPUTS = declare(
    "handler.fails_on_inputs", "the handler fails on some inputs (%(kind)s); they are set aside", kind=TEXT
)
FAILS_AT_DUE = declare("handler.fails_at_due", "the handler fails at what is due (%(kind)s)", kind=TEXT)
SET_ASIDE = declare("handler.set_aside", "%(count)s inputs were set aside: %(why)s", count=COUNT, why=MESSAGE)
DATABASE_REFUSES = declare(
    "handler.database_refuses", "the database does not take what came of it: %(kind)s", kind=TEXT
)
FAILS_FOR_SOME = declare(
    "handler.fails_for_some", "%(why)s fails for some (%(kind)s); they are set aside", why=MESSAGE, kind=TEXT
)
DISK_TAKES_NOTHING = declare(
    "handler.disk_takes_nothing", "the disk takes nothing (%(why)s); inputs wait at their source", why=MESSAGE
)
TELLING_SILENT = declare("handler.telling_silent", "telling who is silent")

# sources
HOOK_ENDED = declare("source.hook_ended", "the web hook has ended")
CONNECTING_MODBUS = declare("source.connecting_modbus", "connecting to Modbus server %(name)s", name=TEXT)
MODBUS_FAILS = declare(
    "source.modbus_fails", "Modbus server %(name)s (%(address)s): %(why)s", name=TEXT, address=TEXT, why=MESSAGE
)
NOT_REACHED = declare("source.not_reached", "cannot be reached; check address and port")
