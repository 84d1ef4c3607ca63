"""What the handlers of shops and of rules say."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

FAULT = declare("hygiene.fault", "%(name)s: its sensor says %(value)s, which cannot be", name=TEXT, value=number("g"))
REGISTER = declare(
    "hygiene.register",
    "%(name)s: its Modbus register says %(value)s, which cannot be; check address, kind, type and scale",
    name=TEXT,
    value=TEXT,
)
REGISTER_ORDER = declare(
    "hygiene.register_order",
    "%(name)s: its Modbus register says %(value)s, which cannot be; with %(change)s it is %(other)s: see its manual",
    name=TEXT,
    value=TEXT,
    change=TEXT,
    other=number("g"),
)
EXCEPTION = declare(
    "hygiene.exception", "%(name)s: its Modbus device answers with an error; check unit, address and kind", name=TEXT
)
EXCEPTION_FUNCTION = declare(
    "hygiene.exception_function",
    "%(name)s: Modbus exception %(exception)s: the device has no registers of this kind; try holding or input",
    name=TEXT,
    exception=COUNT,
)
EXCEPTION_ADDRESS = declare(
    "hygiene.exception_address",
    "%(name)s: Modbus exception %(exception)s: there is no such register; addresses count from 0 "
    "(40001 in many manuals is holding 0)",
    name=TEXT,
    exception=COUNT,
)
EXCEPTION_DEVICE = declare(
    "hygiene.exception_device",
    "%(name)s: Modbus exception %(exception)s: the device cannot answer now; look at the device",
    name=TEXT,
    exception=COUNT,
)
EXCEPTION_UNIT = declare(
    "hygiene.exception_unit",
    "%(name)s: Modbus exception %(exception)s: the gateway does not reach this unit; check unit and wiring",
    name=TEXT,
    exception=COUNT,
)
TEMPERATURE = declare(
    "hygiene.temperature",
    "%(name)s: %(value)s °C, %(rule)s (%(why)s)",
    name=TEXT,
    value=number("g"),
    rule=TEXT,
    why=MESSAGE,
)
HUMIDITY = declare(
    "hygiene.humidity",
    "%(name)s: %(value)s %% humidity, %(rule)s (%(why)s)",
    name=TEXT,
    value=number("g"),
    rule=TEXT,
    why=MESSAGE,
)
GREASE = declare(
    "hygiene.grease",
    "%(name)s: %(value)s %% grease, %(rule)s (%(why)s)",
    name=TEXT,
    value=number("g"),
    rule=TEXT,
    why=MESSAGE,
)
PARTICLES = declare(
    "hygiene.particles",
    "%(name)s: %(value)s µg/m³ of particles, %(rule)s (%(why)s)",
    name=TEXT,
    value=number("g"),
    rule=TEXT,
    why=MESSAGE,
)
SWITCH = declare(
    "hygiene.switch",
    "%(name)s: %(value)s , %(rule)s (%(why)s)",
    name=TEXT,
    value=number("g"),
    rule=TEXT,
    why=MESSAGE,
)
RULE = declare(
    "rule.broken",
    "%(name)s: %(rule)s is %(value)s (%(why)s)",
    name=TEXT,
    rule=TEXT,
    value=TEXT,
    why=MESSAGE,
)
ANIMAL = declare("hygiene.animal", "%(name)s: something small ran over the floor in closed hours", name=TEXT)
ANIMAL_AGAIN = declare(
    "hygiene.animal_again",
    "%(name)s: something small ran over the floor, seen %(count)s times",
    name=TEXT,
    count=COUNT,
)
