"""What the handlers of shops and of rules say."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

FAULT = declare("hygiene.fault", "%(name)s: its sensor says %(value)s, which cannot be", name=TEXT, value=number("g"))
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
