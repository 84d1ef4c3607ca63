"""Why something from outside is not accepted or not shown."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, TEXT

NO_INCIDENT = declare("record.no_incident", "it does not have the form of an incident")
NO_OBJECT = declare("record.no_object", "it is not an object")
NO_JSON = declare("record.no_json", "it is not JSON that can be read")
TOO_DEEP = declare("record.too_deep", "it nests too deep")
DEEPER_THAN = declare("record.deeper_than", "it nests more than %(count)s deep", count=COUNT)
MANY_VALUES = declare("record.many_values", "it has more than %(count)s values", count=COUNT)
LARGE_INTEGER = declare("record.large_integer", "an integer is beyond %(most)s", most=COUNT)
NOT_FINITE = declare("record.not_finite", "a number is not finite")
LONG_TEXT = declare("record.long_text", "a text has more than %(count)s characters", count=COUNT)
HOLDS_NUL = declare("record.holds_nul", "a text holds a NUL character")
HALF_PAIR = declare("record.half_pair", "a text holds half a surrogate pair")
DISK_FULL = declare(
    "record.disk_full",
    "%(file)s: the disk is full; remove what is not edgecv's: records and evidence stay where they are, and what may "
    "be deleted of them the daemon deletes by itself",
    file=TEXT,
)
DAMAGED_DATABASE = declare(
    "record.damaged_database",
    "%(file)s: is damaged (%(why)s); leave it there: the daemon's next start keeps it under another name, begins a new "
    "one and takes up the evidence",
    file=TEXT,
    why=TEXT,
)
FAILING_DISK = declare(
    "record.failing_disk",
    "%(file)s: the disk does not read or write it (%(why)s); look for errors of the disk with dmesg, and leave the "
    "file where it is",
    file=TEXT,
    why=TEXT,
)
NOT_OPENED = declare(
    "record.not_opened",
    "%(file)s: cannot be opened (%(why)s); check who owns it and its folder, and leave the file where it is",
    file=TEXT,
    why=TEXT,
)
OLDER_DATABASE = declare(
    "record.older_database",
    "%(file)s: was written by an older edgecv (schema %(schema)s, needed is %(needed)s); "
    "start 'edgecv run' once, which brings it up to date",
    file=TEXT,
    schema=COUNT,
    needed=COUNT,
)
