"""What the box says of itself: its disk, its database, its clock, its evidence."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

WELL = declare("box.well", "all is well")
DISK_FULL = declare(
    "box.disk_full",
    "the disk is full (%(free)s MB free): evidence may be cut down, records are kept",
    free=number(".0f"),
)
STATE_NOT_KEPT = declare("box.state_not_kept", "the state directory cannot be kept in order: %(why)s", why=MESSAGE)
RECORDS_IN_MEMORY = declare(
    "box.records_in_memory", "%(count)s records are in memory only, for the disk takes none", count=COUNT
)
NOT_SEALED = declare("box.not_sealed", "evidence cannot be sealed: %(why)s", why=MESSAGE)
INCIDENT_NOT_SEALED = declare(
    "box.incident_not_sealed", "the evidence of %(incident)s cannot be sealed: %(why)s", incident=TEXT, why=MESSAGE
)
NOT_DELETED = declare(
    "box.not_deleted",
    "the evidence of %(incident)s cannot be deleted: %(file)s: %(why)s",
    incident=TEXT,
    file=TEXT,
    why=MESSAGE,
)
SEVERAL_NOT_DELETED = declare(
    "box.several_not_deleted",
    "the evidence of %(incident)s cannot be deleted, nor that of %(count)s others: %(file)s: %(why)s",
    incident=TEXT,
    count=COUNT,
    file=TEXT,
    why=MESSAGE,
)
CLOCK_AHEAD = declare(
    "box.clock_ahead",
    "the clock is %(days)s days ahead of the time that has passed here and nobody synchronises it: "
    "no evidence is deleted by its age meanwhile; synchronise the clock; "
    "where the time is right and the box was off for so long, "
    "stop the daemon, say so with %(command)s, and start it",
    days=number(".1f"),
    command=TEXT,
)
DATABASE_DAMAGED = declare(
    "box.database_damaged",
    "the database was damaged (%(why)s); it is kept as %(file)s; "
    "a new one has taken up the evidence on the disk, but no holds and no resolutions",
    why=TEXT,
    file=TEXT,
)
DATABASE_SET_ASIDE = declare(
    "box.database_set_aside", "the database was damaged (%(why)s); it is kept as %(file)s", why=TEXT, file=TEXT
)
