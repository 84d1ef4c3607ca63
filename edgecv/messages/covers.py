"""What the handler of manhole covers says."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

MOVED = declare("manhole.moved", "%(name)s was moved", name=TEXT)
MOVED_IN_WORK = declare("manhole.moved_in_work", "%(name)s was moved in the planned work of %(by)s", name=TEXT, by=TEXT)
LEFT_OPEN = declare("manhole.left_open", "%(name)s was left open after the planned work of %(by)s", name=TEXT, by=TEXT)
IN_PLACE = declare("manhole.in_place", "%(name)s is in its place again", name=TEXT)
STOLEN = declare("manhole.stolen", "%(name)s was stolen: %(why)s", name=TEXT, why=MESSAGE)
OPEN_THEN_SILENT = declare("manhole.open_then_silent", "open, then silent")
CARRIED_AWAY = declare("manhole.carried_away", "carried away")
STRUCK = declare("manhole.struck", "%(name)s was struck", name=TEXT)
LOOP_BROKEN = declare("manhole.loop_broken", "%(name)s has a broken loop", name=TEXT)
SENSOR_FAILS = declare("manhole.sensor_fails", "%(name)s has a sensor that fails", name=TEXT)
WATER = declare("manhole.water", "%(name)s: %(value)s cm of water", name=TEXT, value=number("g"))
LEAK = declare("manhole.leak", "%(name)s: there is water", name=TEXT)
TOO_NEAR = declare(
    "manhole.too_near",
    "%(name)s: something is nearer to the sensor than it can measure: water up to it, or dirt",
    name=TEXT,
)
UNMEASURED = declare(
    "manhole.unmeasured",
    "%(name)s has a sensor that measures no level: there is no echo, or it is beyond what it can measure",
    name=TEXT,
)
GAS = declare("manhole.gas", "%(name)s: %(value)s %% of the explosive limit", name=TEXT, value=number("g"))
BATTERY = declare("manhole.battery", "%(name)s: %(value)s %% of the battery left", name=TEXT, value=number("g"))
BATTERY_VOLTS = declare("manhole.battery_volts", "%(name)s: %(value)s V of the battery", name=TEXT, value=number("g"))
WATCHING_OPEN = declare("manhole.watching_open", "looking after an open cover")

# maintenance
BEGUN = declare("maintenance.begun", "%(by)s works on %(name)s", by=TEXT, name=TEXT)
CHANGED = declare("maintenance.changed", "maintenance of %(name)s has changed", name=TEXT)
CALLED_OFF = declare("maintenance.called_off", "maintenance of %(name)s is called off", name=TEXT)
OVER = declare("maintenance.ended", "maintenance of %(name)s has ended", name=TEXT)
OVER_UNPUSHED = declare(
    "maintenance.ended_unpushed",
    "maintenance of %(name)s has ended; %(count)s alarms were not pushed",
    name=TEXT,
    count=COUNT,
)
MUTED = declare("maintenance.muted", "muted: %(name)s until %(time)s for %(by)s", name=TEXT, time=TEXT, by=TEXT)
MORE = declare("maintenance.more", "and %(count)s more", count=COUNT)
